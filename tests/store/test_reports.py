"""The figures, counted by the database, against the same month counted by hand."""

import json
import math
import os
from collections import Counter, defaultdict
from datetime import timedelta

import attrs
import pytest
from click.testing import CliRunner

from soc_core import Breach, Course, Creation, Kept, Left, Priority, RuleFigures, Spread, Status, StoreError
from soc_core.cli.program import soc as program
from soc_core.model.job import JobState
from soc_core.model.sla import ClockState
from soc_core.store import cursors
from soc_core.store.database import Database
from soc_core.store.reports import StoreReports
from soc_core.testing.clock import HandClock
from soc_core.testing.month import keep, month
from tests.conftest import NOON, _postgres_schema

STORIES = tuple(month(500, NOON))
WEEK_AGO = NOON - timedelta(days=7)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def reports(request, tmp_path_factory):
    """The month in a store of each kind, filled once: nobody writes to it."""
    file = f"sqlite:///{tmp_path_factory.mktemp('month') / 'soc.db'}"
    urls = iter([file]) if request.param == "sqlite" else _postgres_schema()
    database = Database(next(urls))
    database.open()
    keep(database, STORIES)
    yield StoreReports(database=database, clock=HandClock(NOON))
    database.close()
    assert next(urls, None) is None


def period(since):
    return [s for s in STORIES if since is None or s.incident.detected_at >= since]


def spread(spans):
    ordered = sorted(span.total_seconds() for span in spans)
    p50, p90, p95, p99 = (ordered[math.ceil(percent / 100 * len(ordered)) - 1] for percent in (50, 90, 95, 99))
    mean = pytest.approx(math.fsum(ordered) / len(ordered))
    return Spread(count=len(ordered), mean=mean, p50=p50, p90=p90, p95=p95, p99=p99)


def by(pairs):
    found = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return {key: spread(values) for key, values in found.items()}


def state(incident, name):
    return incident.clocks[name].state(NOON)


def test_the_month_has_some_of_everything():
    incidents = [s.incident for s in STORIES]
    assert {i.status for i in incidents} == set(Status)
    assert {i.kind for i in incidents} == {Course.ALERT, Course.TICKET}
    assert {i.priority for i in incidents} == set(Priority)
    assert {state(i, "resolution") for i in incidents if i.clocks} == set(ClockState)
    assert {s.create for s in STORIES} == {None, JobState.DONE, JobState.DEAD, JobState.READY}


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_incidents_and_verdicts_are_counted(reports, since):
    found = reports.figures(since=since)
    incidents = [s.incident for s in period(since)]
    assert found.incidents == Counter((i.status.value, i.priority) for i in incidents)
    assert found.verdicts == Counter(i.verdict.value for i in incidents if i.verdict)
    assert (found.at, found.since) == (NOON, since)


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_tickets_are_counted_by_day_with_the_time_they_took(reports, since):
    found = reports.figures(since=since)
    made = [s for s in STORIES if s.ticket_at and (since is None or s.ticket_at >= since)]
    assert found.tickets_per_day == Counter(s.ticket_at.date() for s in made)
    assert list(found.tickets_per_day) == sorted(found.tickets_per_day)
    assert found.log_to_ticket == spread(s.ticket_at - s.incident.detected_at for s in made)


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_a_ticket_that_waits_is_neither_made_nor_failed(reports, since):
    ends = Counter(s.create for s in period(since))
    creation = reports.figures(since=since).creation
    assert creation == Creation(made=ends[JobState.DONE], failed=ends[JobState.DEAD], waiting=ends[JobState.READY])
    assert creation.share == ends[JobState.DONE] / (ends[JobState.DONE] + ends[JobState.DEAD])


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_promises_are_kept_as_the_clocks_say(reports, since):
    found = reports.figures(since=since).kept
    clocks = [
        ((name, s.incident.priority), clock.state(NOON), clock.ended)
        for s in period(since)
        for name, clock in s.incident.clocks.items()
    ]
    counted = Counter(clocks)
    assert set(found) == {key for key, state, _ in clocks if state is not ClockState.CANCELLED}
    for key, kept in found.items():
        met, missed, overdue = (
            counted[key, ClockState.MET, True],
            counted[key, ClockState.BREACHED, True],
            counted[key, ClockState.BREACHED, False],
        )
        assert kept == Kept(met=met, missed=missed, overdue=overdue)
        judged = met + missed + overdue
        assert kept.share == (met / judged if judged else None)


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_acknowledging_and_resolving_count_for_tickets_that_were_not_merged(reports, since):
    found = reports.figures(since=since)
    worked = [s.incident for s in period(since) if s.incident.kind is Course.TICKET and not s.incident.merged_into]
    assert found.acknowledge == by((i.priority, i.acknowledged_at - i.detected_at) for i in worked if i.acknowledged_at)
    assert found.resolve == by((i.priority, i.resolved_at - i.detected_at) for i in worked if i.resolved_at)


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_escalations_are_counted_by_their_reason(reports, since):
    fired = Counter(("resolution", rung) for s in STORIES for at, rung in s.rungs if since is None or at >= since)
    assert reports.figures(since=since).escalations == fired


@pytest.mark.parametrize("since", [None, WEEK_AGO], ids=["always", "a week"])
def test_rules_are_told_with_their_noise_and_their_errors(reports, since):
    rows = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    for one in (s.incident for s in STORIES):
        row = rows[one.rule or one.label]
        if since is None or one.detected_at.date() >= since.date():  # events are counted by the day
            row[0] += one.count
        if since is None or one.detected_at >= since:
            row[1] += 1
            row[2] += one.verdict is not None
            row[3] += one.verdict == "false positive"
            row[4] += one.verdict == "true positive"
            row[5] += one.kind is Course.TICKET
    wanted = [
        RuleFigures(
            rule=rule,
            events=events,
            incidents=opened,
            tickets=tickets,
            judged=judged,
            true_positives=right,
            false_positives=false,
        )
        for rule, (events, opened, judged, false, right, tickets) in rows.items()
        if events or opened
    ]
    found = reports.figures(since=since).rules
    assert sorted(found, key=lambda one: one.rule) == sorted(wanted, key=lambda one: one.rule)
    assert [one.events for one in found] == sorted((one.events for one in found), reverse=True)
    assert all(one.false_share == (one.false_positives / one.judged if one.judged else None) for one in found)


def test_the_queue_is_sorted_by_the_time_that_is_left(reports):
    waiting = Counter()
    for one in (s.incident for s in STORIES if s.incident.status.active):
        due = one.clocks["resolution"].due_at() if one.clocks else None
        left = None if due is None else due - NOON
        waiting[
            Left.NO_CLOCK
            if left is None
            else Left.OVERDUE
            if left <= timedelta(0)
            else Left.HOUR
            if left <= timedelta(hours=1)
            else Left.FOUR_HOURS
            if left <= timedelta(hours=4)
            else Left.DAY
            if left <= timedelta(hours=24)
            else Left.LATER
        ] += 1
    found = reports.figures(since=WEEK_AGO).queue
    assert found == waiting
    assert list(found) == [left for left in Left if left in waiting]


def test_the_next_ten_breaches_are_told(reports):
    ahead = [
        Breach(incident=i.id, priority=i.priority, due_at=i.clocks["resolution"].due_at(), assignee=i.assignee)
        for i in (s.incident for s in STORIES)
        if i.status.active and i.clocks and (due := i.clocks["resolution"].due_at()) and due > NOON
    ]
    found = reports.figures().next_breaches
    assert len(found) == 10
    assert found == tuple(sorted(ahead, key=lambda one: (one.due_at, int(one.incident[4:])))[:10])


def resolution_due(incident):
    return incident.clocks["resolution"].due_at() if incident.clocks else None


def test_the_queue_begins_with_what_is_due_first_and_ends_with_what_has_no_clock(reports):
    active = [s.incident for s in STORIES if s.incident.status.active]
    ordered = sorted((i for i in active if resolution_due(i)), key=lambda i: (resolution_due(i), i.priority.rank))
    found = reports.queue(limit=1000)
    assert [resolution_due(i) for i in found] == [
        *(resolution_due(i) for i in ordered),
        *[None] * (len(active) - len(ordered)),
    ]
    assert {i.id for i in found} == {i.id for i in active}
    assert reports.queue(limit=3) == found[:3]
    assert reports.queue(limit=1000, assignee="ana") == tuple(i for i in found if i.assignee == "ana")
    assert reports.queue(limit=1000, assignee="") == tuple(i for i in found if i.assignee is None)
    assert reports.waiting() == reports.figures().queue


def test_breaches_are_told_up_to_an_instant(reports):
    until = NOON + timedelta(days=2)
    ahead = [i for i in reports.queue(limit=1000) if (due := resolution_due(i)) and NOON < due <= until]
    assert ahead
    assert [one.incident for one in reports.next_breaches(until=until, limit=1000)] == [i.id for i in ahead]
    assert reports.next_breaches() == reports.figures().next_breaches


def test_what_people_resolved_lately_is_counted(reports):
    tickets = [s.incident for s in STORIES if s.incident.kind is Course.TICKET and not s.incident.merged_into]
    resolved = sum(i.resolved_at is not None and i.resolved_at >= WEEK_AGO for i in tickets)
    assert resolved
    assert reports.resolved_since(WEEK_AGO) == resolved


def test_a_view_of_the_store_cannot_change_it(reports):
    view = StoreReports.of(str(reports.database._url.render_as_string(hide_password=False)))
    assert view.incidents() == reports.incidents()
    for handle in (view.database.read, view.database.write):
        with pytest.raises(StoreError, match=r"read-?only"), handle() as tx:
            cursors.save(tx, "intruder", "name", "value", now=NOON)
    view.database.close()
    assert reports.sources() == {}


def test_deliveries_are_counted_with_the_time_they_took(reports):
    found = reports.figures()
    jobs = Counter(("jira", s.create.value) for s in STORIES if s.create)
    tries = [one for s in STORIES for one in s.tries]
    assert found.jobs == jobs
    assert found.attempts == Counter(("jira", one.outcome) for one in tries)
    assert found.attempt_seconds == {"jira": spread(one.ended - one.started for one in tries)}
    assert found.oldest_uncertain == min(s.unsure_since for s in STORIES if s.unsure_since)


def test_an_empty_store_has_figures_too(database):
    found = StoreReports(database=database, clock=HandClock(NOON)).figures()
    assert (found.creation.share, found.log_to_ticket, found.oldest_uncertain) == (None, None, None)
    assert not any(
        value for name, value in attrs.asdict(found, recurse=False).items() if name not in ("at", "creation")
    )


def test_the_command_line_shows_the_same_numbers(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("SOC_", "JIRA_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///soc.db")
    database.open()
    keep(database, STORIES)
    found = StoreReports(database=database, clock=HandClock(NOON)).figures()
    database.close()

    def shown(*words):
        result = CliRunner().invoke(program, ["metrics", *words], catch_exceptions=False, prog_name="soc")
        assert result.exit_code == 0
        return json.loads(result.stdout)

    numbers = shown()
    assert sum(numbers["incidents"].values()) == len(STORIES)
    assert numbers["priorities"] == Counter(s.incident.priority.value for s in STORIES)
    assert numbers["tickets"] == {"made": found.creation.made}
    assert numbers["ticket_creation"]["success_percent"] == round(100 * found.creation.share, 1)
    assert numbers["tickets_per_day"] == {day.isoformat(): n for day, n in found.tickets_per_day.items()}
    assert numbers["seconds_to_ticket"]["p95"] == round(found.log_to_ticket.p95, 1)
    assert numbers["seconds_to_resolve"]["High"]["p90"] == round(found.resolve[Priority.HIGH].p90, 1)
    assert numbers["seconds_to_acknowledge"]["High"]["mean"] == round(found.acknowledge[Priority.HIGH].mean, 1)
    assert numbers["escalations"] == {f"{clock} {rung}": n for (clock, rung), n in found.escalations.items()}
    assert numbers["events_by_rule"] == {one.rule: one.events for one in found.rules}
    assert numbers["verdicts"] == found.verdicts
    assert numbers["delivery_tries"] == {f"{dest} {outcome}": n for (dest, outcome), n in found.attempts.items()}
    assert all(due.endswith("Z") for due in numbers["next_breaches"].values())
    assert numbers["deliveries"] == {f"{dest} {state}": n for (dest, state), n in found.jobs.items()}
    met = sum(kept.met for (clock, _), kept in found.kept.items() if clock == "resolution")
    assert numbers["sla"]["within"] == met
    assert shown("--since", "2999-01-01")["tickets"] == {}
