"""Brings what people did in JIRA to the incident: read the ticket, compare with what is known, hand in what is new.

Polls and webhooks only say which ticket to look at, so lost, doubled and reordered ones make no difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

import attrs

from soc_core import Change, ChangeRefused, Inbox, Incident, Reports, Update, get_logger
from soc_jira.adf import words_of
from soc_jira.answers import Missing, Refused
from soc_jira.client import Client
from soc_jira.comments import is_ours
from soc_jira.fields import PROPERTY, priority_of
from soc_jira.history import Entry, entries, instant, last_change
from soc_jira.project import Directory, Step, person_id, step_of
from soc_jira.reading import kept_number, mapping, objects, text
from soc_jira.settings import TRACKER, Settings
from soc_jira.workflow import meaning

_MOMENT = timedelta(seconds=2)
_FIELDS = "status,assignee,priority,resolution,comment,issuelinks,updated,project"
_LOST = "lost"
_SYNCED = ("status", "assignee", "priority", "resolution")


class Inbound:
    """The way from tickets to incidents."""

    def __init__(
        self, client: Client, directory: Directory, settings: Settings, inbox: Inbox, reports: Reports
    ) -> None:
        self._client = client
        self._directory = directory
        self._settings = settings
        self._inbox = inbox
        self._reports = reports

    def settle(self, key: str) -> bool:
        """Look at one ticket and hand in what is new; answers False if it is no ticket of ours."""
        known = self._reports.incident(key)
        try:
            issue = self._client.issue(key, fields=_FIELDS, expand="changelog", properties=PROPERTY)
        except Refused as error:
            if not (isinstance(error, Missing) or error.status == HTTPStatus.FORBIDDEN):
                raise
            if known is not None:
                get_logger().warning("ticket.gone", ticket=key, incident=known.id, reason=str(error))
                self._inbox.keep_refs(known.id, {_LOST: key})
                self._inbox.ticket_gone(known.id, f"{key} was deleted in JIRA, or we may no longer see it")
            return known is not None
        incident = known or self._owner(issue)
        if incident is None:
            return False
        self._follow_move(incident, text(issue, "key"))
        self._hand_in(incident, issue)
        return True

    def found(self, incident: Incident, key: str) -> None:
        """A ticket that was lost is there again: its incident has it back, and hears what happened to it meanwhile."""
        get_logger().info("ticket.found", ticket=key, incident=incident.id)
        self._inbox.keep_refs(incident.id, {_LOST: ""})
        self._inbox.ticket_moved(incident.id, key, self._client.site().browse(key))
        self.settle(key)

    def _owner(self, issue: Mapping[str, object]) -> Incident | None:
        """Whose ticket it is by its property, when its key says nothing: it was moved to another project."""
        kept = mapping(issue, "properties", PROPERTY)
        incident = self._reports.incident(text(kept, "incident")) if kept else None
        if incident is None or incident.ticket is None or text(kept, "marker") != incident.marker:
            return None
        former = {entry.old_words for entry in entries(issue) if entry.field == "Key"}
        return incident if incident.ticket.key in former | {text(issue, "key")} else None

    def _follow_move(self, incident: Incident, key: str) -> None:
        if incident.ticket is not None and incident.ticket.key != key:
            get_logger().info("ticket.renamed", incident=incident.id, old=incident.ticket.key, new=key)
            self._inbox.ticket_moved(incident.id, key, self._client.site().browse(key))

    def _hand_in(self, incident: Incident, issue: Mapping[str, object]) -> None:
        seen, seen_comment = kept_number(incident, "seen"), kept_number(incident, "comment")
        changes, comments = entries(issue), tuple(objects(mapping(issue, "fields", "comment").get("comments")))
        news = [
            *self._changes(incident, changes, issue, seen),
            *self._notes(comments, seen_comment),
            *self._merged(incident, changes, issue),
        ]
        for update in sorted(news, key=lambda update: update.at):
            try:
                self._inbox.change(incident.id, update)
            except ChangeRefused as error:
                get_logger().warning(
                    "jira.change_refused", incident=incident.id, change=update.change, reason=str(error)
                )
        updated = text(issue, "fields", "updated")
        # Some sites write whole seconds: a change in the second of our look would otherwise be taken for seen.
        settled = updated != "" and self._reports.now() - instant(updated) >= _MOMENT
        refs = {
            "updated": updated if settled else "",
            "seen": str(max([seen, *(entry.id for entry in changes)])),
            "comment": str(max([seen_comment, *(int(text(comment, "id") or 0) for comment in comments)])),
        }
        if any(incident.refs.get(f"{TRACKER}:{name}") != value for name, value in refs.items()):
            self._inbox.keep_refs(incident.id, refs)

    def _changes(
        self, incident: Incident, changes: Sequence[Entry], issue: Mapping[str, object], seen: int
    ) -> Iterator[Update]:
        for field in _SYNCED:
            own = max((entry.id for entry in changes if entry.field == field and entry.ours), default=0)
            # What a person did before our own last change of the field is overtaken.
            fresh = [entry for entry in changes if entry.field == field and entry.id > max(seen, own)]
            now = _now(incident, field)
            for entry in fresh:
                made = self._update(field, entry, issue)
                if made is None or (made.new, made.word) == now:
                    continue
                now = (made.new, made.word)
                yield made

    def _update(self, field: str, entry: Entry, issue: Mapping[str, object]) -> Update | None:
        if field == "status":
            return self._made(Change.STATUS, entry, meaning(self._step(entry, issue), self._settings.statuses))
        if field == "assignee":
            return self._made(Change.ASSIGNEE, entry, self._assignee(entry, mapping(issue, "fields", "assignee")))
        if field == "priority":
            priority = priority_of(entry.words, self._directory.project(), self._settings)
            return None if priority is None else self._made(Change.PRIORITY, entry, priority)
        verdict = self._settings.verdicts.get(entry.words)
        return None if verdict is None else self._made(Change.VERDICT, entry, verdict)

    def _step(self, entry: Entry, issue: Mapping[str, object]) -> Step:
        present = step_of(mapping(issue, "fields", "status"))
        steps = (present, *self._directory.steps())
        found = next((step for step in steps if step.id == entry.value), None)
        return found or Step(id=entry.value, name=entry.words, category="indeterminate")

    def _notes(self, comments: Sequence[Mapping[str, object]], seen: int) -> Iterator[Update]:
        for comment in comments:
            number, body = int(text(comment, "id") or 0), words_of(comment.get("body")).strip()
            if number <= seen or is_ours(body):
                continue
            yield Update(
                change=Change.NOTE,
                origin=TRACKER,
                at=instant(text(comment, "created")),
                actor=self._name(mapping(comment, "author")),
                text=body,
                id=f"comment {number}",
            )

    def _merged(self, incident: Incident, changes: Sequence[Entry], issue: Mapping[str, object]) -> Iterator[Update]:
        """A ticket that people closed as a duplicate of an older one of ours: its incident goes on in that one's."""
        closed, key = last_change(changes, "status"), text(issue, "key")
        if incident.merged_into is not None or closed is None or closed.ours:
            return
        if meaning(self._step(closed, issue), self._settings.statuses).active:
            return
        for link in objects(mapping(issue, "fields").get("issuelinks")):
            other = text(link, "outwardIssue", "key") if text(link, "type", "name") == "Duplicate" else ""
            kept = self._reports.incident(other) if other else None
            if kept is not None and kept.id != incident.id and kept.opened_at <= incident.opened_at:
                made = self._made(Change.MERGED, closed, kept.id)
                yield attrs.evolve(made, old="", id=f"{key} duplicates {other}", text=f"{key} duplicates {other}")

    def _made(self, change: Change, entry: Entry, new: str) -> Update:
        person = self._reports.person(jira=entry.author)
        return Update(
            change=change,
            origin=TRACKER,
            at=entry.at,
            actor=entry.author_name if person is None else person.name,
            old=entry.old_words,
            new=str(new),
            id=f"history {entry.id} {entry.field}",
            word=entry.words if change is Change.STATUS else "",
        )

    def _assignee(self, entry: Entry, present: Mapping[str, object]) -> str:
        # Data Center's history names a key that says nothing; the ticket itself shows who that is now.
        if entry.words and entry.words == text(present, "displayName"):
            return self._name(present)
        person = self._reports.person(jira=entry.value) if entry.value else None
        return entry.words if person is None else person.name

    def _name(self, user: Mapping[str, object]) -> str:
        """The house's name for somebody, or JIRA's."""
        person = self._reports.person(jira=person_id(user)) or self._reports.person(email=text(user, "emailAddress"))
        return text(user, "displayName") if person is None else person.name


def lost_key(incident: Incident) -> str:
    """The ticket that an incident had and that could not be seen any more; empty if there is none."""
    return "" if incident.ticket is not None else incident.refs.get(f"{TRACKER}:{_LOST}", "")


def _now(incident: Incident, field: str) -> tuple[str, str]:
    values = {
        "status": incident.status,
        "assignee": incident.assignee,
        "priority": incident.priority,
        "resolution": incident.verdict,
    }
    return str(values[field] or ""), incident.word if field == "status" else ""
