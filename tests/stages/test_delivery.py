"""Deliveries: order, retries, pauses of a destination, dead letters, and the create protocol on a hand-moved clock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from soc_core import Event, PermanentError, TemporaryError, Ticket, UncertainError, hookimpl
from soc_core.model.job import JobState
from soc_core.testing.remote import RemoteTracker
from tests.conftest import NOON

LAG = timedelta(seconds=60)


def event(message: str, **values) -> Event:
    return Event(**{"source": "app", "message": message, "received": NOON, **values})


class Moody:
    """A notifier whose answers are decided by the test."""

    def __init__(self) -> None:
        self.mood = lambda incident, delivery: None
        self.calls = []

    @hookimpl
    def on_incident_opened(self, incident, delivery):
        self.calls.append((incident.id, delivery))
        return self.mood(incident, delivery)


def raising(error):
    def mood(incident, delivery):
        raise error

    return mood


@pytest.fixture
def moody():
    return Moody()


@pytest.fixture
def remote(tmp_path, clock):
    return lambda fault=lambda tries: "", **values: RemoteTracker(
        tmp_path / "remote.db", now=clock.now, lag=LAG, search_lag=2 * LAG, fault=fault, **values
    )


def work(soc, clock, span=timedelta(hours=3), pace=timedelta(seconds=10)):
    end = clock.now() + span
    while clock.now() < end:
        soc.work()
        clock.advance(pace)


def test_an_unknown_error_is_tried_again_later_and_others_are_not_affected(open_soc, moody, listener, clock):
    soc = open_soc(("moody", moody))
    moody.mood = raising(ValueError("surprise"))
    soc.submit([event("9 Security Alert")])
    soc.work()
    assert listener.of("opened") == [("INC-1", "INC-1:opened:listener")]
    assert soc.reports.incident("INC-1").ticket is not None
    (job,) = soc.reports.jobs(JobState.READY, incident="INC-1")[:1]
    assert (job.dest, job.last_error) == ("moody", "ValueError: surprise")
    moody.mood = lambda incident, delivery: {"ref": "1"}
    work(soc, clock, timedelta(minutes=1))
    assert [delivery.attempt for _, delivery in moody.calls] == [1, 2]
    assert soc.reports.incident("INC-1").refs["moody:ref"] == "1"


def test_a_refusal_for_good_is_a_dead_letter_with_its_cause_and_an_alarm(open_soc, moody):
    soc = open_soc(("moody", moody))
    moody.mood = raising(PermanentError("the channel is gone"))
    soc.submit([event("9 Security Alert")])
    soc.work()
    dead = soc.reports.jobs(JobState.DEAD, incident="INC-1")
    assert [(job.dest, job.last_error) for job in dead] == [("moody", "the channel is gone")]
    alarm = next(i for i in soc.reports.incidents() if i.source == "soc-core")
    assert "the channel is gone" in alarm.message
    assert [what.what for what in soc.reports.timeline("INC-1")].count("job.dead") == 1


def test_a_dead_letter_that_somebody_retries_goes_out_and_the_trail_says_who_did_it(open_soc, moody):
    soc = open_soc(("moody", moody))
    moody.mood = raising(PermanentError("the channel is gone"))
    soc.submit([event("9 Security Alert")])
    soc.work()
    [dead] = soc.reports.jobs(JobState.DEAD, incident="INC-1")
    moody.mood = lambda incident, delivery: None
    assert soc.retry([dead.id, 4711], actor="ana") == (dead.id,)
    soc.work()
    assert soc.reports.jobs(JobState.DEAD, incident="INC-1") == ()
    assert ("delivery retried", "ana (soc)") in {(line.what, line.who) for line in soc.reports.trail(last=20)}


def test_trouble_with_telling_an_alarm_raises_no_further_alarm(open_soc, moody, clock):
    soc = open_soc(("moody", moody))
    moody.mood = raising(PermanentError("gone"))
    soc.submit([event("9 Security Alert")])
    work(soc, clock, timedelta(minutes=10))
    assert [i.count for i in soc.reports.incidents() if i.source == "soc-core"] == [1]


def test_attempts_run_out_after_as_many_tries_as_settings_say(open_soc, moody, clock):
    soc = open_soc(("moody", moody), delivery={"attempts": 3})
    moody.mood = raising(TemporaryError("not now"))
    soc.submit([event("9 Security Alert")])
    work(soc, clock)
    assert [delivery.attempt for incident, delivery in moody.calls if incident == "INC-1"] == [1, 2, 3]
    (dead,) = soc.reports.jobs(JobState.DEAD, incident="INC-1")
    assert "given up after 3 tries: not now" in dead.last_error


def test_a_destination_that_is_down_is_paused_whole_alarmed_once_and_probed_by_one(open_soc, moody, listener, clock):
    soc = open_soc(("moody", moody), storm={"limit": 1000})
    down = TemporaryError("the token is revoked", retry_after=timedelta(minutes=1), whole_destination=True)
    moody.mood = raising(down)
    soc.submit([event(f"9 Security Alert #{number}") for number in range(50)])
    soc.work()
    assert len(moody.calls) == 1
    assert len(listener.of("ticket")) == 50
    work(soc, clock, timedelta(hours=23), timedelta(minutes=2))
    assert 600 < len(moody.calls) < 800
    assert len([i for i in soc.reports.incidents() if i.source == "soc-core"]) == 1
    moody.mood = lambda incident, delivery: None
    before = len(moody.calls)
    work(soc, clock, timedelta(minutes=5))
    told = [incident for incident, _ in moody.calls[before:]]
    assert sorted(told) == sorted({i.id for i in soc.reports.incidents()})
    assert soc.reports.destinations()[0].failures == 0


def test_the_highest_go_first_after_an_outage_and_in_order_of_age(open_soc, moody, clock):
    soc = open_soc(("moody", moody), storm={"limit": 1000})
    moody.mood = raising(TemporaryError("down", whole_destination=True, retry_after=timedelta(minutes=1)))
    soc.submit([event("8 Security Alert #0")])
    soc.work()
    soc.submit([event(f"{8 + number % 2} Security Alert #{number}") for number in range(1, 7)])
    moody.mood, moody.calls = (lambda incident, delivery: None), []
    clock.advance(timedelta(minutes=2))
    soc.work()
    told = [soc.reports.incident(incident).severity for incident, _ in moody.calls if incident != "INC-2"]
    assert told == sorted(told, reverse=True)


def test_a_rate_is_never_exceeded(open_soc, moody, clock):
    moody.rate = 2.0
    soc = open_soc(("moody", moody), storm={"limit": 1000})
    soc.submit([event(f"9 Security Alert #{number}") for number in range(20)])
    stamps = []
    moody.mood = lambda incident, delivery: stamps.append(clock.now())
    work(soc, clock, timedelta(seconds=30), timedelta(milliseconds=100))
    assert len(stamps) == 20
    for first, third in zip(stamps, stamps[3:], strict=False):
        assert third - first >= timedelta(seconds=1)


def test_an_unsure_notice_knows_since_when(open_soc, moody, clock):
    soc = open_soc(("moody", moody))
    moody.mood = raising(UncertainError("reset"))
    soc.submit([event("9 Security Alert")])
    soc.work()
    moody.mood = lambda incident, delivery: None
    work(soc, clock, timedelta(minutes=1))
    (_, first), (_, second) = moody.calls
    assert (first.uncertain_since, second.uncertain_since) == (None, NOON)
    assert first.key == second.key


def test_a_lost_answer_is_looked_for_only_after_the_lag_and_the_ticket_is_adopted(open_soc, remote, clock):
    tracker = remote(lambda tries: "lost after" if tries == 0 else "")
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert")])
    soc.work()
    marker = soc.reports.incident("INC-1").marker
    assert soc.reports.ticket_state("INC-1") == "unsure"
    work(soc, clock, 2 * LAG - timedelta(seconds=10))
    assert (tracker.requests("create", marker), tracker.requests("find", marker)) == (1, 0)
    work(soc, clock, timedelta(seconds=30))
    assert (tracker.requests("create", marker), tracker.requests("find", marker)) == (1, 1)
    assert soc.reports.incident("INC-1").ticket.key == "REM-1"
    assert "ticket.adopted" in [entry.what for entry in soc.reports.timeline("INC-1")]


def test_an_answer_lost_before_anything_happened_leads_to_one_more_create(open_soc, remote, clock):
    tracker = remote(lambda tries: "lost before" if tries == 0 else "")
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert")])
    work(soc, clock, timedelta(minutes=30))
    incident = soc.reports.incident("INC-1")
    assert tracker.requests("create", incident.marker) == 2
    assert tracker.open_tickets() == {incident.marker: 1}


def test_a_known_refusal_needs_no_search(open_soc, remote, clock):
    tracker = remote(lambda tries: "busy" if tries < 2 else "")
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert")])
    work(soc, clock, timedelta(minutes=1))
    incident = soc.reports.incident("INC-1")
    assert (tracker.requests("create", incident.marker), tracker.requests("find", incident.marker)) == (3, 0)
    assert incident.ticket is not None


def test_while_the_search_itself_fails_nothing_is_created(open_soc, remote, clock):
    tracker = remote(lambda tries: "lost before" if tries == 0 else "")
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert")])
    soc.work()
    marker = soc.reports.incident("INC-1").marker
    found, tracker._path = tracker._path, tracker._path.parent / "missing" / "remote.db"
    work(soc, clock, timedelta(hours=1))
    tracker._path = found
    assert tracker.requests("create", marker) == 1
    work(soc, clock, timedelta(hours=1))
    assert tracker.open_tickets() == {marker: 1}


def test_two_tickets_with_one_marker_are_reduced_to_the_older_one(open_soc, remote, clock):
    tracker = remote(lambda tries: "lost after" if tries == 0 else "")
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert")])
    soc.work()
    incident = soc.reports.incident("INC-1")
    remote().create_ticket(incident=incident, delivery=None)
    work(soc, clock, timedelta(hours=1))
    assert tracker.open_tickets() == {incident.marker: 1}
    assert soc.reports.incident("INC-1").ticket.key == "REM-1"


class NotMine:
    """A tracker that takes no incident."""

    @hookimpl
    def create_ticket(self, incident, delivery):
        return None


def test_a_tracker_may_pass_an_incident_on_to_the_next_one(open_soc):
    soc = open_soc(("before", NotMine()))
    soc.submit([event("9 Security Alert")])
    soc.work()
    assert soc.reports.incident("INC-1").ticket == Ticket(tracker="desk", key="T-1")


def test_an_incident_that_no_tracker_takes_raises_an_alarm(open_soc):
    soc = open_soc(("desk", NotMine()))
    soc.submit([event("9 Security Alert")])
    soc.work()
    assert any("no tracker takes the ticket of INC-1" in i.message for i in soc.reports.incidents())


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
def test_a_lost_ticket_that_many_ask_for_at_once_is_asked_for_once(open_soc, remote, clock, store_url):
    tracker = remote()
    soc = open_soc(("desk", tracker), store=store_url)
    soc.submit([event("9 Security Alert")])
    soc.work()
    soc.inbox("desk").ticket_gone("INC-1", "it was deleted")
    with ThreadPoolExecutor(8) as people:
        asked = list(people.map(lambda number: soc.request_ticket("INC-1", actor=f"ann {number}"), range(8)))
    assert sum(asked) == 1
    work(soc, clock, timedelta(minutes=10))
    assert (soc.reports.incident("INC-1").ticket.key, list(tracker.open_tickets().values())) == ("REM-1", [1])


def test_a_ticket_that_waits_for_the_next_tracker_is_not_asked_for_again(open_soc, remote, clock):
    tracker = remote(fault=lambda tries: "" if tries else "down")
    soc = open_soc(("before", NotMine()), ("desk", tracker))
    soc.submit([event("9 Security Alert")])
    soc.work()
    (later,) = soc.submit([event("9 Security Alert #2")]).opened
    soc.work()
    assert soc.reports.ticket_state(later.id) == "gone"
    assert not soc.request_ticket(later.id, actor="ann")
    work(soc, clock, timedelta(minutes=10))
    assert list(tracker.open_tickets().values()) == [1, 1]


def test_a_ticket_asked_for_while_the_automatic_one_is_under_way_is_one_ticket(open_soc, remote, clock):
    tracker = remote()
    soc = open_soc(("desk", tracker))
    soc.submit([event("9 Security Alert"), event("8 Workflow Error")])
    assert [soc.request_ticket("INC-1", actor=who) for who in ("ann", "bob", "ann", "bob", "ann")] == [False] * 5
    assert [soc.request_ticket("INC-2", actor=who) for who in ("ann", "bob", "ann")] == [True, False, False]
    work(soc, clock, timedelta(minutes=10))
    assert list(tracker.open_tickets().values()) == [1, 1]


def test_waiting_ones_turn_uses_up_no_tries(open_soc, moody, clock):
    soc = open_soc(("moody", moody), delivery={"attempts": 3})
    moody.mood = raising(TemporaryError("wait your turn", retry_after=timedelta(seconds=1)))
    soc.submit([event("9 Security Alert")])
    work(soc, clock, timedelta(minutes=5), timedelta(seconds=1))
    assert len(moody.calls) > 100
    moody.mood = lambda incident, delivery: None
    work(soc, clock, timedelta(seconds=5), timedelta(seconds=1))
    assert soc.reports.jobs(JobState.READY, JobState.DEAD, incident="INC-1") == ()
