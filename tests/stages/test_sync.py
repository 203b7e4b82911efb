"""Changes that people ask for: carried out once, refused with a reason, told to everybody."""

from datetime import timedelta

import pytest

from soc_core import Change, ChangeRefused, ClockState, Event, Status, Update
from soc_core.store import team
from tests.conftest import NOON


@pytest.fixture
def started(soc):
    soc.submit([Event(source="app", message="9 Security Alert", received=NOON)])
    soc.work()
    return soc


def ask(soc, what, new="", **values):
    values = {"origin": "jira", "actor": "ann", "at": soc.clock.now(), **values}
    return soc.inbox("jira").change("INC-1", Update(change=what, new=new, **values))


def incident(soc):
    return soc.reports.incident("INC-1")


def test_a_change_is_found_by_the_tickets_key_as_well(started):
    started.inbox("jira").change("T-1", Update(change=Change.STATUS, new="In Progress", origin="jira", at=NOON))
    assert incident(started).status is Status.IN_PROGRESS


def test_a_change_that_arrives_five_times_has_one_effect(started, listener):
    assert [ask(started, Change.NOTE, text="seen", id="c-1") for _ in range(5)] == [True] + [False] * 4
    started.work()
    assert [note.text for note in started.reports.notes("INC-1")] == ["seen"]
    assert len(listener.of("note")) == 1


def test_the_same_id_from_another_side_is_another_change(started):
    assert ask(started, Change.NOTE, text="a", id="1")
    assert ask(started, Change.NOTE, text="b", id="1", origin="slack")


def test_an_unknown_incident_is_refused_by_name(started):
    with pytest.raises(ChangeRefused, match="there is no incident or ticket INC-99"):
        started.inbox("jira").change("INC-99", Update(change=Change.NOTE, text="x", origin="jira", at=NOON))


def test_a_refused_change_may_be_repeated_and_leaves_no_trace(started):
    before = incident(started)
    for _ in range(2):
        with pytest.raises(ChangeRefused, match="'Nonsense' is no status; it is one of Open, In Progress"):
            ask(started, Change.STATUS, "Nonsense", id="same")
    assert incident(started) == before


def test_a_closed_incident_cannot_become_resolved(started):
    ask(started, Change.STATUS, "Closed")
    with pytest.raises(ChangeRefused, match="INC-1 is Closed and cannot become Resolved: reopen it first"):
        ask(started, Change.STATUS, "Resolved")


def test_a_move_to_where_it_is_already_is_no_change(started, listener):
    ask(started, Change.STATUS, "Open")
    started.work()
    assert listener.of("status") == []


def test_acknowledging_stops_the_response_clock_and_only_that(started, clock):
    clock.advance(timedelta(minutes=10))
    ask(started, Change.ACKNOWLEDGED)
    clock.advance(timedelta(hours=2))
    states = {name: clk.state(clock.now()) for name, clk in incident(started).clocks.items()}
    assert states == {"response": ClockState.MET, "resolution": ClockState.BREACHED}
    assert incident(started).acknowledged_by == "ann"
    assert incident(started).acknowledged_at == NOON + timedelta(minutes=10)


def test_the_second_to_acknowledge_changes_nothing(started):
    ask(started, Change.ACKNOWLEDGED)
    ask(started, Change.ACKNOWLEDGED, actor="bob")
    assert incident(started).acknowledged_by == "ann"


def test_starting_work_acknowledges(started):
    ask(started, Change.STATUS, "in progress")
    assert incident(started).acknowledged_by == "ann"


def test_resolving_stops_the_clock_and_reopening_resumes_it(started, clock):
    clock.advance(timedelta(minutes=30))
    ask(started, Change.STATUS, "Resolved")
    clock.advance(timedelta(hours=5))
    assert incident(started).clocks["resolution"].state(clock.now()) is ClockState.MET
    ask(started, Change.STATUS, "In Progress")
    assert incident(started).clocks["resolution"].due_at() == clock.now() + timedelta(minutes=30)


def test_everybody_is_told_where_a_change_came_from(started, listener):
    ask(started, Change.ASSIGNEE, "bo", origin="slack")
    started.work()
    assert listener.of("assignee") == [("INC-1", "bo")]
    (entry,) = [e for e in started.reports.timeline("INC-1") if e.what == "incident.assignee"]
    assert (entry.actor, entry.origin) == ("ann", "slack")


def test_a_ticket_that_moves_or_disappears_is_kept_track_of(started):
    inbox = started.inbox("desk")
    inbox.ticket_moved("T-1", "OPS-7", "https://jira.example/browse/OPS-7")
    assert incident(started).ticket.key == "OPS-7"
    inbox.ticket_gone("OPS-7", "deleted by ann")
    assert incident(started).ticket is None
    assert started.reports.ticket_state("INC-1") == "gone"


def test_cursors_and_refs_belong_to_their_plugin(started):
    started.inbox("jira").save_cursor("poll", "12")
    started.inbox("slack").save_cursor("poll", "99")
    assert started.inbox("jira").cursor("poll") == "12"
    started.inbox("slack").keep_refs("INC-1", {"parent": "C1:1.0"})
    assert incident(started).refs["slack:parent"] == "C1:1.0"


def test_a_hint_about_somebody_lapses(started, clock):
    started.inbox("slack").availability("bo", available=False, reason="away", until=NOON + timedelta(hours=1))
    with started.database.read() as tx:
        assert [hint.person for hint in team.hints(tx, NOON)] == ["bo"]
        assert team.hints(tx, NOON + timedelta(hours=1)) == ()


def test_events_handed_in_by_a_plugin_are_judged_like_all_others(soc):
    events = [Event(source="app", message="9 Security Alert", received=NOON, id="x")]
    assert [soc.inbox("stream").submit(events) for _ in range(3)] == [1, 0, 0]
    assert incident(soc).count == 1
