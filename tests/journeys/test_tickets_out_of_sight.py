"""A ticket is moved, deleted, closed as a double, hidden, or waits: each a defined state, told within one look."""

from datetime import timedelta

import pytest

from soc_core import Change, ChangeRefused, ClockState, Decision, Finding, Sla, Status, Target, Update, hookimpl
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


@pytest.fixture(params=["cloud"])
def jira(request, clock):
    """A site of a flavour, or with other projects."""
    given = request.param
    more = {"flavour": given} if isinstance(given, str) else {"projects": given}
    with FakeJira(now=clock.now, **({"projects": PROJECTS} | more)) as site:
        yield site


@pytest.fixture
def chat():
    return Chat()


@pytest.fixture
def soc(clock, jira, chat):
    env = {
        "JIRA_SERVER_URL": jira.url,
        **(
            {"JIRA_USERNAME": jira.username, "JIRA_API_TOKEN": jira.token}
            if jira.tracker.cloud
            else {"JIRA_PERSONAL_ACCESS_TOKEN": jira.token}
        ),
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


def test_a_ticket_asked_for_in_place_of_a_deleted_one_is_made_once(soc, jira, clock, chat):
    for number in (2, 3):
        jira.human("ana").deletes(f"SEC-{number - 1}")
        one_cycle(soc, clock)
        presses = [soc.request_ticket("INC-1", actor=who) for who in ("ana", "bo", "ana", "bo", "ana")]
        assert presses == [True, False, False, False, False]
        soc.work()
        assert soc.reports.incident("INC-1").ticket.key == f"SEC-{number}"
        assert soc.reports.ticket_state("INC-1") == "made"
        assert not soc.request_ticket("INC-1", actor="ana")
        one_cycle(soc, clock)
        assert [issue.key for issue in jira.issues] == [f"SEC-{number}"]
    asked = ("promoted", "", "", "asked for by ana, as the ticket is gone")
    assert [entry for entry in chat.heard if entry[0] == "promoted"] == [asked, asked]


def test_a_ticket_asked_for_when_the_lost_one_can_be_seen_again_is_that_one(soc, jira, clock, chat):
    jira.api.hidden.add("SEC-1")
    one_cycle(soc, clock)
    jira.api.hidden.clear()
    assert soc.request_ticket("INC-1", actor="ana")
    soc.work()
    assert soc.reports.incident("INC-1").ticket.key == "SEC-1"
    one_cycle(soc, clock)
    assert [issue.key for issue in jira.issues] == ["SEC-1"]


def test_a_resolved_incident_whose_ticket_is_gone_gets_none_before_it_is_reopened(soc, jira, clock, chat):
    jira.human("ana").deletes("SEC-1")
    one_cycle(soc, clock)
    soc.change("INC-1", Update(change=Change.STATUS, origin="soc", actor="bo", new="Resolved", at=clock.now()))
    with pytest.raises(ChangeRefused, match="reopen it before it gets a ticket"):
        soc.request_ticket("INC-1", actor="ana")


def test_a_ticket_that_people_close_as_a_double_closes_its_incident(soc, jira, clock, chat):
    jira.human("ana").moves("SEC-1", "Closed", resolution="Duplicate")
    one_cycle(soc, clock, 2 * MINUTE)
    assert soc.reports.incident("INC-1").status is Status.CLOSED
    assert ("status", "Open", "Closed", "") in chat.heard


def test_a_ticket_merged_into_an_older_one_takes_its_incident_along(soc, jira, clock, chat):
    soc.submit([("gate", "somebody broke in there")])
    one_cycle(soc, clock, 2 * MINUTE)
    ana = jira.human("ana")
    ana.links_duplicate("SEC-2", "SEC-1")
    ana.moves("SEC-2", "Closed", resolution="Duplicate")
    one_cycle(soc, clock, 2 * MINUTE)
    older, younger = soc.reports.incident("INC-1"), soc.reports.incident("INC-2")
    assert (younger.status, younger.merged_into) == (Status.CLOSED, "INC-1")
    assert (older.status, older.count) == (Status.OPEN, 2)
    assert ("merged", "", "INC-1", "It goes on in INC-1 (SEC-1). SEC-2 duplicates SEC-1") in chat.heard
    assert (jira.issue("SEC-1").status, jira.issue("SEC-2").status) == ("Open", "Closed")
    heard, written = len(chat.heard), len(jira.issue("SEC-2").histories)
    one_cycle(soc, clock)
    assert (len(chat.heard), len(jira.issue("SEC-2").histories)) == (heard, written)


def test_an_older_ticket_closed_for_a_younger_one_is_closed_and_takes_nothing_along(soc, jira, clock, chat):
    soc.submit([("gate", "somebody broke in there")])
    one_cycle(soc, clock, 2 * MINUTE)
    ana = jira.human("ana")
    ana.links_duplicate("SEC-1", "SEC-2")
    ana.moves("SEC-1", "Closed", resolution="Duplicate")
    one_cycle(soc, clock, 2 * MINUTE)
    assert soc.reports.incident("INC-1").status is Status.CLOSED
    assert soc.reports.incident("INC-2").status is Status.OPEN
    assert jira.issue("SEC-2").status == "Open"


@pytest.mark.parametrize("jira", ["cloud", "dc-9.12"], indirect=True)
def test_a_ticket_that_we_may_not_see_any_more_is_told_and_comes_back(soc, jira, clock, chat):
    jira.api.hidden.add("SEC-1")
    one_cycle(soc, clock)
    incident = soc.reports.incident("INC-1")
    assert (incident.ticket, incident.status, soc.reports.ticket_state("INC-1")) == (None, Status.OPEN, "gone")
    gone = ("ticket", "SEC-1", "", "SEC-1 was deleted in JIRA, or we may no longer see it")
    assert [entry for entry in chat.heard if entry[0] == "ticket"] == [gone]
    jira.human("ana").moves("SEC-1", "In Progress")
    jira.api.hidden.clear()
    one_cycle(soc, clock)
    incident = soc.reports.incident("INC-1")
    assert (incident.ticket.key, incident.status) == ("SEC-1", Status.IN_PROGRESS)
    assert soc.reports.ticket_state("INC-1") == "made"
    assert [entry[1:3] for entry in chat.heard if entry[0] == "ticket"] == [("SEC-1", ""), ("", "SEC-1")]


@pytest.mark.parametrize("jira", ["cloud", "dc-9.12"], indirect=True)
def test_a_whole_project_hidden_for_an_hour_loses_no_ticket_and_makes_no_new_one(soc, jira, clock, chat):
    soc.submit([(f"app{number}", "somebody broke in") for number in range(5)])
    one_cycle(soc, clock)
    keys = {issue.key for issue in jira.issues}
    jira.api.hidden |= keys
    one_cycle(soc, clock, 60 * MINUTE)
    jira.api.hidden.clear()
    one_cycle(soc, clock)
    assert {one.ticket.key for one in soc.reports.incidents() if one.rule == "r"} == keys
    assert {issue.key for issue in jira.issues} == keys


def test_a_ticket_that_we_may_not_write_to_any_more_is_told(soc, jira, clock, chat):
    jira.api.denied |= {"EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS"}
    update = Update(change=Change.STATUS, origin="soc", actor="bo", new="In Progress", at=clock.now())
    soc.change("INC-1", update)
    one_cycle(soc, clock, 2 * MINUTE)
    (alarm,) = [one.message for one in soc.reports.incidents() if one.rule == "soc-core.health"]
    assert "INC-1" in alarm
    assert "give the account the permission to transition issues" in alarm
    assert soc.reports.incident("INC-1").status is Status.IN_PROGRESS


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
