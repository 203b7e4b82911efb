"""A week of 200 incidents with people at work, through the whole house, by a clock that is moved by hand."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points

import pytest
from soc_escalation.plugin import Escalation

from soc_core import Change, ChangeRefused, Decision, Event, Finding, Incident, Sla, Update, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TICK = timedelta(hours=1)
WITH = ("sla", "escalation", "local")
PEOPLE = {
    "ann": {"roles": ["lead"], "deputy": "bob"},
    "bob": {"roles": ["analyst", "tier2"]},
    "carla": {},
    "max": {"roles": ["manager", "executive"]},
}


class Judge:
    """Severity and label are the message; everything gets a ticket."""

    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Security Alert", severity=float(event.message), rule=event.host)

    @hookimpl
    def should_create_ticket(self, finding):
        return Decision.ticket("always")


class Listener:
    """Writes down which rung fired for which incident, and how it stood then."""

    def __init__(self, clock):
        self.clock = clock
        self.fired = []

    @hookimpl
    def on_escalation(self, incident, step, delivery):
        self.fired.append((self.clock.now(), incident, step))


@pytest.fixture
def clock():
    return HandClock(NOON)


@pytest.fixture
def listener(clock):
    return Listener(clock)


@pytest.fixture
def soc(clock, listener):
    others = [one.name for one in entry_points(group="soc_core.plugins") if one.name not in WITH]
    settings = {
        "store": "sqlite://",
        "people": PEOPLE,
        "storm": {"limit": 1000},
        "plugins": {"disable": others, "escalation": {}, "sla": {}},
    }
    with Soc.open(
        overrides=settings, env={}, clock=clock, plugins=[("judge", Judge()), ("listener", listener)]
    ) as opened:
        yield opened


def rungs_reached(incident: Incident, now: datetime) -> set[tuple[str, str, int]]:
    sla = Sla(response=incident.clocks["response"].target, resolution=incident.clocks["resolution"].target)
    clock = incident.clocks["resolution"]
    steps = Escalation().plan_escalation(incident, sla)
    dues = {step.rung: step.due_at(clock) for step in steps}
    return {(incident.id, rung, clock.cycle) for rung, due in dues.items() if due is not None and due <= now}


def test_in_a_week_every_rung_fires_once_per_cycle_never_early_and_at_the_first_tick(soc, clock, listener):
    draw = random.Random(7)
    moves = [
        (Change.ACKNOWLEDGED, ""),
        (Change.STATUS, "In Progress"),
        (Change.STATUS, "Resolved"),
        (Change.STATUS, "Open"),
        (Change.PRIORITY, "Highest"),
        (Change.PRIORITY, "Low"),
    ]
    waiting = list(range(200))
    touched = set()
    for tick in range(8 * 24):
        clock.advance(TICK)
        if tick % 4 == 0 and waiting:
            soc.submit([event(waiting.pop(), draw.choice((3, 5, 8, 9)), clock.now()) for _ in range(8) if waiting])
        for name in draw.sample([f"INC-{number}" for number in range(1, 201 - len(waiting))], k=2):
            change, new = draw.choice(moves)
            touched.add((name, clock.now()))
            update = Update(change=change, origin="soc", actor="carla", new=new, at=clock.now(), id=f"{tick}:{name}")
            try:
                soc.change(name, update)
            except ChangeRefused:
                continue
        soc.work()

    found = [incident for incident in soc.reports.incidents(active=False) if incident.source == "app"]
    assert len(found) == 200
    fired = Counter((incident.id, step.rung, incident.clocks[step.clock].cycle) for _, incident, step in listener.fired)
    assert len(fired) > 200
    assert set(fired.values()) == {1}
    for now, incident, step in listener.fired:
        due = step.due_at(incident.clocks[step.clock])
        assert due is not None
        assert due <= now
        assert now - due < TICK or (incident.id, now) in touched

    skipped = {
        (incident.id, json.loads(entry.body)["rung"])
        for incident in found
        for entry in soc.reports.timeline(incident.id)
        if entry.what == "escalation.skipped"
    }
    for incident in (one for one in found if one.status.active):
        for name, rung, cycle in rungs_reached(incident, clock.now()):
            assert (name, rung, cycle) in fired or (name, rung) in skipped


def event(number: int, severity: int, now: datetime) -> Event:
    return Event(source="app", message=str(severity), host=f"host-{number}", received=now)
