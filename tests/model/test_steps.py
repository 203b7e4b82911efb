"""When the rungs of a ladder are due."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.model.calendar import Calendar
from soc_core.model.sla import Clock, EscalationStep, Move, Target, Tick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def clock(*moves: tuple[float, Move]) -> Clock:
    ticks = tuple(Tick(move=move, at=NOON + hours * HOUR) for hours, move in ((0, Move.START), *moves))
    return Clock(name="resolution", target=Target(duration=4 * HOUR), history=ticks)


def test_a_rung_is_due_at_its_share_or_so_much_after_the_target_or_both() -> None:
    half = EscalationStep(rung="half", share=0.5)
    day = EscalationStep(rung="day", overdue=24 * HOUR)
    both = EscalationStep(rung="half, repeat 1", share=0.5, overdue=HOUR)
    assert [step.due_at(clock()) for step in (half, day, both)] == [NOON + hours * HOUR for hours in (2, 28, 3)]


def test_a_rung_waits_while_the_clock_pauses_before_it() -> None:
    half = EscalationStep(rung="half", share=0.5)
    assert half.due_at(clock((1, Move.PAUSE))) is None
    assert half.due_at(clock((1, Move.PAUSE), (6, Move.RESUME))) == NOON + 7 * HOUR
    assert half.due_at(clock((3, Move.PAUSE))) == NOON + 2 * HOUR


@pytest.mark.parametrize("ended", [Move.STOP, Move.CANCEL])
@pytest.mark.parametrize("step", [EscalationStep(rung="a", share=0.5), EscalationStep(rung="b", overdue=HOUR)])
def test_no_rung_is_due_on_a_clock_that_has_ended(step: EscalationStep, ended: Move) -> None:
    assert step.due_at(clock((9, ended))) is None
    assert step.due_at(clock((9, ended), (10, Move.RESET))) is not None


NIGHT = ["22:00-07:00", "Sat-Sun"]


@settings(max_examples=200, deadline=None)
@given(
    minute=st.integers(0, 14 * 24 * 60),
    share=st.floats(0, 2),
    overdue=st.timedeltas(timedelta(0), timedelta(days=3)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_rung_with_quiet_hours_never_fires_in_them_and_never_early(
    minute: int, share: float, overdue: timedelta, zone: str
) -> None:
    quiet = Calendar.of("quiet", zone=zone, hours=NIGHT)
    step = EscalationStep(rung="r", share=share, overdue=overdue, within=quiet.inverse())
    start = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=minute)
    one = Clock(name="resolution", target=Target(duration=4 * HOUR), history=(Tick(move=Move.START, at=start),))
    reached, due = step.reached_at(one), step.due_at(one)
    assert reached is not None
    assert due is not None
    assert due >= reached
    assert not quiet.is_open(due)
    assert quiet.elapsed(reached, due) == due - reached


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "needs a share"),
        ({"share": -0.1}, "cannot be due"),
        ({"share": math.nan}, "cannot be due"),
        ({"share": math.inf}, "cannot be due"),
        ({"overdue": -HOUR}, "after its share"),
        ({"overdue": timedelta(weeks=521)}, "after its share"),
    ],
)
def test_a_rung_that_could_never_be_due_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        EscalationStep(rung="r", **wrong)  # type: ignore[arg-type]


def test_one_name_is_a_list_of_one() -> None:
    assert EscalationStep(rung="r", share=1, notify="manager").notify == ("manager",)
