"""`soc incidents` and `soc incident`: what an analyst sees and does."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from soc_core.app import Soc

CLOCK = {
    "type": ["object", "null"],
    "properties": {"due": {"type": ["string", "null"]}, "state": {"type": "string"}},
    "required": ["due", "state"],
    "additionalProperties": False,
}
INCIDENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "summary": {"type": "string"},
        "label": {"type": "string"},
        "severity": {"type": "number"},
        "priority": {"enum": ["Highest", "High", "Medium", "Low", "Lowest"]},
        "status": {"enum": ["Open", "In Progress", "Resolved", "Closed"]},
        "source": {"type": "string"},
        "user": {"type": ["string", "null"]},
        "ip": {"type": ["string", "null"]},
        "count": {"type": "integer"},
        "first_seen": {"type": "string", "pattern": "Z$"},
        "last_seen": {"type": "string", "pattern": "Z$"},
        "assignee": {"type": ["string", "null"]},
        "sla": {
            "type": "object",
            "properties": {"response": CLOCK, "resolution": CLOCK},
            "required": ["response", "resolution"],
            "additionalProperties": False,
        },
        "ticket": {
            "type": ["object", "null"],
            "properties": {
                "tracker": {"type": "string"},
                "key": {"type": "string"},
                "url": {"type": ["string", "null"]},
            },
            "required": ["tracker", "key", "url"],
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
INCIDENT["required"] = list(INCIDENT["properties"])
INCIDENTS = {
    "type": "object",
    "properties": {"schema": {"const": 1}, "incidents": {"type": "array", "items": INCIDENT}},
    "required": ["schema", "incidents"],
    "additionalProperties": False,
}


def test_incidents_are_listed_in_the_documented_form(filled):
    found = filled("incidents", "--json").document
    jsonschema.validate(found, INCIDENTS)
    assert [(one["id"], one["ticket"] and one["ticket"]["key"]) for one in found["incidents"]] == [
        ("INC-1", "LOCAL-1"),
        ("INC-2", None),
    ]


def test_resolved_incidents_are_listed_on_request_only(filled):
    filled("incident", "resolve", "1")
    assert [one["id"] for one in filled("incidents").document["incidents"]] == ["INC-2"]
    assert [one["id"] for one in filled("incidents", "--all").document["incidents"]] == ["INC-1", "INC-2"]


def test_listing_makes_no_store(soc, place):
    assert soc("incidents").document["incidents"] == []
    assert not list(place.glob("*.db*"))


def test_incidents_can_be_read_while_a_plugin_is_broken(filled, place):
    (place / "rules/test.toml").write_text("[[rule]\n")
    assert filled("run", "house.log").code == 2
    assert len(filled("incidents").document["incidents"]) == 2


@pytest.mark.parametrize("key", ["INC-1", "inc-1", "1", "LOCAL-1", "local-1"])
def test_an_incident_is_found_by_id_number_and_ticket(filled, key):
    assert filled("incident", "show", key).document["incident"]["id"] == "INC-1"
    assert filled("incident", key).document["incident"]["id"] == "INC-1"


@pytest.mark.parametrize("words", [("show",), ("ack",), ("create-ticket",), ("note",)])
def test_an_incident_that_does_not_exist_is_told(filled, words):
    result = filled("incident", *words, "INC-77", *(["hello"] if words == ("note",) else []))
    assert (result.code, "there is no incident or ticket INC-77" in result.err) == (1, True)


def test_an_acknowledgement_says_who_and_stops_the_response_clock(filled):
    found = filled("incident", "ack", "1", "--by", "bo").document
    jsonschema.validate(found["incident"], INCIDENT)
    assert filled("incident", "show", "1").document["incident"]["acknowledged_by"] == "bo"
    if found["incident"]["sla"]["response"] is not None:  # a plugin promises something
        assert found["incident"]["sla"]["response"]["state"] == "met"


def test_a_person_sees_on_a_narrow_terminal_what_a_change_came_to(filled, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert re.search(r"Acknowledged.* by bo", terminal("incident", "ack", "1", "--by", "bo"))
    assert re.search(r"Assignee.*cy", terminal("incident", "assign", "1", "cy"))


def test_incidents_that_are_else_alike_are_told_apart_by_whom_they_are_about(filled, terminal, monkeypatch):
    filled("run", "-", stdin='{"source": "door", "message": "somebody broke in", "ip": "203.0.113.66"}\n')
    monkeypatch.setenv("COLUMNS", "80")
    shown = terminal("incidents")
    assert "door, 203.0.113.66" in shown
    assert "Open" in shown
    assert "door, 203.0.113.66" in terminal("sla")


def test_a_merged_incident_says_where_it_goes_on(filled, terminal):
    filled("incident", "merge", "2", "1", "--no-deliver")
    shown = terminal("incident", "show", "2")
    assert re.search("Merged into.*INC-1", shown)
    assert "incident.merged" not in shown


@pytest.mark.parametrize("word", ["false positive", "false-positive", "False-Positive"])
def test_a_verdict_needs_no_quotes(filled, word):
    filled("incident", "verdict", "1", word, "--no-deliver")
    assert filled("incident", "show", "1").document["incident"]["verdict"] == "false positive"


def test_a_store_that_is_not_there_is_not_taken_for_an_empty_one(soc):
    answer = soc("--store", "sqlite:///mistyped.db", "incidents")
    assert (answer.document["incidents"], "There is no store mistyped.db" in answer.err) == ([], True)


def test_without_a_name_the_user_of_the_environment_acts(filled):
    filled("incident", "ack", "1")
    assert filled("incident", "show", "1").document["incident"]["acknowledged_by"] == "ana"


def test_the_life_of_an_incident_is_on_its_timeline(filled):
    assert filled("incident", "investigate", "1").document["incident"]["status"] == "In Progress"
    filled("incident", "note", "1", "the", "window", "was", "open")
    filled("incident", "assign", "1", "bo")
    assert filled("incident", "resolve", "1", "--reason", "window shut").document["incident"]["status"] == "Resolved"
    assert filled("incident", "reopen", "1").document["incident"]["status"] == "Open"
    filled("incident", "verdict", "1", "false positive")
    assert filled("incident", "close", "1").document["incident"]["status"] == "Closed"
    found = filled("incident", "show", "1").document["incident"]
    assert [note["text"] for note in found["notes"]] == ["the window was open"]
    assert (found["assignee"], found["verdict"]) == ("bo", "false positive")
    changes = [(entry["what"], entry["details"].get("new")) for entry in found["timeline"] if entry["actor"] == "ana"]
    assert changes == [
        ("incident.status", "In Progress"),
        ("incident.note", ""),
        ("incident.assignee", "bo"),
        ("incident.status", "Resolved"),
        ("incident.status", "Open"),
        ("incident.verdict", "false positive"),
        ("incident.status", "Closed"),
    ]


def test_a_change_that_may_not_be_made_is_refused_with_1(filled):
    filled("incident", "close", "1")
    result = filled("incident", "resolve", "1")
    assert (result.code, "Traceback" in result.err, result.err.startswith("Error: ")) == (1, False, True)


def test_an_alert_gets_a_ticket_when_asked_for_and_only_one(filled):
    assert filled("incident", "create-ticket", "2").document["incident"]["ticket"]["key"] == "LOCAL-2"
    again = filled("incident", "create-ticket", "2")
    assert (again.code, again.document["incident"]["ticket"]["key"]) == (0, "LOCAL-2")
    assert "INC-2 has a ticket already: LOCAL-2" in again.err


def test_an_incident_whose_ticket_is_gone_gets_another_when_asked_for(filled):
    with Soc.open(config=Path("soc.toml"), env={}) as house:
        house.inbox("local").ticket_gone("INC-1", "LOCAL-1 was deleted")
    assert filled("incident", "show", "1").document["incident"]["ticket"] is None
    made = filled("incident", "create-ticket", "1")
    assert (made.document["incident"]["ticket"]["key"], "already" in made.err) == ("LOCAL-1", False)
    assert "INC-1 has a ticket already: LOCAL-1" in filled("incident", "create-ticket", "1").err


def test_a_verdict_that_is_none_is_refused_with_those_there_are(filled):
    result = filled("incident", "verdict", "1", "maybe")
    assert (result.code, "false positive" in result.err) == (2, True)


def test_a_misspelt_action_is_answered_with_the_right_one(filled):
    result = filled("incident", "akc", "1")
    assert (result.code, "Did you mean 'ack'?" in result.err) == (2, True)


def test_people_see_a_table(filled, terminal):
    said = terminal("incidents")
    for words in ("INC-1", "Highest", "Security Alert - door", "LOCAL-1", "soc incident show INC-1"):
        assert words in said


def test_people_are_told_what_to_do_where_there_is_nothing(terminal, place):
    assert "soc run FILE" in terminal("incidents")


def test_people_see_everything_about_an_incident(filled, terminal):
    said = terminal("incident", "show", "1")
    for words in ("LOCAL-1", "somebody broke in", "Look at the door.", "ticket made", "soc explain INC-1"):
        assert words in said


def test_sla_lists_clocks_and_those_that_are_late(filled):
    listed = filled("sla").document["incidents"]
    assert all(set(row["sla"]) == {"response", "resolution"} for row in listed)
    assert filled("sla", "violations").document["violations"] == []
    assert filled("sla", "INC-1").document["id"] == "INC-1"
    assert filled("sla", "INC-9").code == 1


def test_metrics_tell_when_the_house_last_looked_at_itself(filled):
    heartbeat = filled("metrics").document["heartbeat"]["last_round"]
    assert datetime.now(UTC) - datetime.fromisoformat(heartbeat) < timedelta(hours=1)


def test_metrics_are_plain_numbers(filled):
    found = filled("metrics").document
    assert found["incidents"] == {"Open": 2}
    assert found["tickets"] == {"made": 1}
    assert found["events_by_rule"] == {"break-in": 1, "smoke": 1}


def test_the_audit_trail_shows_and_verifies(filled):
    entries = filled("audit", "show").document["entries"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry["incident"] for entry in filled("audit", "show", "INC-2").document["entries"]} == {"INC-2"}
    verified = filled("audit", "verify").document
    assert (verified["intact"], verified["head"]) == (True, f"{len(entries)}:{entries[-1]['hash']}")
    assert filled("audit", "verify", "--anchor", verified["head"]).code == 0


def test_a_trail_that_somebody_changed_ends_with_1(filled, place):
    import sqlite3  # noqa: PLC0415 - what an intruder would use

    with sqlite3.connect("soc.db") as store:
        store.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    result = filled("audit", "verify")
    assert (result.code, result.document["intact"]) == (1, False)
    assert "entry 1" in result.document["flaw"]


def test_an_anchor_that_does_not_fit_ends_with_1(filled):
    assert filled("audit", "verify", "--anchor", "1:" + "0" * 64).code == 1
    assert filled("audit", "verify", "--anchor", "nonsense").code == 2


def test_output_is_one_json_document_that_hides_nothing_from_a_terminal(filled, terminal):
    said = terminal("incidents", "--json")
    assert json.loads(said)["incidents"][0]["id"] == "INC-1"


def test_somebody_who_is_not_known_is_not_assigned(filled, place):
    settings = (place / "soc.toml").read_text()
    (place / "soc.toml").write_text(settings + '[people.bo]\nroles = ["analyst"]\n')
    result = filled("incident", "assign", "1", "boo")
    assert (result.code, "did you mean 'bo'?" in result.err) == (1, True)
    assert filled("incident", "assign", "1", "Bo").document["incident"]["assignee"] == "bo"
    assert filled("incident", "assign", "1", "-").document["incident"]["assignee"] is None
