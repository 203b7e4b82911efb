"""The 500 incidents of a month: the pages show what is counted by hand here, and what the command line shows."""

import json
import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from soc_core import Course, Priority
from soc_core.cli.program import soc as program
from soc_core.model.sla import ClockState
from soc_core.testing.month import month

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STORIES = tuple(month(500, NOON))
INCIDENTS = [story.incident for story in STORIES]
WORKED = [i for i in INCIDENTS if i.kind is Course.TICKET and not i.merged_into]


def words(seconds):
    """A time in its two largest units, by hand."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"{days} d" + (f" {hours % 24} h" if hours % 24 else "")


def spread(spans):
    ordered = sorted(span.total_seconds() for span in spans)
    at = {percent: ordered[math.ceil(percent / 100 * len(ordered)) - 1] for percent in (50, 90, 95, 99)}
    return {
        "Incidents": len(ordered),
        "Mean": words(math.fsum(ordered) / len(ordered)),
        **{f"{percent} %": words(value) for percent, value in at.items()},
    }


@pytest.fixture
def metrics(full, page):
    shown = page("metrics")
    shown.test.selectbox(key="period").select("All time").run()
    assert not shown.test.exception
    return shown


def test_incidents_and_tickets_are_counted(metrics):
    made = Counter(story.ticket_at.date() for story in STORIES if story.ticket_at)
    assert metrics.metric("Incidents") == "500"
    assert metrics.metric("Tickets") == f"{sum(made.values()):,}"


def test_the_share_within_the_sla(metrics):
    states = Counter((i.clocks["resolution"].state(NOON), i.clocks["resolution"].ended) for i in INCIDENTS if i.clocks)
    met = states[ClockState.MET, True]
    late = states[ClockState.BREACHED, True] + states[ClockState.BREACHED, False]
    assert metrics.metric("Within SLA") == f"{100 * met / (met + late):.1f} %"
    for row in metrics.rows("Promises kept"):
        of_row = [
            (i.clocks[row["Clock"]].state(NOON), i.clocks[row["Clock"]].ended)
            for i in INCIDENTS
            if i.clocks and [i.priority.value] == row["Priority"]
        ]
        counted = Counter(of_row)
        assert (row["Met"], row["Missed"], row["Overdue now"]) == (
            counted[ClockState.MET, True],
            counted[ClockState.BREACHED, True],
            counted[ClockState.BREACHED, False],
        )


@pytest.mark.parametrize(
    ("name", "label", "end"),
    [("Time to acknowledge", "MTTA", "acknowledged_at"), ("Time to resolve", "MTTR", "resolved_at")],
)
def test_times_by_priority_with_percentiles(metrics, name, label, end):
    spans = defaultdict(list)
    for one in WORKED:
        if getattr(one, end):
            spans[one.priority].append(getattr(one, end) - one.detected_at)
    wanted = [{"Priority": [p.value], **spread(spans[p])} for p in Priority if spans[p]]
    assert metrics.rows(name) == wanted
    every = [span.total_seconds() for found in spans.values() for span in found]
    assert metrics.metric(label) == words(math.fsum(every) / len(every))


def test_noisy_rules_and_false_positives(metrics):
    events, wrong, judged = Counter(), Counter(), Counter()
    for one in INCIDENTS:
        rule = one.rule or one.label
        events[rule] += one.count
        judged[rule] += one.verdict is not None
        wrong[rule] += one.verdict == "false positive"
    shown = metrics.rows("Noisy rules")
    assert [row["Events"] for row in shown] == sorted(events.values(), reverse=True)
    for row in shown:
        rule = row["Rule"]
        share = f"{100 * wrong[rule] / judged[rule]:.1f} %" if judged[rule] else "-"
        assert (row["Events"], row["Judged"], row["False-positive share"]) == (events[rule], judged[rule], share)
    assert metrics.metric("False positives") == f"{100 * wrong.total() / judged.total():.1f} %"


def test_the_queue_is_counted_and_sorted(full, page):
    test = page("queue")
    active = [i for i in INCIDENTS if i.status.active]
    due = {i.id: i.clocks["resolution"].due_at() for i in active if i.clocks}
    running = {name: at for name, at in due.items() if at is not None}
    overdue = sum(at <= NOON for at in running.values())
    shown = {one.label.split("[")[1].rstrip("]"): one.value for one in test.test.metric if "[" in one.label}
    assert shown["overdue"] == f"{overdue:,}"
    assert (
        shown["up to 24h"] == f"{sum(timedelta(hours=4) < at - NOON <= timedelta(hours=24) for at in running.values())}"
    )
    assert shown["no clock"] == f"{len(active) - len(running):,}"
    listed = test.rows("Queue")
    assert [row["Incident"] for row in listed[: len(running)]] == sorted(running, key=lambda name: running[name])
    ahead = sorted((at, int(name[4:])) for name, at in running.items() if at > NOON)[:10]
    assert [row["Incident"] for row in test.rows("Next breaches")] == [f"INC-{number}" for _, number in ahead]


def test_the_command_line_says_the_same(metrics, env):
    done = CliRunner().invoke(
        program, ["--store", env["SOC_STORE"], "metrics", "--json"], catch_exceptions=False, prog_name="soc"
    )
    told = json.loads(done.stdout)
    assert f"{sum(told['incidents'].values())}" == metrics.metric("Incidents")
    assert f"{told['tickets']['made']}" == metrics.metric("Tickets")
    assert {row["Rule"]: row["Events"] for row in metrics.rows("Noisy rules")} == told["events_by_rule"]
    for row in metrics.rows("Time to resolve"):
        assert row["90 %"] == words(told["seconds_to_resolve"][row["Priority"][0]]["p90"])
