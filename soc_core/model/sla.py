"""The clocks of an incident: what was promised, what happened to the clock, and when it is due."""

import enum
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import attrs

from soc_core.model.calendar import Calendar
from soc_core.model.event import utc_only
from soc_core.model.people import Person
from soc_core.model.texts import as_set, in_order

_NOTHING = timedelta(0)
_WEEKS = 520  # ten years
_LONGEST = timedelta(weeks=_WEEKS)

Run = tuple[datetime, datetime | None]


@attrs.frozen(kw_only=True)
class Target:
    """What is promised for one clock: how long, in which calendar (None is 24x7), and which wait states pause it."""

    duration: timedelta = attrs.field()
    calendar: Calendar | None = None
    pauses: frozenset[str] = attrs.field(default=frozenset(), converter=as_set)

    @duration.validator
    def _positive(self, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
        if value <= _NOTHING:
            raise ValueError(f"a target must be longer than nothing, not {value}")
        hours = "" if self.calendar is None else f" of opening hours of calendar {self.calendar.name!r}"
        if value > (_LONGEST if self.calendar is None else self.calendar.per_week() * _WEEKS):
            raise ValueError(f"{value}{hours} take more than ten years")


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

    A stop is provisional: `RESUME` goes on counting where the clock stood. A move that makes no sense where the clock
    stands, such as a second pause, changes nothing.

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

    @property
    def ended(self) -> bool:
        """Whether the clock was stopped or cancelled: it needs no stop, and no rung of its ladder fires any more."""
        return self.ended_at is not None

    @property
    def ended_at(self) -> datetime | None:
        """When it was stopped or cancelled; None while it may still run."""
        story = _story(self.history)
        return story.since if story.phase in _ENDED else None

    @property
    def paused(self) -> bool:
        """Whether the clock stands still in a wait state, be it late or not."""
        return _story(self.history).phase is _Phase.PAUSED

    def runs(self) -> tuple[Run, ...]:
        """The spans of the present cycle in which the clock ran; the last one may be open."""
        return _story(self.history).runs

    def used(self, now: datetime) -> timedelta:
        """The time used up at `now`, counted in the target's calendar."""
        spans = ((begin, now if end is None else min(end, now)) for begin, end in self.runs())
        return sum((self._elapsed(begin, end) for begin, end in spans), _NOTHING)

    def share_used(self, now: datetime) -> float:
        """0.0 at the start, 1.0 when due, more when overdue."""
        return self.used(now) / self.target.duration

    def due_at(self) -> datetime | None:
        """When the clock is due, or would have been had it not stopped; None while paused or never started."""
        story = _story(self.history)
        runs = story.runs
        if story.ended_running:
            runs = (*runs[:-1], (runs[-1][0], None))
        return self._instant(runs, self.target.duration)

    def instant_of(self, share: float) -> datetime | None:
        """When `share` of the target is used up; None if it never was and the clock does not run."""
        return self._instant(self.runs(), self.target.duration * share)

    def state(self, now: datetime) -> ClockState:
        """How the clock stands at `now`; a stop at the very instant it is due still meets the target."""
        story = _story(self.history)
        if story.phase in (_Phase.WAITING, _Phase.CANCELLED):
            return ClockState.CANCELLED
        due = self._instant(story.runs, self.target.duration)
        if story.phase is _Phase.STOPPED:
            return ClockState.MET if due is None or story.since <= due else ClockState.BREACHED
        if due is not None and due <= now:
            return ClockState.BREACHED
        return ClockState.PAUSED if story.phase is _Phase.PAUSED else ClockState.RUNNING

    def _instant(self, runs: Iterable[Run], used: timedelta) -> datetime | None:
        left = used
        for begin, end in runs:
            spent = None if end is None else self._elapsed(begin, end)
            if spent is None or left <= spent:
                calendar = self.target.calendar
                return begin + left if calendar is None else calendar.after(begin, left)
            left -= spent
        return None

    def _elapsed(self, begin: datetime, end: datetime) -> timedelta:
        calendar = self.target.calendar
        return max(_NOTHING, end - begin) if calendar is None else calendar.elapsed(begin, end)


@attrs.frozen(kw_only=True)
class EscalationStep:
    """One rung of the ladder: when it is due, and what happens then.

    Args:
        rung: The name of the rung, unique per clock; it fires once per cycle.
        clock: `response` or `resolution`.
        share: Due when this share of the target is used (0.5 is half; left out, all of it), and
        overdue: so much later still. At least one of the two is given.
        within: Fires in these hours only: due outside them, it waits for the next ones.
        notify: Roles or people who are told.
        label: A label put on the ticket, such as `sla-breached`.
        comment: A comment put on the ticket.
        reassign_to: A role the incident goes to if nobody has acknowledged it.
        unless_acknowledged: Do not fire once somebody has acknowledged.
        people: Who `notify` is at the moment the rung fires; filled in by the core.
    """

    rung: str
    clock: str = "resolution"
    share: float | None = attrs.field(default=None)
    overdue: timedelta | None = attrs.field(default=None)
    within: Calendar | None = None
    notify: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    label: str | None = None
    comment: str | None = None
    reassign_to: str | None = None
    unless_acknowledged: bool = False
    people: tuple[Person, ...] = ()

    @share.validator
    def _a_number(self, attribute: "attrs.Attribute[float | None]", value: float | None) -> None:
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise ValueError(f"rung {self.rung!r} cannot be due at {value!r} of the target")

    @overdue.validator
    def _some_way(self, attribute: "attrs.Attribute[timedelta | None]", value: timedelta | None) -> None:
        if self.share is None and value is None:
            raise ValueError(f"rung {self.rung!r} needs a share of the target or a time after it")
        if value is not None and not _NOTHING <= value <= _LONGEST:
            raise ValueError(f"rung {self.rung!r} cannot be due {value} after its share of the target")

    def reached_at(self, clock: Clock) -> datetime | None:
        """When this rung is reached on `clock`, at whatever hour; None while it stands still before, and once ended."""
        reached = None if clock.ended else clock.instant_of(1.0 if self.share is None else self.share)
        return None if reached is None else reached + (self.overdue or _NOTHING)

    def due_at(self, clock: Clock) -> datetime | None:
        """When this rung fires: as soon as it is reached, or at the beginning of the next hours it may fire in."""
        reached = self.reached_at(clock)
        return reached if reached is None or self.within is None else self.within.after(reached, _NOTHING)


class _Phase(enum.Enum):
    WAITING = enum.auto()
    RUNNING = enum.auto()
    PAUSED = enum.auto()
    STOPPED = enum.auto()
    CANCELLED = enum.auto()


_NEXT: Mapping[tuple[_Phase, Move], _Phase] = MappingProxyType(
    {
        (_Phase.WAITING, Move.START): _Phase.RUNNING,
        (_Phase.RUNNING, Move.PAUSE): _Phase.PAUSED,
        (_Phase.RUNNING, Move.STOP): _Phase.STOPPED,
        (_Phase.PAUSED, Move.RESUME): _Phase.RUNNING,
        (_Phase.PAUSED, Move.STOP): _Phase.STOPPED,
        (_Phase.STOPPED, Move.RESUME): _Phase.RUNNING,
        **{(phase, Move.CANCEL): _Phase.CANCELLED for phase in _Phase},
        **{(phase, Move.RESET): _Phase.RUNNING for phase in _Phase},
    }
)
_ENDED = (_Phase.STOPPED, _Phase.CANCELLED)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@attrs.frozen
class _Story:
    """What a history comes to: how the clock stands, since when, how it stood before, and in which spans it ran."""

    phase: _Phase
    since: datetime
    before: _Phase
    runs: tuple[Run, ...]

    @property
    def ended_running(self) -> bool:
        return self.phase in _ENDED and self.before is _Phase.RUNNING


def _story(history: Iterable[Tick]) -> _Story:
    before, phase, since = _Phase.WAITING, _Phase.WAITING, _LONG_AGO
    runs: list[Run] = []
    # The start comes first: systems disagree by seconds about the time, and nothing stops before it has begun.
    for tick in sorted(history, key=lambda tick: (tick.move is not Move.START, tick.at)):
        following = _NEXT.get((phase, tick.move))
        if following is None:
            continue
        at = max(since, tick.at)
        if tick.move is Move.RESET:
            runs = []
        elif phase is _Phase.RUNNING:
            runs.append((since, at))
        before, phase, since = phase, following, at
    if phase is _Phase.RUNNING:
        runs.append((since, None))
    return _Story(phase, since, before, tuple(runs))
