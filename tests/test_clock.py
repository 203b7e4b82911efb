from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc_core import TimeSource
from soc_core.clock import PATIENCE, TOLERANCE, AnchoredClock
from soc_core.model.duration import parse_duration, show_duration
from soc_core.testing.clock import HandClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A computer whose two clocks are moved by hand."""

    def __init__(self) -> None:
        self.wall = NOON
        self.steady = 1000.0
        self.clock = AnchoredClock(wall=lambda: self.wall, steady=lambda: self.steady)

    def passes(self, by: timedelta) -> None:
        self.wall += by
        self.steady += by.total_seconds()


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=1), -timedelta(days=1), timedelta(minutes=3)])
def test_a_step_of_the_wall_clock_does_not_move_time(step: timedelta) -> None:
    machine = Machine()
    machine.passes(HOUR)
    machine.wall += step
    assert machine.clock.now() == NOON + HOUR


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=1), -timedelta(days=1), timedelta(minutes=3)])
def test_a_step_that_stays_is_told_once_and_never_believed(step: timedelta) -> None:
    machine = Machine()
    machine.passes(HOUR - PATIENCE)
    machine.wall += step
    assert machine.clock.astray() is None
    machine.passes(PATIENCE)
    assert machine.clock.astray() == step
    machine.passes(HOUR)
    assert machine.clock.astray() is None
    assert machine.clock.now() == NOON + 2 * HOUR


def test_the_next_step_is_told_again_once_the_first_was_put_right() -> None:
    machine = Machine()
    for _ in range(2):
        machine.wall += HOUR
        assert machine.clock.astray() is None
        machine.passes(PATIENCE)
        assert machine.clock.astray() == HOUR
        machine.wall -= HOUR
        assert machine.clock.astray() is None


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=1), -timedelta(days=1)])
def test_a_clock_that_is_set_wrong_and_right_again_within_minutes_is_not_worth_telling(step: timedelta) -> None:
    machine = Machine()
    for _ in range(3):
        machine.wall += step
        for _ in range(4):
            machine.passes(timedelta(minutes=1))
            assert machine.clock.astray() is None
        machine.wall -= step
        machine.passes(timedelta(minutes=1))
        assert machine.clock.astray() is None
    assert machine.clock.now() == NOON + timedelta(minutes=15)


@pytest.mark.parametrize("drift", [timedelta(), TOLERANCE, -TOLERANCE])
def test_small_disagreements_are_borne(drift: timedelta) -> None:
    machine = Machine()
    machine.wall += drift
    assert machine.clock.astray() is None
    assert machine.clock.now() == NOON


def test_monotonic_time_never_goes_back() -> None:
    machine = Machine()
    before = machine.clock.monotonic()
    machine.passes(HOUR)
    machine.wall -= timedelta(days=1)
    machine.clock.astray()
    assert machine.clock.monotonic() == before + 3600


def test_the_clock_of_this_machine_runs_forward_in_utc() -> None:
    clock: TimeSource = AnchoredClock()
    first, second = clock.now(), clock.now()
    assert first <= second
    assert first.tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    assert abs(datetime.now(UTC) - first) < TOLERANCE


def test_the_hand_clock_moves_only_by_hand() -> None:
    clock: TimeSource = HandClock(NOON)
    assert isinstance(clock, HandClock)
    assert (clock.now(), clock.monotonic()) == (NOON, 0.0)
    assert clock.advance(HOUR) == NOON + HOUR
    assert (clock.now(), clock.monotonic()) == (NOON + HOUR, 3600.0)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-HOUR)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("4h", timedelta(hours=4)),
        ("1w", timedelta(weeks=1)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        (" 2d ", timedelta(days=2)),
        ("0s", timedelta()),
        ("1.5h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("7us", timedelta(microseconds=7)),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "4", "h", "-4h", "4 hours", "4x", "1h30", "٣h", "1h,2m", "999999999999w", "4h\x00"]
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"written like 90s|longer than any"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400 * 365)))
def test_a_shown_duration_reads_back_the_same(duration: timedelta) -> None:
    assert parse_duration(show_duration(duration)) == duration


def test_durations_are_shown_short() -> None:
    shown = [show_duration(timedelta(seconds=s)) for s in (0, 90, 3600, 86400, 8 * 86400, -5400, 0.25)]
    assert shown == ["0s", "1m30s", "1h", "1d", "1w1d", "-1h30m", "250ms"]
