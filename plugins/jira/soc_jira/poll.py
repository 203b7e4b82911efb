"""Asks JIRA regularly what has changed: enough on its own, webhooks only make it faster.

Windows overlap by the search lag, so what search learns late is seen all the same.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from soc_core import Inbox, Incident, PermanentError, Reports, Stop, TemporaryError, get_logger
from soc_jira.client import Client
from soc_jira.history import instant
from soc_jira.inbound import Inbound, lost_key
from soc_jira.project import step_of
from soc_jira.reading import mapping, text
from soc_jira.search import changed, present, search
from soc_jira.settings import TRACKER, Settings
from soc_jira.tickets import Tickets
from soc_jira.workflow import meaning

_FIELDS: Final = ("created", "updated", "labels", "status")
_CURSOR: Final = "poll"
_FIRST_LOOK: Final = timedelta(days=1)
_LONGEST_LOOK: Final = timedelta(days=30)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_BATCH: Final = 100
_STRANGERS: Final = 10_000
_MOST: Final = 100_000
_MARKER = re.compile(r"soc-[0-9a-f]{20}")


class Poll:
    """One pass looks at every ticket that changed since the last pass."""

    def __init__(
        self,
        client: Client,
        tickets: Tickets,
        inbound: Inbound,
        settings: Settings,
        inbox: Inbox,
        reports: Reports,
        *,
        project: str,
    ) -> None:
        self._client = client
        self._tickets = tickets
        self._inbound = inbound
        self._settings = settings
        self._inbox = inbox
        self._reports = reports
        self._project = project
        self._strangers: dict[str, str] = {}

    def run(self, stop: Stop) -> None:
        """Look at what changed; trouble with JIRA leaves the cursor where it is, so nothing is missed."""
        began = self._reports.now()
        try:
            for issue in search(self._client, self._query(began), _FIELDS):
                if stop.is_set():
                    return
                self._look(text(issue, "key"), issue)
        except TemporaryError as error:
            get_logger().warning("jira.poll_postponed", reason=str(error))
            return
        self._inbox.save_cursor(_CURSOR, began.isoformat())

    def sweep(self, stop: Stop) -> None:
        """Look for tickets of open incidents that were deleted, hidden or moved, or whose changes were missed."""
        known = self._reports.incidents(active=True, limit=_MOST)  # alerts without tickets are among them
        ours = {key: incident for incident in known if (key := _key(incident))}
        try:
            for keys in _batches(ours):
                there = {text(issue, "key"): issue for issue in present(self._client, keys, _FIELDS)}
                for key in keys:
                    if stop.is_set():
                        return
                    if ours[key].ticket is None:
                        if key in there:
                            self._inbound.found(ours[key], key)
                    elif key not in there or self._is_news(ours[key], there[key]):
                        self._settle(key)
        except TemporaryError as error:
            get_logger().warning("jira.sweep_postponed", reason=str(error))

    def _query(self, now: datetime) -> str:
        kept = self._inbox.cursor(_CURSOR)
        since = datetime.fromisoformat(kept) if kept else now - _FIRST_LOOK
        back = min(_LONGEST_LOOK, max(timedelta(0), now - since) + self._tickets.search_lag + _MINUTE)
        return changed(self._project, math.ceil(back / _MINUTE))

    def _look(self, key: str, issue: Mapping[str, object]) -> None:
        incident, updated = self._reports.incident(key), text(issue, "fields", "updated")
        if incident is not None:
            if self._is_news(incident, issue):
                self._settle(key)
            return
        labels = mapping(issue, "fields").get("labels")
        marked = isinstance(labels, list) and any(_MARKER.fullmatch(str(label)) for label in labels)
        if marked and self._strangers.get(key) != updated and not self._settle(key):
            # Another installation's ticket, or a double: no need to read it again until it changes.
            self._strangers[key] = updated
            if len(self._strangers) > _STRANGERS:
                self._strangers.clear()

    def _is_news(self, incident: Incident, issue: Mapping[str, object]) -> bool:
        """Whether a ticket is not as we saw it last, or as we made it: reading each new one would double its price."""
        created, updated = text(issue, "fields", "created"), text(issue, "fields", "updated")
        if not updated or incident.refs.get(f"{TRACKER}:updated") == updated:
            return not updated
        if not created or instant(updated) - instant(created) > _SECOND:
            return True
        return meaning(step_of(mapping(issue, "fields", "status")), self._settings.statuses) is not incident.status

    def _settle(self, key: str) -> bool:
        try:
            return self._inbound.settle(key)
        except PermanentError as error:
            get_logger().warning("jira.ticket_unreadable", ticket=key, reason=str(error))
            return True


def _key(incident: Incident) -> str:
    """The ticket to look for: the one it has, or the one it lost."""
    if incident.ticket is None:
        return lost_key(incident)
    return incident.ticket.key if incident.ticket.tracker == TRACKER else ""


def _batches(keys: Iterable[str]) -> Iterator[tuple[str, ...]]:
    left = iter(keys)
    while batch := tuple(islice(left, _BATCH)):
        yield batch
