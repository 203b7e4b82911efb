"""Builds the live message of an incident: what happened, where it stands, and the buttons. Pure.

Log text stands in `plain_text` and preformatted elements only, where Slack looks for neither mentions nor links.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from soc_core import ClockState, Course, Incident, Status
from soc_slack import actions
from soc_slack.escape import inert, legible, link, one_line
from soc_slack.places import Json

GONE = "gone"
_LOG_LIMIT = 2000
_FALLBACK_LIMIT = 900
_FIELD_LIMIT = 300
_SIGNS = {"CRITICAL": "🔴", "HIGH": "🟠", "MEDIUM": "🟡", "LOW": "🔵", "INFO": "⚪"}


@attrs.frozen(kw_only=True)
class Shown:
    """A message ready to be sent: blocks, and the text that says it all where blocks are not shown."""

    text: str
    blocks: tuple[Json, ...] = ()

    @property
    def digest(self) -> str:
        """The same for equal messages: what is shown already need not be sent again."""
        said = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def card(incident: Incident, *, now: datetime | None, buttons: bool = True) -> Shown:
    """The live message.

    Args:
        now: For the time left; None leaves it out, so that equal states give equal messages.
        buttons: Whether somebody listens to them.
    """
    blocks: list[Json] = [
        {"type": "header", "text": plain(f"{_SIGNS[incident.priority.level]} {incident.summary}", 150)},
        {"type": "section", "fields": _fields(incident, now)},
        preformatted(incident.message),
    ]
    if why := " · ".join(part for part in (incident.reason, incident.why) if part):
        blocks.append({"type": "context", "elements": [plain(why, _FIELD_LIMIT)]})
    if done := _doings(incident):
        blocks.append({"type": "context", "elements": [plain(done, _FIELD_LIMIT)]})
    if buttons:
        blocks += _rows(incident)
    return Shown(text=fallback(incident), blocks=tuple(blocks))


def fallback(incident: Incident) -> str:
    """Severity, what, where, and the ticket, in one harmless line."""
    head = inert(f"{incident.summary} · {incident.id} · {incident.status} · {_ticket_words(incident)}", 500)
    return f"{head} · {inert(incident.message, _FALLBACK_LIMIT - len(head))}"


def plain(text: str, limit: int) -> Json:
    """A text that Slack shows as it is."""
    return {"type": "plain_text", "text": one_line(text, limit) or "-", "emoji": False}


def preformatted(text: str, limit: int = _LOG_LIMIT) -> Json:
    """Log text as it was logged, hidden characters made visible."""
    shown = legible(text, limit)
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown if shown.strip() else "-"}]}
        ],
    }


def until(due: datetime, now: datetime | None) -> str:
    """When something is due, in the reader's own zone, and how long that is from now. Slack's markup."""
    stamp = int(due.timestamp())
    when = f"<!date^{stamp}^{{date_short_pretty}} {{time}}|{due:%Y-%m-%d %H:%M} UTC>"
    if now is None:
        return when
    left = due - now
    return f"{when} ({span(left)} left)" if left >= timedelta(0) else f"{when} ({span(-left)} overdue)"


def span(length: timedelta) -> str:
    """A length of time as people say it: the two largest units."""
    minutes = int(length.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _fields(incident: Incident, now: datetime | None) -> list[Json]:
    fields = [
        _field("Status", str(incident.status)),
        _field("Severity", f"{incident.severity:g} ({incident.priority})"),
        _field("Source", incident.source),
        _field("Label", incident.label),
        _field("Seen", "once" if incident.count == 1 else f"{incident.count:,} times"),
        _field("Assignee", incident.assignee or "nobody"),
        _marked("Ticket", _ticket_link(incident)),
        _field("Incident", incident.id),
    ]
    if time := _clock_words(incident, now):
        fields.append(_marked("Resolve by", time))
    if incident.verdict is not None:
        fields.append(_field("Verdict", f"{incident.verdict}{_by(incident, 'verdict')}"))
    return fields


def _field(name: str, value: str) -> Json:
    text = f"{name}\n{one_line(value, _FIELD_LIMIT) or '-'}"
    return {"type": "plain_text", "text": text, "emoji": False}


def _marked(name: str, value: str) -> Json:
    """A field with markup of our own; `value` never holds event text."""
    return {"type": "mrkdwn", "text": f"{name}\n{value}"}


def _ticket_link(incident: Incident) -> str:
    if incident.ticket is None:
        return inert(_no_ticket(incident), 60)
    return link(incident.ticket.url or "", incident.ticket.key)


def _ticket_words(incident: Incident) -> str:
    if incident.ticket is not None:
        return f"ticket {incident.ticket.key}"
    return f"ticket {_no_ticket(incident)}" if incident.kind is Course.TICKET else "no ticket"


def _no_ticket(incident: Incident) -> str:
    if gone := incident.refs.get(f"slack:{GONE}"):
        return f"gone (was {gone})"
    return "pending" if incident.kind is Course.TICKET else "none"


def _clock_words(incident: Incident, now: datetime | None) -> str:
    clock = incident.clocks.get("resolution")
    due = None if clock is None else clock.due_at()
    if clock is None or due is None:
        return ""
    state = clock.state(now or incident.opened_at)
    running = incident.status.active and state in (ClockState.RUNNING, ClockState.BREACHED)
    return until(due, now if running else None)


def _doings(incident: Incident) -> str:
    """Who did what: it stands where the buttons were."""
    said = []
    if incident.acknowledged_at is not None:
        who = incident.acknowledged_by or "somebody"
        said.append(f"Acknowledged by {who} at {incident.acknowledged_at:%H:%M} UTC")
    if incident.status is not Status.OPEN:
        said.append(f"{incident.status}{_by(incident, 'status')}")
    if who := _by(incident, "promoted"):
        said.append(f"Ticket asked for{who}")
    if incident.undecided:
        said.append("Undecided: classification failed, the raw rule acted")
    return " · ".join(said)


def _by(incident: Incident, change: str) -> str:
    who = incident.refs.get(f"slack:by_{change}")
    return f" by {who}" if who else ""


def _rows(incident: Incident) -> list[Json]:
    rows: list[Sequence[Json]] = [_main_buttons(incident), _further_buttons(incident)]
    return [
        {"type": "actions", "block_id": f"soc_{number}", "elements": list(row)}
        for number, row in enumerate(rows)
        if row
    ]


def _main_buttons(incident: Incident) -> list[Json]:
    active, ticket = incident.status.active, incident.ticket
    found = []
    if ticket is None and active:
        found.append(_button(actions.CREATE, "Create Incident", incident, style="primary"))
    if ticket is not None and ticket.url:
        found.append(_button(actions.VIEW, "View Ticket", incident, url=ticket.url))
    if active and incident.acknowledged_at is None:
        found.append(_button(actions.ACKNOWLEDGE, "Acknowledge", incident))
    if incident.status is Status.OPEN:
        found.append(_button(actions.INVESTIGATE, "Investigate", incident))
    if active and incident.kind is Course.TICKET:
        found.append(_button(actions.ASSIGN, "Assign to me", incident))
        found.append(_button(actions.RESOLVE, "Resolve", incident))
    return found


def _further_buttons(incident: Incident) -> list[Json]:
    found = [_button(actions.NOTE, "Add note", incident)]
    if incident.verdict is None:
        found.append(_button(actions.TRUE_POSITIVE, "True positive", incident))
        found.append(_button(actions.FALSE_POSITIVE, "False positive", incident))
    return [*found, _button(actions.WHY, "Why?", incident)]


def _button(action: str, text: str, incident: Incident, **more: str) -> Json:
    shown: Json = {"type": "button", "action_id": action, "text": plain(text, 75), "value": incident.id}
    return shown | more
