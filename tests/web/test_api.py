"""Incidents for other programs: the same document as on the command line, for those with a token, and read-only."""

import pytest

from soc_core import Change, Update
from soc_core.store.reports import document


@pytest.fixture
def filled(soc):
    soc.submit([("oven", "it burns"), ("attic", "it burns too")])
    soc.work()
    update = Update(change=Change.STATUS, origin="soc", at=soc.clock.now(), actor="ana", new="Closed")
    soc.change("INC-2", update)
    note = Update(change=Change.NOTE, origin="soc", at=soc.clock.now(), actor="ana", text="<b>hm</b>\x1b[31m")
    soc.change("INC-1", note)
    return soc


def test_active_incidents_are_listed_as_on_the_command_line(reader, filled):
    found = reader.get("/api/v1/incidents").json()
    assert found == {"schema": 1, "incidents": [document(filled.reports.incident("INC-1"), filled.clock.now())]}


def test_closed_ones_are_listed_when_asked_for(reader, filled):
    found = reader.get("/api/v1/incidents?active=false").json()["incidents"]
    assert {one["id"] for one in found} == {"INC-1", "INC-2"}
    assert len(reader.get("/api/v1/incidents?active=false&limit=1").json()["incidents"]) == 1


def test_one_incident_comes_with_its_story(reader, filled):
    answer = reader.get("/api/v1/incidents/INC-1")
    found = answer.json()["incident"]
    assert answer.headers["content-type"] == "application/json"
    assert (found["id"], found["ticket"]["key"]) == ("INC-1", "LOCAL-1")
    assert found["explanation"] == filled.reports.explanation("INC-1")
    assert [(note["author"], note["text"]) for note in found["notes"]] == [("ana", "<b>hm</b>\x1b[31m")]
    assert reader.get("/api/v1/incidents/LOCAL-1").json()["incident"] == found


@pytest.mark.parametrize("key", ["INC-9", "%00", "..%2f..%2fetc", "' OR 1=1 --"])
def test_there_is_no_such_incident(reader, filled, key):
    assert reader.get(f"/api/v1/incidents/{key}").status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=²", "limit=-1", "active=maybe"])
def test_a_question_that_makes_no_sense_is_refused(reader, query):
    assert reader.get(f"/api/v1/incidents?{query}").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "incidents?limt=5", "no parameter is called 'limt': there is limit and active\n"),
        ("GET", "incidents?limit=5&Active=false", "no parameter is called 'Active': there is limit and active\n"),
        ("GET", "incidents/INC-1?key=INC-2", "no parameter is called 'key': there is none\n"),
        ("GET", "metrics?until=2026-03-02", "no parameter is called 'until': there is since\n"),
        ("GET", "metrics?a%0ab%1b%e2%80%ae", "no parameter is called 'a\\nb\\x1b\\u202e': there is since\n"),
        ("GET", f"metrics?{'x' * 5000}=1", f"no parameter is called '{'x' * 40}': there is since\n"),
        ("POST", "incidents/INC-1/ack?by=bo", "no parameter is called 'by': there is none\n"),
        ("POST", "incidents/INC-1/notes?text=hm", "no parameter is called 'text': there is none\n"),
    ],
)
def test_a_misspelt_parameter_is_named_beside_those_that_there_are(ana, filled, method, path, refusal):
    before = filled.reports.incident("INC-1")
    answer = ana.request(method, f"/api/v1/{path}", json={"text": "hm"} if method == "POST" else None)
    assert (answer.status_code, answer.text) == (400, refusal)
    assert filled.reports.incident("INC-1") == before


def test_strangers_are_not_told_of_parameters(sender, filled):
    assert sender.get("/api/v1/incidents?limt=5").status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/incidents", "/api/v1/incidents/INC-1"])
def test_nothing_is_told_to_strangers_and_what_is_read_cannot_be_written(reader, sender, filled, path):
    assert sender.get(path).status_code == 401  # the token of another door
    assert reader.get(path, headers={"authorization": None}).status_code == 401
    assert [reader.request(method, path).status_code for method in ("POST", "PUT", "PATCH", "DELETE")] == [405] * 4
