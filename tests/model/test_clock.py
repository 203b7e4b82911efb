"""Clocks against a counter that lives through every minute of their history, and the words for how they stand."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core.model.calendar import Calendar
from soc_core.model.sla import Clock, ClockState, Move, Target, Tick

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = 24 * 60
HOURS = (["Mon-Sun 01:30-02:45"], ["00:00-03:00", "Mon-Fri 09:00-17:00"], ["22:00-02:30"], ["Thu-Sat"], ["04:00-03:00"])


@attrs.define
class Counted:
    """What somebody with a stopwatch wrote down; `reached` tells at which minute each amount of time was used."""

    used: int = 0
    reached: dict[int, int] = attrs.field(factory=dict)
    phase: str = "waiting"
    stopped: int = 0
    stopped_while: str = ""
    cycles: int = 0

    def hear(self, move: Move, minute: int) -> None:
        """React to a move as a referee would."""
        if move is Move.RESET:
            self.phase, self.used, self.reached = "running", 0, {}
            self.cycles += 1
        elif move is Move.CANCEL:
            self.phase = "cancelled"
        elif self.phase == "cancelled" or (self.phase == "waiting" and move is not Move.START):
            pass
        elif move is Move.START and self.phase == "waiting":
            self.phase = "running"
        elif move is Move.PAUSE and self.phase == "running":
            self.phase = "paused"
        elif move is Move.RESUME and self.phase in ("paused", "stopped"):
            self.phase = "running"
        elif move is Move.STOP and self.phase in ("running", "paused"):
            self.stopped, self.stopped_while, self.phase = minute, self.phase, "stopped"

    def live(self, minute: int, *, is_open: bool) -> None:
        """Live through one minute."""
        if self.phase == "running" and is_open:
            self.used += 1
            self.reached[self.used] = minute + 1


def count(history: Sequence[tuple[int, Move]], minutes: Sequence[bool]) -> Counted:
    """Count the minutes of a history; what is known from before the start counts as known at the start."""
    starts = [minute for minute, move in history if move is Move.START]
    start = min(starts, default=-1)
    in_order = [(max(minute, start), move) for minute, move in sorted(history, key=lambda tick: tick[0])]
    in_order.sort(key=lambda tick: (tick[0], tick[1] is not Move.START or tick[0] != start))
    counted = Counted()
    heard = 0
    for minute, is_open in enumerate(minutes):
        while heard < len(in_order) and in_order[heard][0] == minute:
            counted.hear(in_order[heard][1], minute)
            heard += 1
        counted.live(minute, is_open=is_open)
    return counted


def expect(
    begin: datetime, history: Sequence[tuple[int, Move]], target: Target, minutes: Sequence[bool], now: int
) -> None:
    """Compare a clock with the stopwatch, at a moment after its last tick."""
    ticks = tuple(Tick(move=move, at=begin + minute * MINUTE) for minute, move in history)
    clock = Clock(name="resolution", target=target, history=ticks)
    counted = count(history, minutes[:now])
    promised = target.duration // MINUTE
    due = counted.reached.get(promised)

    assert clock.used(begin + now * MINUTE) == counted.used * MINUTE
    assert clock.cycle == counted.cycles
    assert clock.ended == (counted.phase in ("stopped", "cancelled"))
    assert clock.state(begin + now * MINUTE) == _state(counted, due)
    for used, minute in counted.reached.items():
        if used <= promised and used % 7 == 0:
            assert clock.instant_of(used / promised) == begin + minute * MINUTE

    if due is None and counted.phase == "running":
        due = _going_on(minutes, now, promised - counted.used)
    elif due is None and counted.phase == "stopped" and counted.stopped_while == "running":
        due = _going_on(minutes, counted.stopped, promised - counted.used)
    elif due is None and counted.phase in ("waiting", "paused", "stopped"):
        assert clock.due_at() is None
    if due is not None and counted.phase != "cancelled":
        assert clock.due_at() == begin + due * MINUTE


def _going_on(minutes: Sequence[bool], since: int, left: int) -> int | None:
    for minute in range(since, len(minutes)):
        left -= minutes[minute]
        if left == 0:
            return minute + 1
    return None


def _state(counted: Counted, due: int | None) -> ClockState:
    if counted.phase in ("waiting", "cancelled"):
        return ClockState.CANCELLED
    if counted.phase == "stopped":
        return ClockState.MET if due is None or counted.stopped <= due else ClockState.BREACHED
    if due is not None:
        return ClockState.BREACHED
    return ClockState.PAUSED if counted.phase == "paused" else ClockState.RUNNING


def histories(length: int) -> st.SearchStrategy[list[tuple[int, Move]]]:
    moves = st.sampled_from(Move)
    return st.lists(st.tuples(st.integers(0, length - 1), moves), max_size=8).flatmap(
        lambda ticks: st.permutations([(ticks[0][0] if ticks else 0, Move.START), *ticks])
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_clock_in_a_calendar_equals_the_stopwatch_in_every_zone_and_night(data, nights, open_minutes) -> None:
    night = data.draw(st.sampled_from(nights))
    texts = data.draw(st.sampled_from(HOURS))
    days_off = data.draw(st.sets(st.sampled_from(night.days), max_size=2))
    calendar = Calendar.of("c", zone=night.zone, hours=texts, holidays=days_off)
    history = data.draw(histories(4 * DAY))
    target = Target(duration=data.draw(st.integers(1, DAY)) * MINUTE, calendar=calendar)
    expect(night.start, history, target, open_minutes(night, calendar), data.draw(st.integers(4 * DAY, 5 * DAY)))


@settings(max_examples=200, deadline=None)
@given(history=histories(DAY), promised=st.integers(1, DAY), now=st.integers(DAY, 2 * DAY))
def test_a_clock_around_the_clock_equals_the_stopwatch(
    history: list[tuple[int, Move]], promised: int, now: int
) -> None:
    begin = datetime(2028, 2, 28, 20, tzinfo=UTC)  # over a leap day
    expect(begin, history, Target(duration=promised * MINUTE), [True] * (3 * DAY), now)


def test_ten_thousand_random_histories_equal_the_stopwatch(nights, open_minutes) -> None:
    length = 5 * 60
    for seed in range(10_000):
        draw = random.Random(seed)
        night = nights[seed % len(nights)]
        calendar = Calendar.of("c", zone=night.zone, hours=HOURS[seed % len(HOURS)]) if seed % 3 else None
        minutes = _open_minutes(open_minutes, night, calendar)
        offset = draw.randrange(2 * DAY + 18 * 60, 4 * DAY)
        moves = draw.choices(list(Move), weights=[1, 4, 4, 3, 0.3, 1], k=draw.randrange(7))
        history = [(0, Move.START), *((draw.randrange(length), move) for move in moves)]
        draw.shuffle(history)
        target = Target(duration=draw.randrange(1, length) * MINUTE, calendar=calendar)
        begin = night.start + offset * MINUTE
        try:
            expect(begin, history, target, minutes[offset : offset + 2 * length], length)
        except AssertionError as error:
            raise AssertionError(f"the history of seed {seed}: {history}") from error


_COUNTED: dict[object, list[bool]] = {}


def _open_minutes(open_minutes, night, calendar: Calendar | None) -> list[bool]:
    if calendar is None:
        return [True] * (7 * DAY)
    known = (night, calendar)
    if known not in _COUNTED:
        _COUNTED[known] = open_minutes(night, calendar)
    return _COUNTED[known]


# -- in words --------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FOUR_HOURS = Target(duration=4 * HOUR)


def clock(*moves: tuple[float, Move], target: Target = FOUR_HOURS) -> Clock:
    return Clock(
        name="resolution",
        target=target,
        history=tuple(Tick(move=move, at=NOON + hours * HOUR) for hours, move in ((0, Move.START), *moves)),
    )


def state(one: Clock, hours: float) -> str:
    return one.state(NOON + hours * HOUR).value


def test_a_running_clock_is_breached_from_the_instant_it_is_due() -> None:
    one = clock()
    assert one.due_at() == NOON + 4 * HOUR
    assert [state(one, hours) for hours in (0, 3.999, 4, 5)] == ["running", "running", "breached", "breached"]
    assert [one.share_used(NOON + hours * HOUR) for hours in (-1, 0, 2, 4, 8)] == [0, 0, 0.5, 1, 2]


@pytest.mark.parametrize(
    ("stopped", "expected"), [(0, "met"), (3, "met"), (4, "met"), (4.001, "breached"), (9, "breached")]
)
def test_a_stop_in_time_meets_the_target_and_a_late_one_does_not(stopped: float, expected: str) -> None:
    one = clock((stopped, Move.STOP))
    assert state(one, stopped) == state(one, 100) == expected
    assert one.due_at() == NOON + 4 * HOUR
    assert one.ended


def test_a_breached_clock_that_stops_while_the_office_is_closed_stays_breached() -> None:
    office = Calendar.of("office", zone="UTC", hours=["Mon-Fri 09:00-16:00"])
    one = clock(target=Target(duration=4 * HOUR, calendar=office))
    assert state(one, 4) == "breached"
    assert state(one.with_tick(Tick(move=Move.STOP, at=NOON + 9 * HOUR)), 9) == "breached"
    assert state(one.with_tick(Tick(move=Move.STOP, at=NOON + 4 * HOUR)), 9) == "met"


def test_a_paused_clock_has_no_due_time_until_it_resumes() -> None:
    one = clock((1, Move.PAUSE))
    assert one.due_at() is None
    assert one.instant_of(0.25) == NOON + HOUR
    assert one.instant_of(0.26) is None
    assert state(one, 100) == "paused"
    assert not one.ended
    resumed = one.with_tick(Tick(move=Move.RESUME, at=NOON + 101 * HOUR))
    assert resumed.due_at() == NOON + 104 * HOUR


def test_a_clock_that_was_breached_before_it_paused_stays_breached() -> None:
    one = clock((5, Move.PAUSE))
    assert state(one, 5) == "breached"
    assert one.due_at() == NOON + 4 * HOUR
    assert state(one.with_tick(Tick(move=Move.STOP, at=NOON + 9 * HOUR)), 9) == "breached"


def test_a_clock_that_stops_while_it_pauses_meets_its_target_however_late() -> None:
    one = clock((1, Move.PAUSE), (100, Move.STOP))
    assert state(one, 100) == "met"
    assert one.used(NOON + 200 * HOUR) == HOUR


def test_a_stop_is_provisional_and_reopening_goes_on_where_the_clock_stood() -> None:
    one = clock((3, Move.STOP), (10, Move.RESUME))
    assert one.due_at() == NOON + 11 * HOUR
    assert state(one, 10.5) == "running"
    assert state(one.with_tick(Tick(move=Move.STOP, at=NOON + 12 * HOUR)), 12) == "breached"


def test_a_pause_after_the_stop_changes_nothing() -> None:
    assert state(clock((3, Move.STOP), (3.5, Move.PAUSE)), 9) == "met"
    assert state(clock((5, Move.STOP), (5.5, Move.PAUSE), (6, Move.STOP)), 9) == "breached"


def test_a_cancelled_clock_comes_back_by_a_reset_only() -> None:
    one = clock((1, Move.CANCEL), (2, Move.RESUME), (3, Move.START))
    assert state(one, 9) == "cancelled"
    assert one.ended
    again = one.with_tick(Tick(move=Move.RESET, at=NOON + 9 * HOUR))
    assert state(again, 9) == "running"
    assert again.due_at() == NOON + 13 * HOUR


def test_a_reset_begins_a_new_cycle_with_all_its_time() -> None:
    one = clock((5, Move.STOP), (6, Move.RESET))
    assert (one.cycle, one.used(NOON + 7 * HOUR), one.due_at()) == (1, HOUR, NOON + 10 * HOUR)
    assert state(one, 7) == "running"
    assert one.runs() == ((NOON + 6 * HOUR, None),)


def test_a_clock_that_never_started_is_due_at_no_time() -> None:
    never = Clock(name="response", target=FOUR_HOURS)
    assert (never.due_at(), never.runs(), never.cycle, never.ended) == (None, (), 0, False)
    assert never.state(NOON) is ClockState.CANCELLED


def test_news_from_a_system_whose_clock_is_behind_never_starts_a_stopped_clock_again() -> None:
    one = clock((-0.01, Move.STOP))
    assert state(one, 9) == "met"
    assert one.used(NOON + 9 * HOUR) == timedelta(0)


def test_late_news_changes_what_was_breached_to_what_was_met() -> None:
    one = clock()
    assert state(one, 9) == "breached"
    assert state(one.with_tick(Tick(move=Move.STOP, at=NOON + 2 * HOUR, reason="acknowledged in JIRA")), 9) == "met"


def test_a_new_target_is_measured_with_the_time_already_used() -> None:
    one = attrs.evolve(clock((1, Move.PAUSE), (2, Move.RESUME)), target=Target(duration=2 * HOUR))
    assert one.due_at() == NOON + 3 * HOUR


def test_a_target_of_nothing_or_of_more_than_ten_years_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        Target(duration=timedelta(0))
    with pytest.raises(ValueError, match="more than ten years"):
        Target(duration=timedelta(weeks=521))
    rare = Calendar.of("rare", zone="UTC", hours=["Mon 09:00-09:01"])
    assert Target(duration=520 * MINUTE, calendar=rare).calendar == rare
    with pytest.raises(ValueError, match="more than ten years"):
        Target(duration=521 * MINUTE, calendar=rare)


def test_a_tick_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Tick(move=Move.START, at=datetime(2026, 3, 2))  # noqa: DTZ001
