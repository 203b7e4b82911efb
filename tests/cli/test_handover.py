"""`soc handover`, `soc rules verdicts` and `soc incident merge`, as people and programs call them."""

import re

import pytest

from soc_core.cli.handover import inert

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
    assert re.search(
        r"- \*\*INC-1\*\* \\\[CRITICAL\\\] Security Alert \\- door \\\(Severity 9\\\): due in 5\d min", page
    )


def test_a_terminal_gets_the_page_as_it_is(terminal, filled):
    assert "## At risk before the shift ends" in terminal("handover")


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
    assert all(f"\n  {name} " in listed for name in ("list", "test", "verdicts"))
    shown = terminal("rules", "verdicts")
    assert "Precision" in shown
    assert "break-in" in shown
