"""Opens tickets and finds them again: the JIRA side of one ticket per incident.

The core owns the protocol (intent, waiting out the search lag, looking before a repeat); here every outcome is named
for what it is, and an empty search is only believed with a proven login.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import attrs

from soc_core import DeliveryError, Incident, Ticket, UncertainError, get_logger
from soc_jira.answers import Forbidden, Refused
from soc_jira.client import Client
from soc_jira.document import narrow
from soc_jira.fields import Draft, draft, offending
from soc_jira.history import OURS
from soc_jira.project import Directory
from soc_jira.reading import mapping, text
from soc_jira.search import marked, search
from soc_jira.settings import TRACKER, Settings
from soc_jira.transitions import Mover

_CLOUD_LAG: Final = timedelta(seconds=120)
_OWN_LAG: Final = timedelta(seconds=30)
_LEFT_OUT: Final = (
    "JIRA, or a firewall in front of it, refused the log message ({status}): soc incident show {incident} has it."
)


class Tickets:
    """Makes, finds and retires the tickets of one project."""

    def __init__(
        self,
        client: Client,
        directory: Directory,
        settings: Settings,
        mover: Mover,
        assignee: Callable[[Incident], Mapping[str, str] | None],
    ) -> None:
        self._client = client
        self._directory = directory
        self._settings = settings
        self._mover = mover
        self._assignee = assignee
        self._told: frozenset[str] = frozenset()

    @property
    def search_lag(self) -> timedelta:
        """How long search may lag behind writes: set, or by the kind of site as far as it is known."""
        if self._settings.search_lag is not None:
            return self._settings.search_lag
        site = self._client.known_site
        return _OWN_LAG if site is not None and not site.cloud else _CLOUD_LAG

    def create(self, incident: Incident) -> Ticket:
        """Make the ticket; fields that JIRA refuses are left out once, with a warning."""
        ready = self._draft(incident, frozenset())
        try:
            return self._send(ready)
        except Refused as error:
            if "project" in error.errors or any("permission" in words.lower() for words in error.messages):
                # Not about this ticket: all wait until the project is there again, and none is given up.
                raise Forbidden(f"no tickets can be made in the project: {error}", whole_destination=True) from error
            if not error.errors:
                get_logger().warning("jira.text_refused", incident=incident.id, reason=str(error))
                return self._send(self._harmless(ready, incident, error.status))
            self._directory.forget()  # the project may have changed since we asked what it takes
            without = offending(error.errors, ready.fields)
            get_logger().warning(
                "jira.fields_refused", incident=incident.id, left_out=sorted(without), reason=str(error)
            )
        return self._send(self._draft(incident, without))

    def find(self, marker: str) -> Ticket | None:
        """The ticket that carries a marker, the oldest if there are several; None means surely absent."""
        found = self.all_marked(marker)
        if not found:
            return None
        retired = [double.key for double in found[1:] if self._retired(double, found[0], marker)]
        return attrs.evolve(found[0], retired=retired)

    def all_marked(self, marker: str) -> Sequence[Ticket]:
        """Every ticket that carries a marker, oldest first."""
        self._client.prove_login()
        keys = self._keys(marker)
        if not keys:
            self._client.prove_login()
        site = self._client.site()
        return [Ticket(tracker=TRACKER, key=key, url=site.browse(key)) for key in keys]

    def retire(self, ticket: Ticket, keep: Ticket, marker: str) -> None:
        """Link a second ticket of the same incident to the first, say so, and close it."""
        body = {
            "type": {"name": "Duplicate"},
            "inwardIssue": {"key": ticket.key},
            "outwardIssue": {"key": keep.key},
        }
        try:
            self._client.send("POST", "issueLink", body)
        except (Refused, Forbidden) as error:  # the link type may be switched off; the comment says it as well
            get_logger().warning("jira.link_refused", ticket=ticket.key, keep=keep.key, reason=str(error))
        self._mover.close_as_duplicate(ticket.key, keep.key)
        unmarked = {"labels": [{"remove": marker}, {"add": "soc-duplicate"}]}
        try:
            self._client.send("PUT", "issue/{key}", {"update": unmarked, "historyMetadata": OURS}, key=ticket.key)
        except Refused as error:  # a closed ticket may refuse edits; it is then found again and is closed already
            get_logger().info("jira.double_keeps_its_marker", ticket=ticket.key, reason=str(error))
        get_logger().warning("ticket.retired", ticket=ticket.key, keep=keep.key)

    def _retired(self, double: Ticket, keep: Ticket, marker: str) -> bool:
        try:
            self.retire(double, keep, marker)
        except DeliveryError as error:  # the ticket is found all the same; the double is closed another time
            get_logger().warning("jira.double_left_open", ticket=double.key, keep=keep.key, reason=str(error))
            return False
        return True

    def _draft(self, incident: Incident, without: frozenset[str]) -> Draft:
        ready = draft(
            incident,
            project=self._directory.project(),
            settings=self._settings,
            zone=self._directory.account().zone,
            version=self._client.version,
            assignee=self._assignee(incident),
            without=without,
        )
        lost = frozenset(ready.lost)
        if lost - self._told:  # once for each field: the site stays as it is for the next thousand tickets
            self._told |= lost
            get_logger().warning("jira.fields_missing", incident=incident.id, fields=sorted(lost))
        return ready

    def _harmless(self, ready: Draft, incident: Incident, status: int) -> Draft:
        """The same without what JIRA may dislike about its text: wide characters, or else the log message."""
        fields = {name: narrow(value) if isinstance(value, str) else value for name, value in ready.fields.items()}
        if status == HTTPStatus.BAD_REQUEST and fields != ready.fields:
            return attrs.evolve(ready, fields=fields)
        words = _LEFT_OUT.format(status=status, incident=incident.id)
        return self._draft(attrs.evolve(incident, message=words), frozenset())

    def _send(self, ready: Draft) -> Ticket:
        site = self._client.site()  # before the create: whatever fails after it must not look like a failed create
        body = {"fields": dict(ready.fields), "properties": list(ready.properties)}
        key = text(mapping(self._client.send("POST", "issue", body, once=True)), "key")
        if not key:
            raise UncertainError("JIRA took the ticket and named no key")
        return Ticket(tracker=TRACKER, key=key, url=site.browse(key))

    def _keys(self, marker: str) -> list[str]:
        query = marked(marker, by_label=self._directory.project().takes("labels"))
        return list(dict.fromkeys(text(issue, "key") for issue in search(self._client, query, ("labels",))))
