"""A wall clock that is set forward or back makes no deadline early, late or lost: told in true time."""

import json
from datetime import timedelta

import pytest

from soc_core import Event
from soc_core.clock import PATIENCE, AnchoredClock
from soc_core.store import audit
from tests.conftest import NOON
from tests.stages.test_escalate import Ladder

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PACE = 5 * MINUTE
DUE = {"50%": 2 * HOUR, "100%": 4 * HOUR, "+24h": 28 * HOUR}
STEPS = [HOUR, -HOUR, DAY, -DAY]


class Machine:
    """A computer whose wall clock is set by people; what has truly passed is known to the test alone."""

    def __init__(self):
        self.passed, self.off = timedelta(), timedelta()
        self.clock = AnchoredClock(wall=lambda: NOON + self.passed + self.off, steady=self.steady)

    def steady(self):
        return self.passed.total_seconds()


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def clock(machine):
    return machine.clock


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lasts", [PACE, 90 * MINUTE, 100 * DAY], ids=["minutes", "a while", "for good"])
@pytest.mark.parametrize("began", [10 * MINUTE, 2 * HOUR - PACE, 5 * HOUR], ids=["early", "just before", "after"])
def test_a_step_of_the_wall_clock_makes_no_rung_early_late_or_lost(open_soc, listener, machine, step, lasts, began):
    soc = open_soc(("ladder", Ladder()))
    soc.submit([Event(source="app", message="8 Security Alert", received=machine.clock.now())])
    fired = {}
    while machine.passed < 30 * HOUR:
        machine.passed += PACE if machine.passed < 8 * HOUR else HOUR
        machine.off = step if began <= machine.passed < began + lasts else timedelta()
        soc.work()
        for incident, rung in listener.of("escalation"):
            fired.setdefault((incident, rung), machine.passed)
    assert fired == {("INC-1", rung): due for rung, due in DUE.items()}
    assert len(listener.of("escalation")) == len(DUE)
    told = [one.message for one in soc.reports.incidents(active=False) if "clock" in one.message]
    if lasts <= PATIENCE:
        assert (told, stepped(soc)) == ([], [])
    else:
        size = "1h" if abs(step) == HOUR else "1d"
        assert f"{size} {'ahead of' if step > timedelta() else 'behind'} the time that has passed" in told[0]
        assert stepped(soc) == [step.total_seconds()]


@pytest.mark.parametrize("step", STEPS)
def test_what_is_opened_while_the_wall_clock_is_wrong_has_all_its_time(open_soc, listener, machine, step):
    soc = open_soc(("ladder", Ladder()))
    machine.off = step
    machine.passed += HOUR
    soc.work()
    soc.submit([("app", "8 Security Alert")])
    machine.off = timedelta()
    while machine.passed < 6 * HOUR:
        machine.passed += PACE if machine.passed < 8 * HOUR else HOUR
        soc.work()
        expected = [rung for rung, due in DUE.items() if machine.passed >= HOUR + due]
        assert [rung for _, rung in listener.of("escalation")] == expected


def stepped(soc):
    with soc.database.read() as tx:
        return [json.loads(entry.body)["seconds"] for entry in audit.entries(tx) if entry.what == "clock.stepped"]
