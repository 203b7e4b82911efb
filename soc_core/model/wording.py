"""How times, spans, clocks and what happened are put for people: `in 3 h 12 min`, `20 min overdue`."""

from datetime import datetime, timedelta

import attrs

from soc_core.model.incident import Incident
from soc_core.model.sla import Clock, ClockState

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


@attrs.frozen(kw_only=True)
class Line:
    """One thing that happened, in words; `details` may hold log text."""

    seq: int
    at: datetime
    incident: str
    what: str
    who: str
    details: str


def span(length: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = int(abs(length).total_seconds())
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    large, unit, small, rest = (
        (seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
        if seconds < _DAY
        else (seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")
    )
    return f"{large} {unit} {small} {rest}" if small else f"{large} {unit}"


def ago(instant: datetime, now: datetime) -> str:
    """How long something is past."""
    return "just now" if now - instant < timedelta(seconds=1) else f"{span(now - instant)} ago"


def local(instant: datetime) -> str:
    """An instant as the clock on the reader's wall shows it."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def due(clock: Clock | None, now: datetime) -> str:
    """How a clock stands, in a few words."""
    if clock is None:
        return "no clock"
    state, at = clock.state(now), clock.due_at()
    if clock.ended:
        return {ClockState.MET: "met", ClockState.BREACHED: "missed"}.get(state, "cancelled")
    if state is ClockState.BREACHED and at is not None:
        return f"{span(now - at)} overdue"
    if state is ClockState.PAUSED or at is None:
        return "paused"
    return f"in {span(at - now)}"


def due_of(incident: Incident, now: datetime, name: str = "resolution") -> str:
    """How one clock of an incident stands; a dash where there is none."""
    return due(incident.clocks[name], now) if name in incident.clocks else "-"


def who(user: str | None, ip: str | None) -> str:
    """Whom it is about, as far as that is known: `mia from 203.0.113.9`; this is log text."""
    return " from ".join(part for part in (user, ip) if part)


def count(number: int, word: str, words: str = "") -> str:
    """`1 ticket`, `2 tickets`, `1,204 events`."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"
