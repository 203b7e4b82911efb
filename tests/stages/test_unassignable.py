"""Whom JIRA cannot assign keeps no incident: the house passes it on, once, and the ticket goes along."""

import json
from datetime import timedelta

import pytest

from soc_core import Change, Event, Update
from soc_core.store import audit
from soc_core.testing.jira import FakeJira
from tests.stages.conftest import QUIET, decide

MINUTE = timedelta(minutes=1)
ANA = {"email": "ana@example.org", "roles": ["lead"]}
AL = {"email": "guest@example.org"}  # JIRA knows them and cannot assign them
BEA = {"email": "bea@example.org"}  # JIRA does not know them
BO = {"email": "bo@example.org"}


@pytest.fixture(params=["cloud", "dc-9.12"])
def jira(request, clock):
    with FakeJira(now=clock.now, flavour=request.param) as site:
        yield site


@pytest.fixture
def start(open_soc, jira, tmp_path):
    """Opens houses of some people whose tickets are in JIRA."""
    token = tmp_path / "token"
    token.write_text(jira.token)
    secret = {"file": str(token)}
    own = {"username": jira.username, "api_token": secret} if jira.cloud else {"personal_access_token": secret}
    login = {"server_url": jira.url, "project_key": "SEC", **own}
    plugins = {"disable": [name for name in QUIET if name != "jira"], "jira": login}
    always = ("always", decide("ticket"))
    return lambda **people: open_soc(("desk", None), always, plugins=plugins, people=people)


def opened(soc, severity):
    soc.submit([Event(source="app", message=f"{severity} Error", received=soc.clock.now())])


def play(soc, clock, minutes=20):
    """Long enough for polls and sweeps to bring back whatever they take for news."""
    soc.work()
    for _ in range(minutes):
        clock.advance(MINUTE)
        soc.work()


def assign(soc, name):
    soc.change("INC-1", Update(change=Change.ASSIGNEE, origin="soc", actor="ana", new=name, at=soc.clock.now()))


def holders(soc, jira):
    """Who has it in the house, and who has the ticket."""
    account = jira.issue("SEC-1").assignee
    return soc.reports.incident("INC-1").assignee, None if account is None else jira.tracker.users[account].name


def handed_on(soc):
    """Each time it changed hands, by the audit: from whom, to whom, and why."""
    with soc.database.read() as tx:
        found = [json.loads(one.body) for one in audit.entries(tx, incident="INC-1") if one.what == "incident.assignee"]
    return [(one["old"], one["new"], one["text"]) for one in found]


def written(jira):
    """How often the only ticket was changed."""
    (ticket,) = jira.issues
    return len(ticket.histories)


@pytest.mark.parametrize(
    ("severity", "why"),
    [(5, "next in turn of the available analysts"), (8, "the least load of the available analysts (0 open)")],
)
def test_the_first_incident_of_somebody_unassignable_goes_to_the_next_once(start, jira, clock, severity, why):
    soc = start(ana=ANA, al=AL, bea=BEA, bo=BO)
    opened(soc, severity)
    assert soc.reports.incident("INC-1").assignee == "al"
    soc.work()
    assert holders(soc, jira) == ("bo", "bo")
    assert handed_on(soc) == [
        ("al", "bea", f"{why}; skipped: al is not assignable in SEC"),
        ("bea", "bo", f"{why}; skipped: al is not assignable in SEC, bea is not assignable in SEC"),
    ]
    edits = written(jira)
    play(soc, clock)
    assert holders(soc, jira) == ("bo", "bo")
    assert (len(handed_on(soc)), written(jira)) == (2, edits)


def test_where_jira_can_assign_no_analyst_it_goes_to_the_lead(start, jira, clock):
    soc = start(ana=ANA, al=AL)
    opened(soc, 5)
    play(soc, clock)
    assert holders(soc, jira) == ("ana", "ana")
    assert handed_on(soc) == [
        ("al", "ana", "no analyst is available (al is not assignable in SEC): it goes to the lead")
    ]


def test_where_jira_cannot_assign_the_lead_a_highest_one_goes_to_an_analyst(start, jira, clock):
    soc = start(al=AL | {"roles": ["lead"]}, bo=BO)
    opened(soc, 9)
    assert soc.reports.incident("INC-1").assignee == "al"
    play(soc, clock)
    assert holders(soc, jira) == ("bo", "bo")
    assert handed_on(soc)[0][2].startswith("no lead is available (al is not assignable in SEC): the least load")


def test_where_jira_can_assign_nobody_it_stays_and_nothing_goes_round(start, jira, clock):
    soc = start(al=AL, bea=BEA)
    opened(soc, 5)
    soc.work()
    assert (len(handed_on(soc)), holders(soc, jira)) == (1, ("bea", None))
    edits = written(jira)
    play(soc, clock, 70)
    assert (len(handed_on(soc)), holders(soc, jira), written(jira)) == (1, ("bea", None), edits)


@pytest.mark.parametrize("first", ["before", "after"])
def test_whom_a_person_chose_keeps_it_although_jira_cannot_assign_them(start, jira, clock, first):
    soc = start(al=AL, bo=BO)
    opened(soc, 5)
    if first == "after":
        soc.work()
    else:
        assign(soc, "bo")
    assign(soc, "al")
    play(soc, clock)
    assert soc.reports.incident("INC-1").assignee == "al"
    assert handed_on(soc)[-1][:2] == ("bo", "al")


def test_what_people_make_of_it_in_jira_afterwards_counts(start, jira, clock):
    soc = start(ana=ANA, al=AL, bo=BO)
    opened(soc, 5)
    play(soc, clock, 1)
    jira.human("bo").assigns("SEC-1", "ana")
    play(soc, clock)
    assert holders(soc, jira) == ("ana", "ana")
    assert [entry[:2] for entry in handed_on(soc)] == [("al", "bo"), ("bo", "ana")]
