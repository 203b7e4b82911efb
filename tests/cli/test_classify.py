"""`soc classify`: one answer for each event, in order, nothing stored."""

import re
from pathlib import Path

import pytest


def test_rules_are_looked_for_beside_the_settings_that_name_them(soc, place):
    (place / "etc").mkdir()
    for name in ("soc.toml", "rules"):
        (place / name).rename(place / "etc" / name)
    assert soc("--config", "etc/soc.toml", "classify", "house.log", "--json").rows[0]["rule"] == "break-in"


def test_each_event_gets_one_answer_and_its_id_back(soc):
    result = soc("classify", "house.log", "--json")
    assert result.code == 0
    assert result.rows == [
        {
            "id": "1",
            "source": "door",
            "severity": 9.0,
            "label": "Security Alert",
            "confidence": 0.9,
            "decision": "ticket",
            "priority": "Highest",
            "reason": "Somebody broke in (rule break-in); severity 9 is at least 9",
            "security": True,
            "rule": "break-in",
        },
        {
            "id": "2",
            "source": "hall",
            "severity": 6.5,
            "label": "Error",
            "confidence": 0.8,
            "decision": "alert",
            "priority": "Medium",
            "reason": "There is smoke (rule smoke); "
            "severity 6.5 is at least 6 but too low for a ticket with this label",
            "security": False,
            "rule": "smoke",
        },
        {
            "id": "3",
            "source": "hall",
            "severity": 1.0,
            "label": "Unclassified",
            "confidence": 0.0,
            "decision": "ignore",
            "priority": "Lowest",
            "reason": "no classifier has an opinion",
            "security": False,
            "rule": "",
        },
    ]


def test_nothing_is_stored(soc, place):
    soc("classify", "house.log")
    assert not list(place.glob("*.db*"))


def test_plain_lines_from_standard_input_have_no_id(soc):
    [row] = soc("classify", "-", "--source", "gate", stdin="somebody broke in\n").rows
    assert (row["id"], row["source"], row["decision"]) == (None, "gate", "ticket")


def test_every_plugins_answer_is_added_on_request(soc):
    [row] = soc("classify", "-", "--explain", stdin="somebody knocked\n").rows
    explained = row["explain"]
    assert [answer["plugin"] for answer in explained["classifiers"]] == ["rules"]
    assert [answer["decision"] for answer in explained["deciders"]] == ["ignore"]
    assert [(count["rule"], count["count"], count["becomes"]["decision"]) for count in explained["counts"]] == [
        ("knock", 3, "ticket")
    ]


def test_people_read_the_rule_and_the_decision_below_each_line(terminal):
    shown = terminal("classify", "house.log", "--explain")
    assert re.search(r"rules 9, rule break-in: .*\(rule break-in\)", shown)
    assert re.search(r"triggers: ticket, severity 9 is at least 9", shown)


def test_a_line_that_cannot_be_read_is_told_and_the_others_are_answered(soc, place):
    Path("two.log").write_text('{"id": "a", "source": "x", "message": "smoke"}\n' * 9 + '{"id": \n')
    result = soc("classify", "two.log")
    assert (result.code, len(result.rows)) == (5, 9)
    assert "two.log, line 10: " in result.err


@pytest.mark.parametrize("name", ["absent.log", "."])
def test_what_cannot_be_read_ends_with_3(soc, name):
    result = soc("classify", name)
    assert (result.code, result.out) == (3, "")
