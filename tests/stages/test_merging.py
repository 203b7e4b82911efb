"""Two incidents are one: the younger goes on in the older, with its events, notes and everything that comes later."""

from datetime import timedelta

import pytest

from soc_core import Change, ChangeRefused, ClockState, Event, Status, Update
from soc_core.model.job import JobState
from tests.conftest import NOON


@pytest.fixture
def two(soc, clock):
    """INC-1 of severity 8 with one event, and a minute later INC-2 of severity 9 with three and a note."""
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    clock.advance(timedelta(minutes=1))
    soc.submit([Event(source="app", message="9 Security Alert #2", received=clock.now()) for _ in range(3)])
    soc.work()
    say(soc, "INC-2", Change.NOTE, text="same attacker")
    return soc


def say(soc, incident, change, new="", **values):
    update = Update(change=change, origin="soc", actor="ann", at=soc.clock.now(), new=new, **values)
    return soc.change(incident, update)


def seen_again(soc, label):
    soc.submit([Event(source="app", message=label, received=soc.clock.now())])


@pytest.mark.parametrize(("one", "other"), [("INC-1", "INC-2"), ("INC-2", "INC-1"), ("T-2", "T-1")])
def test_the_younger_goes_on_in_the_older_whichever_is_named_first(two, one, other):
    say(two, one, Change.MERGED, other)
    older, younger = two.reports.incident("INC-1"), two.reports.incident("INC-2")
    assert (older.status, older.count, older.severity, older.priority) == (Status.OPEN, 4, 9, "Highest")
    assert (younger.status, younger.merged_into) == (Status.CLOSED, "INC-1")
    assert [note.text for note in two.reports.notes("INC-1")] == ["same attacker"]


def test_both_tickets_are_told_and_the_younger_ones_is_closed(two, listener):
    say(two, "INC-2", Change.MERGED, "INC-1", text="one attacker")
    two.work()
    assert listener.of("merged") == [("INC-2", "INC-1"), ("INC-1", "INC-2")]
    assert listener.of("status") == [("INC-2", "Closed")]
    (entry,) = [e for e in two.reports.timeline("INC-2") if e.what == "incident.merged"]
    assert "It goes on in INC-1 (T-1). one attacker" in entry.body


def test_nothing_is_promised_for_the_younger_any_more(two, clock):
    say(two, "INC-2", Change.MERGED, "INC-1")
    younger = two.reports.incident("INC-2")
    assert {c.state(clock.now() + timedelta(days=9)) for c in younger.clocks.values()} == {ClockState.CANCELLED}
    assert [job for job in two.reports.jobs(JobState.READY, incident="INC-2") if job.dest == "core"] == []


def test_what_happens_later_to_the_younger_is_counted_with_the_older(two):
    say(two, "INC-2", Change.MERGED, "INC-1")
    seen_again(two, "9 Security Alert #2")
    two.submit(
        [
            Event(source="app", message=text, received=two.clock.now())
            for text in ("9 Security Alert #2", "8 Security Alert")
        ]
    )
    assert two.reports.incident("INC-1").count == 7
    assert len(two.reports.incidents(active=False)) == 2


def test_the_older_reopens_for_what_happens_to_the_younger(two, clock):
    say(two, "INC-2", Change.MERGED, "INC-1")
    say(two, "INC-1", Change.STATUS, "Closed")
    clock.advance(timedelta(hours=1))
    seen_again(two, "9 Security Alert #2")
    assert two.reports.incident("INC-1").status is Status.OPEN


def test_who_reopens_the_younger_has_it_back_with_clocks_of_a_new_cycle(two, clock):
    say(two, "INC-2", Change.MERGED, "INC-1")
    clock.advance(timedelta(hours=2))
    younger = say(two, "INC-2", Change.STATUS, "Open")
    assert younger.merged_into is None
    assert younger.clocks["resolution"].due_at() == clock.now() + timedelta(hours=1)


def test_reopening_takes_back_what_the_same_trouble_has_become_since(two, clock):
    say(two, "INC-1", Change.STATUS, "Closed")
    say(two, "INC-1", Change.VERDICT, "false positive")
    clock.advance(timedelta(hours=1))
    seen_again(two, "8 Security Alert")
    assert two.reports.incident("INC-3").follows == "INC-1"
    say(two, "INC-1", Change.STATUS, "In Progress")
    assert two.reports.incident("INC-3").merged_into == "INC-1"
    assert two.reports.incident("INC-1").count == 2


@pytest.mark.parametrize(
    ("first", "into", "sentence"),
    [
        ("INC-1", "INC-1", "INC-1 cannot be merged with itself"),
        ("INC-1", "INC-9", "there is no incident or ticket INC-9"),
    ],
)
def test_what_cannot_become_one_is_refused(two, first, into, sentence):
    with pytest.raises(ChangeRefused, match=sentence):
        say(two, first, Change.MERGED, into)


def test_a_closed_incident_takes_nothing_in_and_a_merged_one_is_not_merged_again(two):
    say(two, "INC-1", Change.STATUS, "Closed")
    with pytest.raises(ChangeRefused, match="INC-2 would go on in INC-1, which is Closed: reopen that first"):
        say(two, "INC-2", Change.MERGED, "INC-1")
    say(two, "INC-1", Change.STATUS, "Open")
    say(two, "INC-2", Change.MERGED, "INC-1")
    with pytest.raises(ChangeRefused, match="INC-2 was merged into INC-1 already"):
        say(two, "INC-2", Change.MERGED, "INC-1")


def test_an_alert_that_takes_in_an_incident_with_a_ticket_gets_one(soc):
    soc.submit([Event(source="app", message="6 Error", received=NOON)])
    soc.submit([Event(source="app", message="9 Security Alert", received=NOON)])
    soc.work()
    say(soc, "INC-2", Change.MERGED, "INC-1")
    soc.work()
    assert soc.reports.incident("INC-1").ticket is not None
