"""Two sides change one thing: late, reordered and repeated news, conflicts, and who wins."""

from datetime import timedelta

import pytest

from soc_core import Change, ChangeRefused, ClockState, Event, Sla, Status, Target, Update, hookimpl
from tests.conftest import NOON
from tests.stages.conftest import Listener

MINUTE = timedelta(minutes=1)


def at(minutes):
    return NOON + minutes * MINUTE


@pytest.fixture
def other():
    return Listener()


@pytest.fixture
def open_sides(open_soc, clock, other):
    """A house with the sides `desk` (the tracker), `chat` and `other`, one incident in it, ten minutes later."""

    def make(**sync):
        soc = open_soc(("chat", Listener()), ("other", other), sync=sync)
        soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
        soc.work()
        clock.advance(10 * MINUTE)
        return soc

    return make


@pytest.fixture
def soc(open_sides):
    return open_sides()


def say(soc, origin, new, minute, change=Change.STATUS, **values):
    update = Update(change=change, origin=origin, actor=f"ann@{origin}", new=new, at=at(minute), **values)
    return soc.inbox(origin).change("INC-1", update)


def incident(soc):
    return soc.reports.incident("INC-1")


def notes(soc):
    return [note.text for note in soc.reports.notes("INC-1")]


def test_what_one_side_said_before_does_not_overtake_what_it_said_last(soc):
    say(soc, "desk", "Resolved", 3)
    say(soc, "desk", "In Progress", 2)
    assert incident(soc).status is Status.RESOLVED
    assert notes(soc) == []


def test_older_news_of_another_side_lose_and_the_loss_is_told_to_people_and_to_that_side(soc, other, listener):
    say(soc, "chat", "Resolved", 3)
    say(soc, "other", "In Progress", 2)
    soc.work()
    assert incident(soc).status is Status.RESOLVED
    assert notes(soc) == [
        (
            "status: Resolved (chat) stays, not In Progress (ann@other in other); "
            "both were chosen before one side knew of the other, and the newer one counts"
        )
    ]
    assert other.of("status") == [("INC-1", "Resolved"), ("INC-1", "Resolved")]
    assert listener.of("status") == [("INC-1", "Resolved")]


def test_newer_news_of_a_side_that_did_not_know_yet_win_and_leave_a_note(soc):
    say(soc, "chat", "Resolved", 3)
    say(soc, "other", "In Progress", 4)
    assert incident(soc).status is Status.IN_PROGRESS
    assert "In Progress (ann@other in other) replaces Resolved (chat)" in notes(soc)[0]


def test_a_side_that_was_told_before_it_changed_its_mind_is_in_no_conflict(soc, clock):
    say(soc, "chat", "In Progress", 3)
    soc.work()
    clock.advance(MINUTE)
    say(soc, "other", "Resolved", 11)
    assert incident(soc).status is Status.RESOLVED
    assert notes(soc) == []


@pytest.mark.parametrize(
    ("wins", "status"), [("chat", Status.RESOLVED), ("other", Status.IN_PROGRESS), ("newest", Status.IN_PROGRESS)]
)
def test_the_settings_say_who_wins_where_two_changed_it_at_once(open_sides, wins, status):
    soc = open_sides(status=wins)
    say(soc, "chat", "Resolved", 3)
    say(soc, "other", "In Progress", 4)
    assert incident(soc).status is status
    assert len(notes(soc)) == 1


def test_an_older_word_of_the_side_that_wins_counts_as_well(open_sides):
    soc = open_sides(assignee="other")
    say(soc, "chat", "bo", 5, Change.ASSIGNEE)
    say(soc, "other", "ann", 4, Change.ASSIGNEE)
    assert incident(soc).assignee == "ann"


def test_a_setting_that_names_neither_side_leaves_it_to_the_newer(open_sides):
    soc = open_sides(priority="somebody")
    say(soc, "chat", "Low", 5, Change.PRIORITY)
    say(soc, "other", "Highest", 4, Change.PRIORITY)
    assert incident(soc).priority == "Low"


def test_an_echo_of_what_was_written_before_the_last_write_changes_nothing(soc, clock):
    say(soc, "chat", "In Progress", 3)
    soc.work()
    clock.advance(MINUTE)
    say(soc, "chat", "Resolved", 10.5)
    clock.advance(MINUTE)
    soc.work()
    say(soc, "other", "In Progress", 11)
    assert incident(soc).status is Status.RESOLVED
    assert notes(soc) == []
    clock.advance(5 * MINUTE)
    say(soc, "other", "In Progress", 15)
    assert incident(soc).status is Status.IN_PROGRESS


def test_a_side_that_came_back_by_itself_to_what_was_written_to_it_is_followed(soc):
    say(soc, "chat", "Resolved", 3)
    soc.work()
    say(soc, "other", "In Progress", 9)
    assert incident(soc).status is Status.IN_PROGRESS
    say(soc, "other", "Resolved", 10)
    assert incident(soc).status is Status.RESOLVED


def test_who_says_once_more_what_is_so_already_does_not_make_it_newer(soc):
    say(soc, "chat", "In Progress", 3)
    say(soc, "chat", "In Progress", 8)
    say(soc, "other", "Resolved", 5)
    assert incident(soc).status is Status.RESOLVED


def test_notes_of_all_sides_are_kept(soc):
    for side in ("chat", "desk", "other"):
        say(soc, side, "", 1, Change.NOTE, text=f"seen in {side}")
    assert notes(soc) == ["seen in chat", "seen in desk", "seen in other"]


def test_late_news_stop_the_clock_when_it_was_stopped(soc, clock):
    clock.advance(timedelta(hours=6))
    say(soc, "desk", "Resolved", 30)
    assert incident(soc).clocks["resolution"].state(clock.now()) is ClockState.MET


def test_what_a_tracker_moves_between_two_ends_is_taken_over_and_comes_to_rest(soc):
    say(soc, "desk", "Closed", 1)
    say(soc, "desk", "Resolved", 2)
    soc.work()
    assert incident(soc).status is Status.RESOLVED
    assert incident(soc).clocks["resolution"].ended
    assert soc.work() == 0


def test_a_person_elsewhere_is_refused_the_same_move(soc):
    say(soc, "chat", "Closed", 1)
    with pytest.raises(ChangeRefused, match="reopen it first"):
        say(soc, "chat", "Resolved", 2)


class Patient:
    """Clocks that stand still while the customer is waited for."""

    @hookimpl
    def compute_sla(self, incident):
        target = Target(duration=timedelta(hours=4), pauses=["Waiting for customer"])
        return Sla(response=target, resolution=target)


def test_a_wait_state_of_the_tracker_pauses_the_clocks_with_its_reason(open_soc, clock, listener):
    soc = open_soc(("promise", Patient()))
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    clock.advance(timedelta(hours=10))
    say(soc, "desk", "In Progress", 60, word="WAITING for customer")
    waiting = incident(soc).clocks["resolution"]
    assert (waiting.state(clock.now()), waiting.due_at()) == (ClockState.PAUSED, None)
    assert waiting.history[-1].reason == "WAITING for customer"
    say(soc, "desk", "In Progress", 120, word="Back at work")
    soc.work()
    assert incident(soc).clocks["resolution"].due_at() == at(5 * 60)
    assert listener.of("sla") == [("INC-1", "Back at work")]


def test_who_goes_on_elsewhere_ends_the_wait_and_another_word_for_the_same_concerns_nobody(open_soc, clock, listener):
    soc = open_soc(("promise", Patient()))
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    clock.advance(10 * MINUTE)
    say(soc, "desk", "In Progress", 1, word="Waiting for customer")
    soc.work()
    told = len(listener.heard)
    say(soc, "desk", "In Progress", 1, word="Waiting for customer")
    soc.work()
    assert len(listener.heard) == told
    say(soc, "soc", "Open", 2)
    assert not incident(soc).clocks["resolution"].paused
