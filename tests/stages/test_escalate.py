"""Rungs of the ladder: each fires once per clock cycle, never early, and after downtime only the highest."""

import json
from datetime import timedelta

import pytest

from soc_core import Change, EscalationStep, Event, Update, hookimpl
from tests.conftest import NOON

HOUR = timedelta(hours=1)
LADDER = (
    EscalationStep(rung="50%", share=0.5, notify=["manager"]),
    EscalationStep(rung="100%", share=1.0, notify=["tier2"], label="sla-breached", reassign_to="lead"),
    EscalationStep(rung="+24h", overdue=24 * HOUR, notify=["executive"]),
)


class Ladder:
    @hookimpl
    def plan_escalation(self, incident, sla):
        return LADDER


@pytest.fixture
def soc(open_soc, store_url):
    people = {
        "ana": {"roles": ["lead"]},
        "bo": {"roles": ["analyst"]},
        "mira": {"roles": ["manager"]},
    }
    soc = open_soc(("ladder", Ladder()), store=store_url, people=people)
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    return soc


def change(soc, what, new="", **values):
    at = values.pop("at", soc.clock.now())
    return soc.change("INC-1", Update(change=what, origin="soc", actor="bo", new=new, at=at, **values))


def fired(listener):
    return [rung for _, rung in listener.of("escalation")]


def pass_time(soc, clock, span, pace=timedelta(minutes=1)):
    end = clock.now() + span
    while clock.now() < end:
        clock.advance(pace)
        soc.work()


def test_every_rung_fires_once_at_the_first_tick_after_it_is_due(soc, clock, listener):
    seen = {}
    for _ in range(30 * 60):
        clock.advance(timedelta(minutes=1))
        soc.work()
        for rung in fired(listener):
            seen.setdefault(rung, clock.now() - NOON)
    assert seen == {"50%": 2 * HOUR, "100%": 4 * HOUR, "+24h": 28 * HOUR}
    assert fired(listener) == ["50%", "100%", "+24h"]


def test_after_downtime_only_the_highest_due_rung_fires_and_the_others_are_recorded(soc, clock, listener):
    clock.advance(9 * HOUR)
    soc.work()
    soc.work()
    assert fired(listener) == ["100%"]
    skipped = [json.loads(e.body)["rung"] for e in soc.reports.timeline("INC-1") if e.what == "escalation.skipped"]
    assert skipped == ["50%"]


def test_a_resolved_incident_does_not_escalate(soc, clock, listener):
    change(soc, Change.STATUS, "Resolved")
    pass_time(soc, clock, 30 * HOUR, HOUR)
    assert fired(listener) == []


def test_a_resumed_clock_goes_on_where_it_stopped(soc, clock, listener):
    pass_time(soc, clock, HOUR)
    change(soc, Change.STATUS, "Resolved")
    pass_time(soc, clock, 10 * HOUR, HOUR)
    change(soc, Change.STATUS, "Open")
    pass_time(soc, clock, HOUR - timedelta(minutes=1))
    assert fired(listener) == []
    pass_time(soc, clock, timedelta(minutes=1))
    assert fired(listener) == ["50%"]


def test_a_new_cycle_fires_its_rungs_again(soc, clock, listener):
    pass_time(soc, clock, 2 * HOUR)
    change(soc, Change.STATUS, "Closed")
    soc.submit([Event(source="app", message="8 Security Alert", received=clock.now())])
    pass_time(soc, clock, 2 * HOUR)
    assert fired(listener) == ["50%", "50%"]


def test_a_higher_priority_moves_the_rungs_forward(soc, clock, listener):
    pass_time(soc, clock, timedelta(minutes=40))
    change(soc, Change.PRIORITY, "Highest")
    soc.work()
    assert fired(listener) == ["50%"]
    pass_time(soc, clock, timedelta(minutes=20))
    assert fired(listener) == ["50%", "100%"]


def test_a_breach_gives_the_incident_to_the_lead_unless_somebody_acknowledged(soc, clock):
    change(soc, Change.ASSIGNEE, "bo")
    pass_time(soc, clock, 4 * HOUR, timedelta(minutes=10))
    assert soc.reports.incident("INC-1").assignee == "ana"


def test_an_acknowledged_incident_stays_with_its_assignee(soc, clock):
    change(soc, Change.ASSIGNEE, "bo")
    change(soc, Change.ACKNOWLEDGED)
    pass_time(soc, clock, 4 * HOUR, timedelta(minutes=10))
    assert soc.reports.incident("INC-1").assignee == "bo"


def test_who_is_told_is_written_down_by_name(soc, clock):
    pass_time(soc, clock, 2 * HOUR, timedelta(minutes=30))
    told = [json.loads(e.body)["told"] for e in soc.reports.timeline("INC-1") if e.what == "escalation.fired"]
    assert told == [["mira"]]


def test_a_hundred_restarts_fire_nothing_twice(open_soc, clock, listener, tmp_path):
    store = f"sqlite:///{tmp_path / 'soc.db'}"
    open_soc(("ladder", Ladder()), store=store).submit([Event(source="app", message="8 Security Alert", received=NOON)])
    for _ in range(100):
        clock.advance(timedelta(minutes=20))
        open_soc(("ladder", Ladder()), store=store).work()
    assert fired(listener) == ["50%", "100%", "+24h"]


class Page:
    """Somebody is called; who does not answer in ten minutes is passed over."""

    @hookimpl
    def plan_escalation(self, incident, sla):
        steps = (("bo", 0), ("ana", 10), ("mira", 20))
        return [
            EscalationStep(
                rung=name,
                clock="response",
                share=0,
                overdue=timedelta(minutes=minutes),
                notify=[name],
                unless_acknowledged=True,
            )
            for name, minutes in steps
        ]


@pytest.mark.parametrize(("answered", "called"), [(None, ["bo", "ana", "mira"]), (15, ["bo", "ana"])])
def test_a_page_that_nobody_acknowledges_moves_on_after_its_time(open_soc, clock, listener, answered, called):
    people = {"ana": {"roles": ["lead"]}, "bo": {}, "mira": {}}
    soc = open_soc(("ladder", Page()), people=people)
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    for minute in range(1, 40):
        if minute == answered:
            change(soc, Change.ACKNOWLEDGED)
        clock.advance(timedelta(minutes=1))
        soc.work()
    assert fired(listener) == called
