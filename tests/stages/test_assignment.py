"""Who gets the incidents of a whole house: by turns over restarts and processes, never who cannot take them."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest

from soc_core import Decision, Event, hookimpl
from soc_core.store import team
from tests.conftest import NOON

PEOPLE = {"ana": {"roles": ["lead"]}, "bo": {}, "eve": {}, "mira": {}}
DURABLE = pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
WORKER = """
import sys
from soc_core import Decision, Event, Finding, hookimpl
from soc_core.app import Soc

class Judge:
    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Error", severity=5, rule=event.message)

    @hookimpl
    def should_create_ticket(self, finding):
        return Decision.ticket("always")

names = ["rules", "local", "console", "jira", "slack", "sla", "escalation"]
overrides = {
    "store": sys.argv[1], "storm.limit": 10_000, "plugins": {"disable": names},
    "people": {"ana": {"roles": ["lead"]}, "bo": {}, "eve": {}, "mira": {}},
}
for part in range(5):
    with Soc.open(overrides=overrides, env={}, plugins=[("judge", Judge())]) as soc:
        for number in range(20):
            soc.submit([("app", f"{sys.argv[2]} {part} {number}")])
"""


@pytest.fixture
def start(open_soc):
    """Opens houses with these people; whatever is found gets a ticket."""

    class Always:
        @hookimpl
        def should_create_ticket(self, finding):
            return Decision.ticket("always")

    return lambda **more: open_soc(("always", Always()), **({"people": PEOPLE, "storm": {"limit": 10_000}} | more))


def medium(soc, *names):
    soc.submit([Event(source="app", message=f"5 Error #{name}", received=soc.clock.now()) for name in names])


def assigned(soc):
    return Counter(one.assignee for one in soc.reports.incidents(limit=1000))


@DURABLE
def test_three_hundred_tickets_are_a_hundred_each_over_restarts(start, clock, store_url):
    for part in range(20):
        soc = start(store=store_url)
        for number in range(15):
            medium(soc, f"{part} {number}")
        clock.advance(timedelta(minutes=1))
        soc.close()
    assert assigned(start(store=store_url)) == {"bo": 100, "eve": 100, "mira": 100}


@DURABLE
def test_three_processes_at_once_with_restarts_share_one_turn(start, store_url):
    start(store=store_url).close()
    running = [subprocess.Popen([sys.executable, "-c", WORKER, store_url, str(number)]) for number in range(3)]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    got = assigned(start(store=store_url))
    assert sum(got.values()) == 300
    assert set(got) == {"bo", "eve", "mira"}
    assert all(abs(number - 100) <= 1 for number in got.values())


@pytest.mark.parametrize("severity", [5, 8])
def test_who_is_away_or_not_assignable_is_skipped_and_the_reason_is_written_down(start, clock, severity):
    soc = start(rota={"leave": [leave_of("bo")]})
    soc.inbox("desk").availability("eve", False, "not assignable in SEC", clock.now() + timedelta(hours=1))
    for number in range(4):
        soc.submit([Event(source="app", message=f"{severity} Error #{number}", received=clock.now())])
    found = soc.reports.incidents()
    assert {one.assignee for one in found} == {"mira"}
    for one in found:
        assert f"skipped: bo is on leave until {NOON.date()}, eve is not assignable in SEC" in one.assignee_reason
    with soc.database.read() as tx:
        assert set(team.turns(tx)) == {"mira"}
    clock.advance(timedelta(hours=1))
    medium(soc, "later")
    assert soc.reports.incident("INC-5").assignee == "eve"


def test_an_empty_pool_goes_to_the_lead_and_says_why(start, clock):
    soc = start(people={"ana": {"roles": ["lead"]}, "bo": {}}, rota={"leave": [leave_of("bo")]})
    medium(soc, "one")
    (one,) = soc.reports.incidents()
    assert one.assignee == "ana"
    assert one.assignee_reason.startswith(
        f"no analyst is available (bo is on leave until {NOON.date()}): it goes to the"
    )
    assert "lead" in one.assignee_reason


def leave_of(name):
    return {"person": name, "first": NOON.date(), "last": NOON.date()}
