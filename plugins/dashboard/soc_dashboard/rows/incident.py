"""One incident as its page shows it: facts, the story of its clocks, what happened, what people wrote."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from soc_core import Clock, Incident, Move, Note, printable, wording
from soc_dashboard.rows.cells import Row, cell

_MOVES = {
    Move.START: "started",
    Move.PAUSE: "paused",
    Move.RESUME: "resumed",
    Move.STOP: "stopped",
    Move.CANCEL: "cancelled",
    Move.RESET: "begun again",
}


@attrs.frozen(kw_only=True)
class ClockStory:
    """How one clock stands and how it came to that; `share` is the part of the time that is used up, 0..1."""

    name: str
    stands: str
    promised: str
    used: str
    share: float
    due: str
    history: list[Row]


def facts(incident: Incident, now: datetime) -> list[tuple[str, str]]:
    """What it is and where it stands, as (name, text); the texts may hold log text."""
    return [(name, printable(text)) for name, text in _facts(incident, now) if text]


def clock_story(clock: Clock, now: datetime) -> ClockStory:
    """The SLA story of one clock."""
    due = clock.due_at()
    return ClockStory(
        name=clock.name.capitalize(),
        stands=wording.due(clock, now),
        promised=wording.span(clock.target.duration),
        used=f"{wording.span(clock.used(now))} ({clock.share_used(now):.0%})",
        share=min(1.0, clock.share_used(now)),
        due=wording.local(due) if due else "when it runs again",
        history=[
            {"When": wording.local(tick.at), "The clock was": _MOVES[tick.move], "Why": cell(tick.reason)}
            for tick in sorted(clock.history, key=lambda tick: tick.at)
        ],
    )


def timeline_rows(lines: Iterable[wording.Line]) -> list[Row]:
    """What happened, the latest first."""
    return [
        {"When": wording.local(one.at), "What": one.what, "Who": cell(one.who), "Details": cell(one.details)}
        for one in reversed(list(lines))
    ]


def note_rows(notes: Iterable[Note]) -> list[Row]:
    """What people wrote, the latest first."""
    return [
        {"When": wording.local(one.at), "Who": cell(one.author or one.origin), "Note": cell(one.text)}
        for one in reversed(list(notes))
    ]


def _facts(incident: Incident, now: datetime) -> Iterator[tuple[str, str | None]]:
    yield "Status", f"{incident.status}, opened {wording.ago(incident.opened_at, now)}"
    if incident.acknowledged_at is not None:
        who = incident.acknowledged_by or "somebody"
        yield "Acknowledged", f"{wording.ago(incident.acknowledged_at, now)} by {who}"
    yield "Assignee", f"{incident.assignee} ({incident.assignee_reason})" if incident.assignee else "nobody"
    yield "Source", incident.source
    yield "Rule", f"{incident.rule or incident.label} of {incident.classifier or 'the core'}"
    yield "Host", incident.host
    yield "User", incident.user
    yield "Address", incident.ip
    seen = f"{wording.count(incident.count, 'event')}, first {wording.local(incident.first_seen)}"
    yield "Seen", seen if incident.count == 1 else f"{seen}, last {wording.local(incident.last_seen)}"
    yield "Verdict", incident.verdict
    yield "Follows", incident.follows
    yield "Merged into", incident.merged_into
