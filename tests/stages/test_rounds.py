"""The auditor: nothing stands still without anybody knowing, and the house shows that it lives."""

import json
import logging
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from soc_core import Change, Event, Sla, Target, Update, hookimpl
from soc_core.casebook import SELF
from soc_core.stages.rounds import EVERY, FRESH, ping
from tests.conftest import NOON
from tests.stages.test_escalate import Ladder

HOUR = timedelta(hours=1)


@pytest.fixture
def soc(open_soc, store_url):
    soc = open_soc(("ladder", Ladder()), store=store_url)
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    return soc


def alarms(soc):
    return [(one.message, one.count) for one in soc.reports.incidents(active=False) if one.rule == SELF]


def go(soc, clock, span, pace=HOUR):
    for _ in range(span // pace):
        clock.advance(pace)
        soc.work()


def test_while_a_rung_is_ahead_all_is_well(soc, clock):
    go(soc, clock, 27 * HOUR)
    assert alarms(soc) == []


def test_an_incident_whose_ladder_has_ended_is_told_once(soc, clock):
    go(soc, clock, 40 * HOUR)
    assert alarms(soc) == [("INC-1: open, but every rung has fired and nobody will be reminded any more", 1)]


def test_the_next_one_joins_the_same_alarm(soc, clock):
    go(soc, clock, 29 * HOUR)
    soc.submit([Event(source="app", message="8 Security Alert #2", received=clock.now())])
    go(soc, clock, 23 * HOUR)  # an alert that nobody touches ends after a day
    go(soc, clock, 6 * HOUR)
    assert [message.split(":")[0] for message, _ in alarms(soc)][-1] in ("INC-1", "INC-3")
    assert sum(count for _, count in alarms(soc)) == 2


@pytest.mark.parametrize("end", ["Resolved", "Closed"])
def test_what_is_over_needs_no_next_step(soc, clock, end):
    soc.change("INC-1", Update(change=Change.STATUS, origin="soc", new=end, at=clock.now()))
    go(soc, clock, 40 * HOUR)
    assert alarms(soc) == []


class Patient:
    @hookimpl
    def compute_sla(self, incident):
        target = Target(duration=4 * HOUR, pauses=["Waiting"])
        return Sla(response=target, resolution=target)


def test_a_wait_state_is_a_next_step(open_soc, clock):
    soc = open_soc(("ladder", Ladder()), ("promise", Patient()))
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    waits = Update(change=Change.STATUS, origin="desk", new="In Progress", word="Waiting", at=clock.now())
    soc.inbox("desk").change("INC-1", waits)
    go(soc, clock, 40 * HOUR)
    assert alarms(soc) == []


def test_without_any_ladder_a_ticket_is_not_forgotten_all_the_same(open_soc, clock):
    soc = open_soc()
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc.work()
    go(soc, clock, 9 * HOUR)
    assert alarms(soc) == []
    soc.inbox("desk").ticket_gone("INC-1", "T-1 was deleted")
    go(soc, clock, 3 * HOUR)
    assert alarms(soc) == [("INC-1: open, but it has no ticket, and nothing is on its way to make one", 1)]


def test_an_alert_that_somebody_took_upon_themselves_is_in_their_hands(open_soc, clock):
    soc = open_soc(("ladder", Ladder()))
    soc.submit([Event(source="app", message="6 Error", received=NOON)])
    soc.change("INC-1", Update(change=Change.ACKNOWLEDGED, origin="soc", at=clock.now()))
    go(soc, clock, 40 * HOUR)
    assert alarms(soc) == []


def test_deliveries_to_a_plugin_that_is_gone_are_told(open_soc, clock, listener, tmp_path):
    store = f"sqlite:///{tmp_path / 'soc.db'}"
    open_soc(store=store).submit([Event(source="app", message="8 Security Alert", received=NOON)])
    later = open_soc(("listener", None), store=store)
    later.work()
    assert [message.partition(",")[0] for message, _ in alarms(later)] == ["deliveries wait for listener"]


def test_the_heartbeat_is_the_last_round(soc, clock):
    go(soc, clock, timedelta(minutes=10), pace=timedelta(seconds=20))
    assert clock.now() - soc.reports.figures().heartbeat < EVERY


class Generous(Ladder):
    @hookimpl
    def compute_sla(self, incident):
        return Sla(response=Target(duration=HOUR), resolution=Target(duration=6 * HOUR))


def test_other_settings_after_a_restart_promise_anew_and_the_audit_tells_old_and_new(open_soc, clock, tmp_path):
    store = f"sqlite:///{tmp_path / 'soc.db'}"
    open_soc(("ladder", Ladder()), store=store).submit([Event(source="app", message="8 Security Alert", received=NOON)])
    soc = open_soc(("promise", Generous()), store=store)
    soc.work()
    assert soc.reports.incident("INC-1").clocks["resolution"].due_at() == NOON + 6 * HOUR
    (entry,) = [e for e in soc.reports.timeline("INC-1") if e.what == "incident.sla"]
    body = json.loads(entry.body)
    assert (body["was due"]["resolution"], body["due"]["resolution"]) == (
        "2026-03-02T16:00:00Z",
        "2026-03-02T18:00:00Z",
    )
    assert body["text"] == "other times are promised by the settings now"


# -- the watchman elsewhere ----------------------------------------------------------------


@pytest.fixture
def watchman():
    """A server on loopback that writes down the calls it gets."""
    calls = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/beat", calls
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_watchman_is_called_every_minute_while_the_house_lives(open_soc, clock, watchman):
    url, calls = watchman
    soc = open_soc(watch={"ping": url})
    go(soc, clock, timedelta(minutes=5), pace=timedelta(seconds=20))
    assert calls == ["/beat"] * 5


def test_the_watchman_is_not_called_while_the_rounds_stand_still(soc, clock, watchman):
    url, calls = watchman
    ping(url, soc.database, clock.now() + FRESH)
    assert calls == ["/beat"]
    ping(url, soc.database, clock.now() + FRESH + EVERY)
    assert calls == ["/beat"]


def test_a_watchman_who_does_not_answer_harms_nobody(soc, clock, caplog, monkeypatch):
    soc.work()
    monkeypatch.setattr(logging.getLogger("soc_core"), "handlers", [caplog.handler])
    ping("http://127.0.0.1:9/secret-path", soc.database, clock.now())
    assert "ping.failed" in caplog.text
    assert "secret-path" not in caplog.text
