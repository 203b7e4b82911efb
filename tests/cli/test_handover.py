"""`soc handover`, `soc rules verdicts` and `noisy`, and `soc incident merge`, as people and programs call them."""

import json
from contextlib import closing
from datetime import timedelta

import attrs
import pytest

from soc_core.cli.handover import as_markdown, handover_of, inert
from soc_core.store.reports import StoreReports
from soc_core.testing.clock import HandClock

TWO = '{"source": "gate", "message": "somebody broke in"}\n'


def test_the_next_shift_reads_what_is_open_and_what_becomes_due(filled):
    page = filled("handover", "--shift", "8h").document
    assert [one["id"] for one in page["open"]] == ["INC-1", "INC-2"]
    assert [one["id"] for one in page["at_risk"]] == ["INC-1"]
    assert (page["overdue"], page["escalated"]) == ([], {})
    assert [one["rule"] for one in page["noisy_rules"]] == ["break-in", "smoke"]
    assert filled("handover", "--shift", "30m").document["at_risk"] == []


def test_the_page_is_markdown_for_people(filled):
    page = filled("handover", "--markdown").out
    assert page.startswith("# Handover, 2")
    assert "2 incidents open, 0 overdue, 1 at risk before" in page


@pytest.fixture
def page_after(filled, place):
    """The page, so much time after the incident was found."""

    def page(passed):
        reports = StoreReports.of(f"sqlite:///{place / 'soc.db'}")
        with closing(reports.database):
            clock = HandClock(reports.incident("INC-1").detected_at + passed)
            return as_markdown(handover_of(attrs.evolve(reports, clock=clock), timedelta(hours=8)))

    return page


def test_the_page_says_how_much_time_is_left_and_how_late_it_is(page_after):
    named = r"- **INC-1** \[CRITICAL\] Security Alert \- door \(Severity 9\): "
    for passed, title, words in (
        (timedelta(minutes=8), "At risk before the shift ends", "due in 52 min, nobody has it, not acknowledged"),
        (timedelta(hours=3), "Overdue", "2 h overdue, nobody has it, not acknowledged"),
    ):
        part = page_after(passed).partition(f"## {title}\n")[2].partition("##")[0]
        assert named + words in part


def test_a_terminal_gets_the_page_without_escapes(terminal, filled):
    page = terminal("handover")
    assert "## At risk before the shift ends" in page
    assert "- **INC-1** [CRITICAL] Security Alert - door (Severity 9): " in page


def test_the_page_says_whom_incidents_are_about(filled):
    event = {"source": "gate", "message": "somebody broke in", "user": "[mia](http://evil)\x1b", "ip": "203.0.113.9"}
    filled("run", "-", stdin=json.dumps(event))
    known = {one["id"]: (one["user"], one["ip"]) for one in filled("handover").document["open"]}
    assert known["INC-3"] == ("[mia](http://evil)\x1b", "203.0.113.9")
    assert known["INC-1"] == (None, None)
    lines = filled("handover", "--markdown").out.splitlines()
    what, about = r"**INC-3** \[CRITICAL\] Security Alert \- gate \(Severity 9\)", r"\[mia\]\(http://evil\)\\x1b from"
    assert [line for line in lines if line.startswith(f"- {what}, {about} 203.0.113.9: ")]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a|b [x](http://evil)", r"a\|b \[x\]\(http://evil\)"),
        ("# one\n- two", r"\# one\\n\- two"),
        ("`<b>`", r"\`\<b\>\`"),
    ],
)
def test_log_text_stands_for_nothing_but_itself(words, shown):
    assert inert(words) == shown


def test_two_incidents_become_one(filled):
    filled("run", "-", stdin=TWO)
    merged = filled("incident", "merge", "3", "1", "--reason", "one burglar").document["incident"]
    assert (merged["id"], merged["count"]) == ("INC-1", 2)
    again = filled("incident", "merge", "INC-3", "INC-1")
    assert (again.code, again.err) == (1, "Error: INC-3 was merged into INC-1 already\n")


def test_verdicts_say_how_often_a_rule_was_right(filled):
    filled("run", "-", stdin=TWO)
    assert filled("incident", "verdict", "1", "true positive", "--no-deliver").code == 0
    assert filled("incident", "verdict", "3", "false positive", "--no-deliver").code == 0
    rules = filled("rules", "verdicts").document["rules"]
    assert rules == [
        {
            "rule": "break-in",
            "incidents": 2,
            "judged": 2,
            "true_positives": 1,
            "false_positives": 1,
            "benign": 0,
            "precision": 0.5,
            "false_share": 0.5,
        },
        {
            "rule": "smoke",
            "incidents": 1,
            "judged": 0,
            "true_positives": 0,
            "false_positives": 0,
            "benign": 0,
            "precision": None,
            "false_share": None,
        },
    ]


def test_verdicts_join_the_commands_of_the_rules(filled, terminal):
    listed = filled("rules", "--help").out
    assert all(f"\n  {name} " in listed for name in ("list", "test", "verdicts", "noisy"))
    shown = terminal("rules", "verdicts")
    assert "Precision" in shown
    assert "break-in" in shown


def test_noisy_rules_are_told_by_their_share_of_tickets_and_incidents(filled, terminal):
    filled("run", "-", stdin=TWO)
    rules = {one["rule"]: one for one in filled("rules", "noisy").document["rules"]}
    assert list(rules) == ["break-in", "smoke"]
    assert (rules["break-in"]["incidents"], rules["break-in"]["tickets"]) == (2, 2)
    assert (rules["break-in"]["share_of_incidents"], rules["break-in"]["share_of_tickets"]) == (0.6667, 1.0)
    assert (rules["smoke"]["share_of_incidents"], rules["smoke"]["share_of_tickets"]) == (0.3333, 0.0)
    shown = terminal("rules", "noisy")
    assert "67%" in shown
    assert "2 tickets of 3 incidents" in shown


def test_rules_are_not_noisy_before_anything_happened(filled):
    assert filled("rules", "noisy", "--since", "2199-01-01").document["rules"] == []
    wrong = filled("rules", "noisy", "--since", "monday")
    assert (wrong.code, "'monday' is no day such as 2026-03-02" in wrong.err) == (2, True)
