"""Takes what changed about an incident to its ticket: status, people, priority, times, notes, escalations.

JIRA itself is asked how the ticket stands, so several changes that wait become one edit, and a field that a person has
changed by hand meanwhile is left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC

from soc_core import Change, Delivery, EscalationStep, Incident, Reports, Status, Ticket, Update, get_logger
from soc_jira.answers import Forbidden, Refused
from soc_jira.client import Client
from soc_jira.comments import Comments, is_repeat, tag_of
from soc_jira.description import ATTACHED, is_cut, remark
from soc_jira.fields import PROPERTY, due_day, due_instant, offending, priority_name, record, render
from soc_jira.history import OURS, Entry, entries, instant, last_change
from soc_jira.project import Directory, person_id, step_of
from soc_jira.reading import kept_number, mapping, objects, text
from soc_jira.settings import TRACKER, Settings
from soc_jira.transitions import Mover

_LINES = frozenset({Change.STATUS, Change.ASSIGNEE, Change.PRIORITY, Change.SLA})


class Updates:
    """Writes to existing tickets."""

    def __init__(
        self,
        client: Client,
        directory: Directory,
        settings: Settings,
        comments: Comments,
        mover: Mover,
        assignee: Callable[[Incident], Mapping[str, str] | None],
    ) -> None:
        self._client = client
        self._directory = directory
        self._settings = settings
        self._comments = comments
        self._mover = mover
        self._assignee = assignee

    def created(self, incident: Incident, ticket: Ticket, reports: Reports | None) -> None:
        """Add what does not fit into the create, and bring the ticket to where the incident is by now."""
        if is_cut(incident) and not self._attached(ticket.key):
            self._attach(ticket.key, incident.message)
        if self._settings.dashboard_url:
            self._link_back(incident, ticket.key, self._settings.dashboard_url.replace("{id}", incident.id))
        if incident.follows and reports is not None:
            earlier = reports.incident(incident.follows)
            if earlier is not None and earlier.ticket is not None and earlier.ticket.tracker == ticket.tracker:
                self._relate(ticket.key, earlier.ticket.key)
        if incident.status is not Status.OPEN:
            self._mover.move(ticket.key, incident.status, verdict=incident.verdict)

    def changed(self, incident: Incident, key: str, update: Update, delivery: Delivery) -> None:
        """Take one change to the ticket, and with it every other that waits.

        A change that people made in JIRA is there already; only the times that follow from it are taken back.
        """
        if update.change in _LINES:
            self._bring_in_line(incident, key, update)
        elif update.origin == TRACKER:
            return
        elif update.change is Change.NOTE:
            self._comments.note(key, update, delivery)
        elif words := _sentence(incident, update):
            self._comments.remark(key, words, delivery)

    def escalated(self, key: str, step: EscalationStep, delivery: Delivery) -> None:
        """Put a rung's label and comment on the ticket, in one edit."""
        tag = tag_of(delivery.key)
        update: dict[str, object] = {}
        if step.label:
            update["labels"] = [{"add": step.label}]
        if step.comment and not (is_repeat(delivery) and self._comments.stands(key, tag)):
            body = render(remark(step.comment, tag=tag), self._client.version)
            update["comment"] = [{"add": {"body": body}}]
        if not update:
            return
        try:
            self._client.send("PUT", "issue/{key}", {"update": update, "historyMetadata": OURS}, once=True, key=key)
        except Refused as error:
            without = offending(error.errors, update)
            if not without:
                raise
            get_logger().warning("jira.escalation_reduced", ticket=key, fields=sorted(without), reason=str(error))
            if "comment" not in without or step.comment is None:
                left = {name: value for name, value in update.items() if name not in without}
                if left:
                    self._client.send("PUT", "issue/{key}", {"update": left}, once=True, key=key)
            else:
                self._comments.remark(key, step.comment, delivery)

    def _bring_in_line(self, incident: Incident, key: str, update: Update) -> None:
        issue = self._read(key, "status", "assignee", "priority", *self._due_fields)
        if incident.status.active:  # many workflows forbid edits of what is done: first out, or last in
            self._move(incident, key, update, issue)
            self._edit(incident, key, update, issue)
        else:
            self._edit(incident, key, update, issue)
            self._move(incident, key, update, issue)

    def _move(self, incident: Incident, key: str, update: Update, issue: Mapping[str, object]) -> None:
        if update.change is not Change.STATUS or update.origin == TRACKER:
            return
        if _may_write(entries(issue), "status", asked=True, incident=incident, update=update):
            here = step_of(mapping(issue, "fields", "status"))
            self._mover.move(key, incident.status, here=here, verdict=incident.verdict)
        else:
            get_logger().info("jira.left_to_people", ticket=key, field="status")

    def _edit(self, incident: Incident, key: str, update: Update, issue: Mapping[str, object]) -> None:
        changes, asked = entries(issue), {*self._due_fields, str(update.change)}
        fields = {
            name: value
            for name, value in self._wanted(incident, update).items()
            if _shown(mapping(issue, "fields").get(name)) != _shown(value)
            and _may_write(changes, name, asked=name in asked, incident=incident, update=update)
        }
        properties = []
        if mapping(issue, "properties", PROPERTY).get("due") != record(incident)["due"]:
            properties.append({"key": PROPERTY, "value": record(incident)})
        if not fields and not properties:
            return
        body = {"fields": fields, "properties": properties, "historyMetadata": OURS}
        try:
            self._client.send("PUT", "issue/{key}", body, key=key)
        except Refused as error:
            without = offending(error.errors, fields)
            if not without:
                raise
            get_logger().warning("jira.fields_left_out", ticket=key, fields=sorted(without), reason=str(error))
            left = {name: value for name, value in fields.items() if name not in without}
            self._client.send("PUT", "issue/{key}", body | {"fields": left}, key=key)
        get_logger().info("ticket.edited", ticket=key, fields=sorted(fields))

    @property
    def _due_fields(self) -> tuple[str, ...]:
        return ("duedate", self._settings.due_field) if self._settings.due_field else ("duedate",)

    def _wanted(self, incident: Incident, update: Update) -> dict[str, object]:
        project = self._directory.project()
        wanted: dict[str, object] = {"duedate": due_day(incident, self._directory.account().zone)}
        if self._settings.due_field:
            wanted[self._settings.due_field] = due_instant(incident)
        if update.origin != TRACKER:
            wanted["priority"] = {"name": priority_name(incident.priority, project, self._settings)}
            assignee = self._assignee(incident)
            if assignee is not None or (update.change is Change.ASSIGNEE and not incident.assignee):
                wanted["assignee"] = assignee
        return {name: value for name, value in wanted.items() if project.takes(name) and (value or name == "assignee")}

    def _read(self, key: str, *fields: str) -> Mapping[str, object]:
        return self._client.issue(key, fields=",".join(fields), expand="changelog", properties=PROPERTY)

    def _attach(self, key: str, message: str) -> None:
        try:
            self._client.attach(key, ATTACHED, message.encode("utf-8", "backslashreplace"))
        except Refused as error:  # attachments may be switched off; what comes after is worth more
            get_logger().warning("jira.attachment_refused", ticket=key, reason=str(error))

    def _attached(self, key: str) -> bool:
        found = mapping(self._client.issue(key, fields="attachment"), "fields")
        return any(text(file, "filename") == ATTACHED for file in objects(found.get("attachment")))

    def _link_back(self, incident: Incident, key: str, url: str) -> None:
        body = {"globalId": f"soc-core={incident.marker}", "object": {"url": url, "title": f"soc-core: {incident.id}"}}
        try:
            self._client.send("POST", "issue/{key}/remotelink", body, key=key)
        except Refused as error:
            get_logger().warning("jira.link_refused", ticket=key, url=url, reason=str(error))

    def _relate(self, key: str, earlier: str) -> None:
        body = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": earlier}}
        try:
            self._client.send("POST", "issueLink", body)
        except (Refused, Forbidden) as error:  # the link type may be switched off: a nicety, not worth a dead letter
            get_logger().warning("jira.link_refused", ticket=key, earlier=earlier, reason=str(error))


def _may_write(changes: Sequence[Entry], field: str, *, asked: bool, incident: Incident, update: Update) -> bool:
    change = last_change(changes, field)
    if change is None or change.ours:
        return True
    # A person has changed it by hand: only a decision about this very field may overwrite that, one that was made with
    # knowledge of it or later. The times are those of two clocks, so they say something only where we know no better.
    return asked and (change.id <= kept_number(incident, "seen") or change.at <= update.at)


def _shown(value: object) -> str:
    """A value in a form that can be compared: people by id, names, instants in UTC."""
    found = mapping(value)
    if found or value is None:
        return person_id(found) or text(found, "name")
    try:
        return instant(str(value)).astimezone(UTC).isoformat()
    except ValueError:
        return str(value)


def _sentence(incident: Incident, update: Update) -> str | None:
    who = update.actor or "soc-core"
    if update.change is Change.ACKNOWLEDGED:
        return f"Acknowledged by {who}."
    if update.change is Change.VERDICT:
        return f"Verdict by {who}: {update.new}. {update.text}".strip()
    if update.change is Change.MERGED:
        return f"Merged with {update.new}. {update.text}".strip()
    if update.change is Change.COUNT and len(str(incident.count)) > max(1, len(update.old)):
        # One comment for 10, 100, 1000, ... events: a ticket is read by people.
        return f"Seen {incident.count} times by now."
    return None
