"""What people and programs may say about an incident over HTTP: under their own name, once, told like any change."""

import pytest

from soc_core import Change, Update
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.web import api
from tests.web.conftest import QUIET, TOKENS, Client, Judge, serving

URL = "/api/v1/incidents/INC-1"


@pytest.fixture
def soc(store_url):
    """The house on a store of each kind."""
    overrides = {"store": store_url, "plugins": {"disable": QUIET}}
    with Soc.open(overrides=overrides, env={}, clock=HandClock(), plugins=[("judge", Judge())]) as opened:
        yield opened


@pytest.fixture
def filled(soc):
    soc.submit([("oven", "it burns")])
    soc.work()
    return soc


def told(soc):
    return [(entry.what, entry.actor) for entry in soc.reports.timeline("INC-1") if entry.actor in ("ana", "bot")]


def test_a_note_is_kept_under_the_name_of_the_token(ana, filled):
    answer = ana.post(f"{URL}/notes", json={"text": "it was the toast\n<b>&"})
    assert answer.status_code == 200
    notes = answer.json()["incident"]["notes"]
    assert [(one["author"], one["origin"], one["text"]) for one in notes] == [("ana", "soc", "it was the toast\n<b>&")]
    assert ana.get(URL).json() == answer.json()
    assert [actor for _, actor in told(filled)] == ["ana"]


def test_acknowledging_stops_the_response_clock_and_says_who_did_it(ana, filled):
    assert ana.post(f"{URL}/ack").json()["incident"]["id"] == "INC-1"
    assert filled.reports.incident("INC-1").acknowledged_by == "ana"


def test_the_key_of_the_ticket_names_the_incident_too(ana, filled):
    assert ana.post("/api/v1/incidents/LOCAL-1/ack").json()["incident"]["id"] == "INC-1"


def test_a_verdict_is_kept(ana, filled):
    assert ana.post(f"{URL}/verdict", json={"verdict": "false positive"}).ok
    assert filled.reports.incident("INC-1").verdict == "false positive"


def test_a_change_that_is_sent_again_has_no_effect_twice(ana, address, filled):
    once = {"idempotency-key": "7f3a"}
    first, again = (ana.post(f"{URL}/notes", json={"text": "hm"}, headers=once).json() for _ in range(2))
    assert first == again
    with Client(address, TOKENS["bot"]) as bot:  # somebody else's key is another one
        assert len(bot.post(f"{URL}/notes", json={"text": "hm"}, headers=once).json()["incident"]["notes"]) == 2
    assert len(ana.post(f"{URL}/notes", json={"text": "hm"}).json()["incident"]["notes"]) == 3


@pytest.mark.parametrize("what", ["notes", "ack", "verdict"])
def test_who_may_only_read_changes_nothing_and_is_told_why(reader, sender, filled, what):
    before = filled.reports.incident("INC-1")
    refused = reader.post(f"{URL}/{what}", json={"text": "hm", "verdict": "benign"})
    assert (refused.status_code, "[serve.writers]" in refused.text) == (403, True)
    assert sender.post(f"{URL}/{what}", json={"text": "hm"}).status_code == 401
    assert sender.post(f"{URL}/{what}", json={"text": "hm"}, headers={"authorization": None}).status_code == 401
    assert (filled.reports.incident("INC-1"), filled.reports.notes("INC-1")) == (before, ())


def test_without_writers_nobody_writes(soc):
    shut = api.Api(soc.reports, soc.change, reader=None, writers={}).operations()
    with serving(soc.calls, shut) as url, Client(url, "") as client:
        answer = client.post(f"{URL}/ack")
    assert (answer.status_code, "[serve.writers]" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        (f"{URL}/notes", b"", {}, 400),
        (f"{URL}/notes", b"{", {}, 400),
        (f"{URL}/notes", b'{"text": ""}', {}, 400),
        (f"{URL}/notes", b'{"text": " \\n "}', {}, 400),
        (f"{URL}/notes", b'{"text": "a\\u0000b"}', {}, 400),
        (f"{URL}/notes", b'{"text": "\\ud800"}', {}, 400),
        (f"{URL}/notes", b'{"text": 5}', {}, 400),
        (f"{URL}/notes", b'{"text": "a", "actor": "boss"}', {}, 400),
        (f"{URL}/notes", b"\xff", {}, 400),
        (f"{URL}/notes", b"[" * 100_000, {}, 400),
        (f"{URL}/notes", b'{"text": "%s"}' % (b"x" * 20_001), {}, 400),
        (f"{URL}/notes", b" " * 200_000, {}, 413),
        (f"{URL}/notes", b'{"text": "a"}', {"idempotency-key": "x" * 101}, 400),
        (f"{URL}/notes", b'{"text": "a"}', {"idempotency-key": "caf\xe9"}, 400),
        (f"{URL}/notes", b'{"text": "a"}', {"content-encoding": "gzip"}, 415),
        (f"{URL}/verdict", b'{"verdict": "maybe"}', {}, 400),
        ("/api/v1/incidents/INC-9/ack", b"", {}, 404),
        ("/api/v1/incidents/%00/ack", b"", {}, 404),
    ],
)
def test_what_cannot_be_understood_changes_nothing(ana, filled, path, body, headers, status):
    before = filled.reports.incident("INC-1")
    answer = ana.post(path, data=body, headers=headers)
    assert (answer.status_code, answer.text.count("\n")) == (status, 1)
    assert (filled.reports.incident("INC-1"), filled.reports.notes("INC-1")) == (before, ())


def test_a_change_that_the_house_refuses_is_told_in_its_words(ana, filled, soc):
    over = Update(change=Change.STATUS, origin="soc", at=soc.clock.now(), actor="bo", new="Closed")
    soc.change("INC-1", over)
    answer = ana.post(f"{URL}/ack")
    assert (answer.status_code, answer.text) == (409, "INC-1 is Closed already; reopen it first\n")
