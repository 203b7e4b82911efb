"""The clocks of an incident: what was promised, what happened to the clock, and when it is due."""

import enum
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs

from soc_core.model.event import utc_only

_DAY = timedelta(days=1)
_TEN_YEARS = 3660


@attrs.frozen(kw_only=True)
class Calendar:
    """The hours in which a clock runs: a zone, opening hours for each weekday, and days off.

    Args:
        name: How reports call it.
        zone: An IANA zone such as `Europe/Berlin`.
        hours: Seven entries, Monday first, each a tuple of (from, to); `time.max` as `to` means midnight.
        holidays: Local dates on which the clock stands still.
    """

    name: str
    zone: str = attrs.field()
    hours: tuple[tuple[tuple[time, time], ...], ...] = attrs.field()
    holidays: frozenset[date] = attrs.field(default=frozenset(), converter=frozenset)

    @zone.validator
    def _zone_exists(self, attribute: "attrs.Attribute[str]", value: str) -> None:
        ZoneInfo(value)

    @hours.validator
    def _hours_make_sense(
        self,
        attribute: "attrs.Attribute[tuple[tuple[tuple[time, time], ...], ...]]",
        value: tuple[tuple[tuple[time, time], ...], ...],
    ) -> None:
        if len(value) != 7:
            raise ValueError(f"calendar {self.name!r} needs opening hours for 7 weekdays, not {len(value)}")
        if not any(value):
            raise ValueError(f"calendar {self.name!r} is never open: a clock in it would never be due")
        for spans in value:
            for start, end in spans:
                if start >= end:
                    raise ValueError(f"calendar {self.name!r} opens at {start} and closes at {end}")

    def open_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans in UTC, from the local day of `start` on, for ten years."""
        zone = ZoneInfo(self.zone)
        first = start.astimezone(zone).date()
        for offset in range(_TEN_YEARS):
            day = first + timedelta(days=offset)
            if day in self.holidays:
                continue
            for opens, closes in self.hours[day.weekday()]:
                begin = datetime.combine(day, opens, zone).astimezone(UTC)
                last = datetime.combine(day + _DAY, time.min, zone) if closes == time.max else None
                end = (last or datetime.combine(day, closes, zone)).astimezone(UTC)
                if begin < end:
                    yield begin, end

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants."""
        total = timedelta(0)
        for begin, close in self.open_spans(start):
            if begin >= end:
                break
            total += max(timedelta(0), min(close, end) - max(begin, start))
        return total

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which `duration` of open time has passed since `start`."""
        left = duration
        for opens, closes in self.open_spans(start):
            begin = max(opens, start)
            if begin >= closes:
                continue
            if left <= closes - begin:
                return begin + left
            left -= closes - begin
        raise ValueError(f"calendar {self.name!r} has no {duration} of open time within ten years")


@attrs.frozen(kw_only=True)
class Target:
    """What is promised for one clock: how long, in which calendar (None is 24x7), and which wait states pause it."""

    duration: timedelta = attrs.field()
    calendar: Calendar | None = None
    pauses: frozenset[str] = attrs.field(default=frozenset(), converter=frozenset)

    @duration.validator
    def _positive(self, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
        if value <= timedelta(0):
            raise ValueError(f"a target must be longer than nothing, not {value}")


@attrs.frozen(kw_only=True)
class Sla:
    """The targets of an incident: until somebody responds, and until it is resolved."""

    response: Target
    resolution: Target


class Move(enum.StrEnum):
    """What can happen to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"
    RESET = "reset"


class ClockState(enum.StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class Tick:
    """One thing that happened to a clock, and why. `RESET` begins a new cycle at its instant."""

    move: Move = attrs.field(converter=Move)
    at: datetime = attrs.field(validator=utc_only)
    reason: str = ""


@attrs.frozen(kw_only=True)
class Clock:
    """One running clock of an incident. All answers follow from its history, so late news gives the right answer too.

    Args:
        name: `response` or `resolution`.
        target: What is promised.
        history: Everything that happened to it, in any order; the instants decide.
    """

    name: str
    target: Target
    history: tuple[Tick, ...] = ()

    def with_tick(self, tick: Tick) -> "Clock":
        """The same clock with one more thing in its history."""
        return attrs.evolve(self, history=(*self.history, tick))

    @property
    def cycle(self) -> int:
        """How often the clock was set back: each cycle has its own escalations."""
        return sum(tick.move is Move.RESET for tick in self.history)

    def runs(self) -> tuple[tuple[datetime, datetime | None], ...]:
        """The spans of the present cycle in which the clock ran; the last one may be open."""
        return _runs(self.history)

    def used(self, now: datetime) -> timedelta:
        """The time used up at `now`, counted in the target's calendar."""
        return sum(
            (self._elapsed(begin, now if end is None else min(end, now)) for begin, end in self.runs()),
            timedelta(0),
        )

    def share_used(self, now: datetime) -> float:
        """0.0 at the start, 1.0 when due, more when overdue."""
        return self.used(now) / self.target.duration

    def due_at(self) -> datetime | None:
        """When the clock is due, or would have been had it not stopped; None while paused or never started."""
        if _last_move(self.history) in (Move.STOP, Move.CANCEL):
            runs = self.runs()
            return self._instant((*runs[:-1], (runs[-1][0], None)), 1.0) if runs else None
        return self.instant_of(1.0)

    def instant_of(self, share: float) -> datetime | None:
        """When `share` of the target is used up; None if it never was and the clock does not run."""
        return self._instant(self.runs(), share)

    def state(self, now: datetime) -> ClockState:
        """How the clock stands at `now`."""
        last = _last_move(self.history)
        if last is None or last is Move.CANCEL:
            return ClockState.CANCELLED
        due = self.due_at()
        if last is Move.STOP:
            stopped = max(tick.at for tick in self.history)
            return ClockState.BREACHED if due is not None and stopped > due else ClockState.MET
        if due is not None and due <= now:
            return ClockState.BREACHED
        return ClockState.PAUSED if last is Move.PAUSE else ClockState.RUNNING

    def _instant(self, runs: Sequence[tuple[datetime, datetime | None]], share: float) -> datetime | None:
        left = self.target.duration * share
        for begin, end in runs:
            if end is None:
                return self._after(begin, left)
            spent = self._elapsed(begin, end)
            if left <= spent:
                return self._after(begin, left)
            left -= spent
        return None

    def _elapsed(self, begin: datetime, end: datetime) -> timedelta:
        calendar = self.target.calendar
        return max(timedelta(0), end - begin) if calendar is None else calendar.elapsed(begin, end)

    def _after(self, begin: datetime, duration: timedelta) -> datetime:
        calendar = self.target.calendar
        return begin + duration if calendar is None else calendar.after(begin, duration)


def _in_order(history: Sequence[Tick]) -> list[Tick]:
    return sorted(history, key=lambda tick: tick.at)


def _last_move(history: Sequence[Tick]) -> Move | None:
    ordered = _in_order(history)
    return ordered[-1].move if ordered else None


def _runs(history: Sequence[Tick]) -> tuple[tuple[datetime, datetime | None], ...]:
    runs: list[tuple[datetime, datetime | None]] = []
    running_since: datetime | None = None
    for tick in _in_order(history):
        if tick.move is Move.RESET:
            runs, running_since = [], tick.at
        elif tick.move in (Move.START, Move.RESUME):
            running_since = running_since or tick.at
        elif running_since is not None:
            runs.append((running_since, tick.at))
            running_since = None
    if running_since is not None:
        runs.append((running_since, None))
    return tuple(runs)


@attrs.frozen(kw_only=True)
class EscalationStep:
    """One rung of the ladder: when it is due, and what happens then.

    Args:
        rung: The name of the rung, unique per clock; it fires once per cycle.
        clock: `response` or `resolution`.
        share: Due when this share of the target is used (0.5 is half); or
        overdue: due this long after the target was missed. Exactly one of the two is given.
        notify: Roles or people who are told.
        label: A label put on the ticket, such as `sla-breached`.
        comment: A comment put on the ticket.
        reassign_to: A role the incident goes to if nobody has acknowledged it.
        unless_acknowledged: Do not fire once somebody has acknowledged.
    """

    rung: str
    clock: str = "resolution"
    share: float | None = None
    overdue: timedelta | None = attrs.field(default=None)
    notify: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    label: str | None = None
    comment: str | None = None
    reassign_to: str | None = None
    unless_acknowledged: bool = False

    @overdue.validator
    def _one_way(self, attribute: "attrs.Attribute[timedelta | None]", value: timedelta | None) -> None:
        if (self.share is None) == (value is None):
            raise ValueError(f"rung {self.rung!r} needs either a share of the target or a time after it")

    def due_at(self, clock: Clock) -> datetime | None:
        """When this rung is due on `clock`; None while the clock stands still before it."""
        if self.share is not None:
            return clock.instant_of(self.share)
        due = clock.due_at()
        return None if due is None or self.overdue is None else due + self.overdue
