"""What the pages show, as values: text that no spreadsheet takes for a formula, forecasts counted by hand."""

import csv
import io
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soc_dashboard.rows import cells, forecast, health, metrics, process, queue

from soc_core import Breach, Course, Incident, Job, JobState, Left, Priority, Spread, Ticket, wording

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", " =1", "\uff1d1", "\u200b=1"]


def breach(number, hours):
    return Breach(incident=f"INC-{number}", priority=Priority.HIGH, due_at=NOON + hours * HOUR)


def incident(**values):
    given = {
        "id": "INC-1",
        "marker": "soc-1",
        "fingerprint": "f",
        "kind": Course.TICKET,
        "label": "Security Alert",
        "severity": 9,
        "priority": Priority.HIGHEST,
        "confidence": 0.9,
        "source": "sshd",
        "message": "broke in",
        **dict.fromkeys(("first_seen", "last_seen", "detected_at", "opened_at"), NOON),
    }
    return Incident(**{**given, **values})


# -- cells -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_like_a_formula(text):
    assert not cells.cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d"))


@given(st.lists(st.text(max_size=60), min_size=1))
def test_an_export_reads_back_and_no_cell_of_it_begins_like_a_formula(values):
    rows = [{"Text": value, "Several": [value], "Number": -1, "Nothing": None} for value in values]
    read = list(csv.DictReader(io.StringIO(cells.csv_of(rows).decode("utf-8-sig"), newline="")))
    assert [row["Text"] for row in read] == [cells.cell(value) for value in values]
    assert {row["Number"] for row in read} == {"-1"}
    assert not any(
        row[name].startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for name in ("Text", "Several")
    )


def test_what_hides_in_text_is_written_out():
    assert cells.cell("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\u202eb\\nc"


def test_a_cell_is_never_longer_than_a_page():
    assert len(cells.cell("x" * 100_000)) == 2000


# -- the queue and its forecast ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (-HOUR, Left.OVERDUE),
        (timedelta(0), Left.OVERDUE),
        (HOUR, Left.HOUR),
        (4 * HOUR, Left.FOUR_HOURS),
        (24 * HOUR, Left.DAY),
        (25 * HOUR, Left.LATER),
    ],
)
def test_the_time_left_has_a_name(left, words):
    assert queue.left_of(NOON + left, NOON) is words
    assert queue.left_of(None, NOON) is Left.NO_CLOCK


def test_every_colour_stands_beside_a_word():
    assert set(queue.LEFT_COLOURS) == {left.value for left in Left}
    assert set(queue.PRIORITY_COLOURS) == {priority.value for priority in Priority}


@pytest.mark.parametrize(
    ("overdue", "resolved", "late"),
    [
        (0, 8, []),  # one an hour: done at 13, 14, 15, 16
        (1, 8, ["INC-1", "INC-2", "INC-3", "INC-4"]),  # 14, 15, 16, 17: each an hour late
        (0, 4, ["INC-1", "INC-2", "INC-3", "INC-4"]),  # 14, 16, 18, 20
        (3, 80, []),  # ten an hour
        (0, 0, ["INC-1", "INC-2", "INC-3", "INC-4"]),  # nobody resolves anything
    ],
)
def test_who_becomes_overdue_before_the_shift_ends(overdue, resolved, late):
    upcoming = [breach(number, number) for number in (1, 2, 3, 4)]
    found = forecast.forecast(
        upcoming, overdue=overdue, resolved=resolved, within=8 * HOUR, now=NOON, until=NOON + 8 * HOUR
    )
    assert [one.incident for one in found.breaches] == late
    assert (found.in_time, found.per_hour) == (4 - len(late), resolved / 8)


def test_the_shift_ends_when_the_last_of_the_present_ones_does():
    @attrs.frozen
    class Shift:
        end: datetime | None

        def ends(self, at):
            return self.end

    ends = [Shift(None), Shift(NOON + HOUR), Shift(NOON + 3 * HOUR)]
    assert forecast.shift_end(ends, NOON, 8 * HOUR) == NOON + 3 * HOUR
    assert forecast.shift_end([Shift(None)], NOON, 8 * HOUR) == NOON + 8 * HOUR


def test_a_row_of_the_queue_says_who_has_seen_it():
    [row] = queue.queue_rows([incident(source="=cmd|' /C calc'!A0", assignee="+bo")], NOON)
    assert (row["Time left"], row["Due"], row["Status"]) == (["no clock"], "-", "Open, unacked")
    assert (row["What"], row["Assignee"]) == ("Security Alert - =cmd|' /C calc'!A0", "'+bo")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"user": "mia", "ip": "203.0.113.9"}, "mia from 203.0.113.9"),
        ({"user": "=1+1\x1b[31m"}, "'=1+1\\x1b[31m"),
        ({}, ""),
    ],
)
def test_a_row_says_whom_it_is_about(about, words):
    [[waiting], [opened]] = [queue.queue_rows([incident(**about)], NOON), process.incident_rows([incident(**about)])]
    assert (waiting["Who"], opened["Who"]) == (words, words)


# -- metrics, health, processing ---------------------------------------------------------------------------------------


def test_means_are_weighed_by_how_many_there_were():
    spread = dict.fromkeys(("p50", "p90", "p95", "p99"), 0.0)
    assert metrics.mean([Spread(count=1, mean=0, **spread), Spread(count=3, mean=4800, **spread)]) == "1 h"
    assert metrics.mean([]) == "-"


def test_days_without_a_ticket_are_shown_too():
    days = [NOON.date() + timedelta(days=n) for n in range(3)]
    assert metrics.per_day({days[0]: 2, days[2]: 1}) == {"Day": days, "Tickets": [2, 0, 1]}


def test_sinks_say_what_waits_and_why_they_are_paused():
    counts = {("jira", "dead"): 2, ("jira", "ready"): 1, ("core", "ready"): 9, ("slack", "done"): 5}
    rows = health.sink_rows(counts, {"jira": (NOON + HOUR, "=token refused"), "slack": (NOON - HOUR, "")}, NOON)
    assert [(row["Sink"], row["State"], row["Waiting"], row["Given up"], row["Why"]) for row in rows] == [
        ("jira", ["paused"], 1, 2, "'=token refused"),
        ("slack", ["at work"], 0, 0, ""),
    ]
    assert health.given_up({**counts, ("core", "dead"): 7}) == 2


def test_a_job_says_when_it_is_due():
    job = Job(dedupe="d", dest="jira", kind="on_incident_opened", lane="l", not_before=NOON + HOUR, id=3)
    timer = attrs.evolve(job, dest="core")
    [row] = health.job_rows([job, timer], NOON)
    assert (row["Job"], row["What"], row["When"]) == (3, "incident opened", "in 1 h")
    assert health.job_rows([attrs.evolve(job, state=JobState.DEAD)], NOON)[0]["When"] == "given up"


def test_a_ticket_is_linked_only_where_a_browser_may_go():
    for url, shown in (("https://jira.example/SOC-1", True), ("javascript:alert(1)", False), (None, False)):
        ticket = Ticket(tracker="jira", key="SOC-1", url=url)
        assert (process.web_address(incident(ticket=ticket)) is not None) is shown
        assert ("Link" in process.incident_rows([incident(ticket=ticket)])[0]) is shown


def test_what_cannot_be_processed_is_said():
    assert process.refusal(b" \n") == "The file is empty."
    assert "unpack" in process.refusal(b"\x1f\x8b\x08")
    assert process.refusal(b"a line\n") == ""


def test_times_are_said_as_everywhere():
    [row] = queue.breach_rows([breach(1, 3)], NOON)
    assert row["Due"] == f"in {wording.span(3 * HOUR)}"
