"""The rungs of the default ladder and of others, when they are due, and which settings are refused."""

from datetime import UTC, datetime, timedelta

import pytest
from soc_escalation.plugin import Escalation
from soc_escalation.settings import Rung, Settings

from soc_core import Clock, Course, EscalationStep, Incident, Move, Priority, SettingsError, Sla, Target, Tick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FOUR_HOURS = Sla(response=Target(duration=HOUR), resolution=Target(duration=4 * HOUR))


def incident(priority: Priority = Priority.HIGH) -> Incident:
    return Incident(
        id="INC-1",
        marker="soc-00000000000000000000",
        fingerprint="f",
        kind=Course.TICKET,
        label="Error",
        severity=8,
        priority=priority,
        confidence=0.8,
        source="sshd",
        message="m",
        first_seen=NOON,
        last_seen=NOON,
        detected_at=NOON,
        opened_at=NOON,
    )


def steps(*ladder: Rung, priority: Priority = Priority.HIGH, **more: object) -> tuple[EscalationStep, ...]:
    settings = Settings(ladder=ladder, **more) if ladder else Settings()  # type: ignore[arg-type]
    return tuple(Escalation(settings).plan_escalation(incident(priority), FOUR_HOURS))


def due(step: EscalationStep, *ticks: Tick, start: datetime = NOON) -> timedelta | None:
    target = getattr(FOUR_HOURS, step.clock)
    clock = Clock(name=step.clock, target=target, history=(Tick(move=Move.START, at=start), *ticks))
    at = step.due_at(clock)
    return None if at is None else at - NOON


def test_the_default_ladder_tells_manager_next_tier_and_executive() -> None:
    half, breach, overdue = steps()
    assert (half.rung, half.notify, due(half)) == ("50%", ("manager",), 2 * HOUR)
    assert (breach.notify, due(breach)) == (("tier2",), 4 * HOUR)
    assert (breach.label, breach.reassign_to) == ("sla-breached", "lead")
    assert breach.comment
    assert (overdue.notify, due(overdue)) == (("executive",), 28 * HOUR)
    assert {step.clock for step in (half, breach, overdue)} == {"resolution"}


@pytest.mark.parametrize(
    ("at", "after"),
    [
        ("50%", 2 * HOUR),
        ("0%", 0 * HOUR),
        ("12.5%", HOUR / 2),
        ("150%", 6 * HOUR),
        ("90m", 1.5 * HOUR),
        ("1h30m", 1.5 * HOUR),
        ("20m", HOUR / 3),
        ("6h", 6 * HOUR),
        ("-30m", 3.5 * HOUR),
        ("-4h", 0 * HOUR),
        ("+90s", 4 * HOUR + timedelta(seconds=90)),
        ("+1d", 28 * HOUR),
        (" +1w ", 172 * HOUR),
    ],
)
def test_a_rung_is_due_at_a_share_after_the_start_before_the_end_or_overdue(at: str, after: timedelta) -> None:
    (step,) = steps(Rung(at=at, notify="lead"))
    assert due(step) == after


def test_a_warning_longer_before_the_end_than_the_whole_target_is_left_out() -> None:
    assert steps(Rung(at="-5h", notify="lead")) == ()


def test_a_rung_may_go_by_the_response_clock() -> None:
    (step,) = steps(Rung(at="50%", clock="response", notify="lead"))
    assert due(step) == HOUR / 2
    assert due(step, Tick(move=Move.STOP, at=NOON + HOUR / 4)) is None


def test_a_rung_is_for_its_priority_and_more_urgent_ones() -> None:
    rung = Rung(at="+24h", notify="executive", minimum_priority=Priority.HIGH)
    told = [priority for priority in Priority if steps(rung, priority=priority)]
    assert told == [Priority.HIGHEST, Priority.HIGH]


def test_a_repeated_rung_is_as_many_rungs_with_names_of_their_own() -> None:
    ladder = steps(Rung(at="50%", notify="lead", unless_acknowledged=True, repeat=4 * HOUR, times=3))
    assert [step.rung for step in ladder] == ["50%", "50%, repeat 1", "50%, repeat 2", "50%, repeat 3"]
    assert [due(step) for step in ladder] == [2 * HOUR, 6 * HOUR, 10 * HOUR, 14 * HOUR]
    assert all(step.unless_acknowledged and step.notify == ("lead",) for step in ladder)


def test_a_rung_in_quiet_hours_waits_for_their_end() -> None:
    quiet = ("22:00-07:00", "Sat-Sun")
    (step,) = steps(Rung(at="100%", notify="executive", quiet=quiet), zone="Europe/Berlin")
    berlin = timedelta(hours=1)
    assert due(step) == 4 * HOUR
    assert due(step, start=NOON + 6 * HOUR) == 19 * HOUR - berlin  # 23:00 -> 07:00
    friday_evening = NOON + timedelta(days=4, hours=6)
    assert due(step, start=friday_evening) == timedelta(days=6, hours=19) - berlin  # -> Monday 07:00


def test_quiet_hours_of_the_ladder_hold_for_rungs_without_their_own() -> None:
    polite, urgent = steps(
        Rung(at="100%", notify="manager"), Rung(at="50%", notify="lead", quiet=()), quiet=("00:00-23:00",)
    )
    assert due(polite) == 11 * HOUR
    assert due(urgent) == 2 * HOUR


def test_a_rung_far_beyond_a_short_target_is_a_rung_like_others() -> None:
    short = Sla(response=Target(duration=HOUR), resolution=Target(duration=timedelta(seconds=1)))
    (step,) = Escalation(Settings(ladder=(Rung(at="24h", notify="lead"),))).plan_escalation(incident(), short)
    clock = Clock(name="resolution", target=short.resolution, history=(Tick(move=Move.START, at=NOON),))
    assert step.due_at(clock) == NOON + 24 * HOUR


def test_a_rung_name_stays_when_the_target_changes() -> None:
    plugin = Escalation(Settings(ladder=(Rung(at="30m", notify="lead"),)))
    names = {
        step.rung
        for hours in (1, 2, 50)
        for step in plugin.plan_escalation(
            incident(), Sla(response=Target(duration=HOUR), resolution=Target(duration=hours * HOUR))
        )
    }
    assert names == {"30m"}


def test_an_empty_ladder_tells_nobody() -> None:
    assert Escalation(Settings(ladder=())).plan_escalation(incident(), FOUR_HOURS) == ()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"at": "fifty"}, "'fifty' is no time; write '50%'"),
        ({"at": "50"}, "'50' is no time"),
        ({"at": "-50%"}, "'-50%' is no time"),
        ({"at": ""}, "'' is no time"),
        ({"at": "+999999w"}, "more than ten years"),
        ({"at": "99999%"}, "'99999%' is no time"),
        ({"notify": ()}, "the rung '4h' does nothing"),
        ({"repeat": HOUR}, "'4h' repeats without end"),
        ({"times": 2}, "'4h' repeats without end or pause"),
        ({"repeat": HOUR, "times": -1}, "repeats without end"),
        ({"repeat": -HOUR, "times": 1}, "repeats without end or pause"),
    ],
)
def test_a_rung_without_sense_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Rung(**{"at": "4h", "notify": "lead", **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rung", "told"),
    [
        (Rung(at="4h", notify="lead", quiet=("10-12",)), "quiet hours of the rung '4h': '10' in opening hours"),
        (Rung(at="4h", notify="lead", quiet=("Mon-Sun",)), "quiet hours of the rung '4h': .*never open"),
        (Rung(at="50%", notify="lead"), "2 rungs of the resolution clock are called '50%'"),
    ],
)
def test_a_ladder_without_sense_is_refused(rung: Rung, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings(ladder=(Rung(at="50%", notify="manager"), rung))


def test_two_rungs_at_one_time_can_be_told_apart_by_name() -> None:
    ladder = (Rung(at="50%", notify="manager"), Rung(at="50%", name="page", notify="lead"))
    assert [step.rung for step in steps(*ladder)] == ["50%", "page"]
