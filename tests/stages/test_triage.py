"""From events to incidents: grouping, storms, recurrence, thresholds, and what happens when nobody can judge."""

from datetime import timedelta

import pytest

from soc_core import Change, Event, Finding, Priority, Status, Threshold, Update, hookimpl
from soc_core.store import incidents
from tests.conftest import NOON


def event(message: str, **values) -> Event:
    return Event(**{"source": "app", "message": message, "received": NOON, **values})


def only(soc):
    (incident,) = soc.reports.incidents()
    return incident


def test_ten_thousand_identical_events_in_a_minute_are_one_incident_with_one_ticket(soc):
    soc.submit([event("9 Security Alert")] * 10_000)
    soc.work()
    assert only(soc).count == 10_000
    assert only(soc).ticket.key == "T-1"
    assert len(soc.reports.jobs(incident="INC-1")) < 20


def test_the_second_block_joins_the_incident_of_the_first(soc, clock, listener):
    soc.submit([event("9 Security Alert")])
    soc.work()
    clock.advance(timedelta(minutes=3))
    for _ in range(5):
        soc.submit([event("9 Security Alert", received=clock.now())])
    clock.advance(timedelta(minutes=1))
    soc.work()
    assert (only(soc).count, only(soc).last_seen) == (6, NOON + timedelta(minutes=3))
    assert len(listener.of("count")) == 1
    assert len(listener.of("ticket")) == 1


def test_below_six_is_only_counted(soc):
    outcome = soc.submit([event("5.9 Error"), event("2 User Action"), event("hello")])
    assert (outcome.processed, outcome.opened, soc.reports.incidents()) == (3, (), ())
    assert soc.reports.noisy_rules() == {"5.9 Error": 1, "2 User Action": 1}


def test_an_alert_has_no_ticket_and_no_clock_until_somebody_asks_for_one(soc, clock):
    soc.submit([event("8 Workflow Error")])
    soc.work()
    assert (only(soc).kind, only(soc).ticket, only(soc).clocks) == ("alert", None, {})
    clock.advance(timedelta(minutes=10))
    assert soc.request_ticket("INC-1", actor="ann")
    assert not soc.request_ticket("INC-1", actor="bob")
    soc.work()
    assert only(soc).ticket.key == "T-1"
    assert only(soc).clocks["resolution"].due_at() == NOON + timedelta(hours=4)


def test_an_untouched_alert_expires_a_day_after_its_last_event(soc, clock):
    soc.submit([event("8 Workflow Error")])
    clock.advance(timedelta(hours=20))
    soc.submit([event("8 Workflow Error", received=clock.now())])
    clock.advance(timedelta(hours=5))
    soc.work()
    assert only(soc).status is Status.OPEN
    clock.advance(timedelta(hours=19))
    soc.work()
    assert soc.reports.incidents() == ()


def test_a_middling_alert_is_told_once_for_a_label_and_source_within_five_minutes(soc, clock, listener):
    for number in range(3):
        soc.submit([event(f"6 Workflow Error #{number}")])
    soc.work()
    assert [incident for incident, _ in listener.of("opened")] == ["INC-1"]
    clock.advance(timedelta(minutes=6))
    soc.submit([event("6 Workflow Error #9", received=clock.now())])
    soc.work()
    assert [incident for incident, _ in listener.of("opened")] == ["INC-1", "INC-4"]


def test_a_similar_alert_knows_whose_thread_it_belongs_to(soc):
    soc.submit([event("9 Security Alert #1")])
    soc.work()
    soc.submit([event("9 Security Alert #2")])
    soc.work()
    second = soc.reports.incident("INC-2")
    assert second.similar_to == "INC-1"
    with soc.database.read() as tx:
        refs = incidents.with_similar_refs(tx, second).similar_refs
    assert refs == {"listener:parent": "thread of INC-1"}


def test_a_worse_event_raises_the_incident_and_its_promise(open_soc, listener):
    class Same:
        @hookimpl
        def classify_event(self, event):
            return Finding(event=event, label="Security Alert", severity=float(event.message), rule="same")

    soc = open_soc(("judge", Same()))
    soc.submit([event("8")])
    assert only(soc).clocks["resolution"].due_at() == NOON + timedelta(hours=4)
    soc.submit([event("9.5")])
    soc.work()
    assert only(soc).priority is Priority.HIGHEST
    assert only(soc).clocks["resolution"].due_at() == NOON + timedelta(hours=1)
    assert listener.of("priority") == [("INC-1", "Highest")]


def test_a_storm_of_a_thousand_ends_in_one_incident_that_lists_the_rest(open_soc):
    soc = open_soc(storm={"limit": 20})
    soc.submit([event(f"9 Security Alert #{number}") for number in range(999)] + [event("10 Security Alert #x")])
    found = soc.reports.incidents()
    assert len(found) == 21
    (storm,) = [incident for incident in found if incident.rule == "storm"]
    assert storm.count == 980
    assert len(soc.reports.storm_members(storm.id)) == 980
    assert "10 Security Alert #x" in [incident.message for incident in found]


def test_a_storm_ends_and_new_trouble_has_its_own_incident_again(open_soc, clock):
    soc = open_soc(storm={"limit": 2})
    soc.submit([event(f"9 Security Alert #{number}") for number in range(5)])
    clock.advance(timedelta(minutes=2))
    soc.submit([event("9 Security Alert #new", received=clock.now())])
    assert soc.reports.incidents()[0].message == "9 Security Alert #new"


def close(soc, verdict=None):
    at = soc.clock.now()
    if verdict:
        soc.change("INC-1", Update(change=Change.VERDICT, origin="soc", at=at, actor="ann", new=verdict))
    soc.change("INC-1", Update(change=Change.STATUS, origin="soc", at=at, actor="ann", new="Closed"))


def test_the_same_trouble_within_a_day_reopens_the_incident_with_a_new_clock_cycle(soc, clock):
    soc.submit([event("9 Security Alert")])
    soc.work()
    close(soc)
    clock.advance(timedelta(hours=23))
    soc.submit([event("9 Security Alert", received=clock.now())])
    soc.work()
    assert (only(soc).id, only(soc).status, only(soc).ticket.key) == ("INC-1", Status.OPEN, "T-1")
    assert only(soc).clocks["resolution"].due_at() == clock.now() + timedelta(hours=1)
    assert only(soc).clocks["resolution"].cycle == 1


@pytest.mark.parametrize(("hours", "verdict"), [(25, None), (1, "false positive"), (1, "benign")])
def test_later_or_after_a_false_alarm_it_is_a_new_incident_that_names_the_old_one(soc, clock, hours, verdict):
    soc.submit([event("9 Security Alert")])
    soc.work()
    close(soc, verdict)
    clock.advance(timedelta(hours=hours))
    soc.submit([event("9 Security Alert", received=clock.now())])
    assert (only(soc).id, only(soc).follows) == ("INC-2", "INC-1")


def test_a_confirmed_incident_that_recurs_is_reopened(soc):
    soc.submit([event("9 Security Alert")])
    close(soc, "true positive")
    soc.submit([event("9 Security Alert")])
    assert only(soc).id == "INC-1"


def test_an_event_seen_again_has_no_effect(soc):
    first = soc.submit([event("9 Security Alert", id="a"), event("9 Security Alert", id="a")])
    again = soc.submit([event("9 Security Alert", id="a"), event("9 Security Alert", id="b")])
    assert (first.new, again.new, only(soc).count) == (1, 1, 2)


class Burst:
    """Single lines are harmless; the third from one address is not."""

    @hookimpl
    def classify_event(self, event):
        third = Threshold(
            rule="burst", count=3, within=timedelta(minutes=2), key=event.ip, label="Security Alert", severity=9
        )
        return Finding(event=event, label="User Action", severity=2, rule="single", thresholds=[third])


def test_a_threshold_makes_the_finding_at_the_count_also_over_a_restart(open_soc, store_url):
    if store_url == "sqlite://":
        pytest.skip("a store in memory has no restart")
    for second in range(2):
        open_soc(("judge", Burst()), store=store_url).submit(
            [event("login", ip="203.0.113.9", received=NOON + timedelta(seconds=second))]
        )
    soc = open_soc(("judge", Burst()), store=store_url)
    assert soc.reports.incidents() == ()
    soc.submit([event("login", ip="203.0.113.8"), event("login", ip="203.0.113.9")])
    assert (only(soc).rule, only(soc).severity, only(soc).ip) == ("burst", 9, "203.0.113.9")


def test_a_threshold_counts_an_event_that_was_sent_twice_once(open_soc):
    soc = open_soc(("judge", Burst()))
    for _ in range(5):
        soc.submit([event("login", ip="203.0.113.9", id="same")])
    assert soc.reports.incidents() == ()


class Broken:
    @hookimpl
    def classify_event(self, event):
        raise RuntimeError("the model is not loaded")


def test_an_event_that_nobody_can_judge_is_held_and_a_critical_one_acts_all_the_same(open_soc):
    soc = open_soc(("judge", Broken()))
    outcome = soc.submit([event("calm"), event("burning", severity=9.0)])
    assert outcome.held == 2
    assert (only(soc).undecided, only(soc).message, only(soc).kind) == (True, "burning", "ticket")
    assert soc.reports.shelf_sizes() == (2, 0)


class Undecided:
    @hookimpl(tryfirst=True)
    def should_create_ticket(self, finding):
        raise RuntimeError("no rules")


def test_a_critical_finding_without_any_decider_is_ticketed_by_the_raw_rule(open_soc):
    soc = open_soc(
        ("decider", Undecided()),
        plugins={"disable": [*["triggers", "rules", "local", "console", "jira", "slack", "sla", "escalation"]]},
    )
    soc.submit([event("9 Security Alert"), event("8 Security Alert")])
    assert (only(soc).undecided, only(soc).severity) == (True, 9)
    assert soc.reports.shelf_sizes() == (2, 0)


def test_secrets_of_a_log_line_are_stored_nowhere(open_soc, tmp_path):
    secret = "gh" + "p_" + "A1b2C3d4" * 4 + "E5f6"

    class Quoting:
        @hookimpl
        def classify_event(self, event):
            return Finding(event=event, label="Security Alert", severity=9, rule="leak", reason=f"saw {event.message}")

    soc = open_soc(("judge", Quoting()), store=f"sqlite:///{tmp_path / 'soc.db'}")
    soc.submit([event(f"token={secret}"), event("login", user=secret), event("x", source=f"app {secret}")])
    soc.work()
    soc.close()
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.iterdir())
