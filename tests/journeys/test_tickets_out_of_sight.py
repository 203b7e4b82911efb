"""A ticket is moved, deleted, closed as a double, hidden, or waits: each a defined state, told within one look."""

from datetime import timedelta

import pytest

from soc_core import ClockState, Decision, Finding, Sla, Status, Target, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.testing.jira import ODD, FakeJira, Project

MINUTE = timedelta(minutes=1)
PROJECTS = [Project(key="SEC", name="Security"), Project(key="OPS", name="Operations", id="10001")]


class Judge:
    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Security Alert", severity=8, rule="r")

    @hookimpl
    def should_create_ticket(self, finding):
        return Decision.ticket("always")

    @hookimpl
    def compute_sla(self, incident):
        target = Target(duration=timedelta(hours=4), pauses=["Contained"])
        return Sla(response=target, resolution=target)


class Chat:
    def __init__(self):
        self.heard = []

    @hookimpl
    def on_incident_updated(self, incident, update, delivery):
        self.heard.append((str(update.change), update.old, update.new, update.text))


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture(params=[PROJECTS])
def jira(request, clock):
    with FakeJira(now=clock.now, projects=request.param) as site:
        yield site


@pytest.fixture
def chat():
    return Chat()


@pytest.fixture
def soc(clock, jira, chat):
    env = {
        "JIRA_SERVER_URL": jira.url,
        "JIRA_USERNAME": jira.username,
        "JIRA_API_TOKEN": jira.token,
        "JIRA_PROJECT_KEY": "SEC",
    }
    off = {"disable": ["rules", "console", "local", "slack", "sla", "escalation"]}
    overrides = {"store": "sqlite://", "plugins": off}
    with Soc.open(env=env, overrides=overrides, clock=clock, plugins=[("judge", Judge()), ("chat", chat)]) as opened:
        opened.submit([("app", "somebody broke in")])
        opened.work()
        yield opened


def one_cycle(soc, clock, span=20 * MINUTE):
    """Long enough for a poll and for the sweep that looks for what polls cannot see."""
    for _ in range(span // MINUTE):
        clock.advance(MINUTE)
        soc.work()


def test_a_ticket_that_moves_to_another_project_keeps_its_incident(soc, jira, clock, chat):
    jira.human("ana").moves_to_project("SEC-1", "OPS")
    one_cycle(soc, clock)
    key = soc.reports.incident("INC-1").ticket.key
    assert key.startswith("OPS-")
    assert ("ticket", "SEC-1", key, f"moved to {key}") in chat.heard


def test_a_deleted_ticket_is_told_and_its_incident_goes_on(soc, jira, clock, chat):
    jira.human("ana").deletes("SEC-1")
    one_cycle(soc, clock)
    incident = soc.reports.incident("INC-1")
    assert (incident.ticket, incident.status) == (None, Status.OPEN)
    assert soc.reports.ticket_state("INC-1") == "gone"
    assert [entry for entry in chat.heard if entry[0] == "ticket"] == [
        ("ticket", "SEC-1", "", "SEC-1 was deleted in JIRA, or we may no longer see it")
    ]
    assert incident.clocks["resolution"].due_at() is not None


def test_a_ticket_that_people_close_as_a_double_closes_its_incident(soc, jira, clock, chat):
    jira.human("ana").moves("SEC-1", "Closed", resolution="Duplicate")
    one_cycle(soc, clock, 2 * MINUTE)
    assert soc.reports.incident("INC-1").status is Status.CLOSED
    assert ("status", "Open", "Closed", "") in chat.heard


@pytest.mark.parametrize("jira", [[Project(key="SEC", name="Security", workflow=ODD)]], indirect=True)
def test_a_ticket_in_a_wait_state_pauses_the_clocks_until_it_moves_on(soc, jira, clock, chat):
    ana = jira.human("ana")
    ana.moves("SEC-1", "Triage")
    one_cycle(soc, clock, 2 * MINUTE)
    ana.moves("SEC-1", "Contained")
    paused = clock.now()
    one_cycle(soc, clock, 2 * MINUTE)
    waiting = soc.reports.incident("INC-1").clocks["resolution"]
    assert (waiting.state(clock.now()), waiting.history[-1].reason) == (ClockState.PAUSED, "Contained")
    assert waiting.history[-1].at == paused
    assert ("sla", "Triage", "Contained", "the clocks pause: Contained") in chat.heard
    ana.moves("SEC-1", "Done")
    one_cycle(soc, clock, 2 * MINUTE)
    done = soc.reports.incident("INC-1").clocks["resolution"]
    assert (done.state(clock.now()), done.used(clock.now())) == (ClockState.MET, 2 * MINUTE)


def test_a_withdrawn_login_stops_nothing_else_and_is_told_once(soc, jira, clock, chat):
    jira.login = "revoked"
    soc.submit([("other", "somebody broke in again")])
    one_cycle(soc, clock)
    about_itself = [one for one in soc.reports.incidents() if one.rule == "soc-core.health"]
    assert len(about_itself) == 1
    assert "jira" in about_itself[0].message
    assert soc.reports.incident("INC-1").ticket.key == "SEC-1"
    jira.login = "ok"
    one_cycle(soc, clock)
    assert soc.reports.incident("INC-2").ticket is not None
