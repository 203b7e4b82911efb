"""The auditor: nothing stands still without anybody knowing, and the house shows that it lives."""

import json
import logging
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from soc_core import Change, Event, Sla, Target, Update, hookimpl
from soc_core.casebook import SELF
from soc_core.clock import PATIENCE, AnchoredClock
from soc_core.stages.rounds import EVERY, FRESH, clock_stepped, ping
from soc_core.store import audit
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


# -- the watchman elsewhere and the clock on the wall ----------------------------------------------------------------


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


class Machine:
    """A computer whose wall clock is set by people, and whose steady clock nobody can set."""

    def __init__(self):
        self.passed, self.off = timedelta(), timedelta()
        self.clock = AnchoredClock(wall=lambda: self.true + self.off, steady=self.steady)

    @property
    def true(self):
        return NOON + self.passed

    def steady(self):
        return self.passed.total_seconds()


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=1), timedelta(days=-1)])
@pytest.mark.parametrize("minutes", [3, 90])
def test_steps_of_the_wall_clock_make_no_rung_early_and_lose_none(open_soc, listener, monkeypatch, step, minutes):
    machine = Machine()
    soc = open_soc(("ladder", Ladder()))
    for part in (soc, soc.sync, soc.reports, soc._passes):
        name = "_clock" if part is soc._passes else "clock"
        object.__setattr__(part, name, machine.clock)
    soc.submit([Event(source="app", message="8 Security Alert", received=NOON)])
    fired = {}
    while machine.passed < 54 * HOUR:
        machine.passed += timedelta(minutes=1 if machine.passed < 3 * HOUR else 10)
        machine.off = step if HOUR <= machine.passed < HOUR + timedelta(minutes=minutes) else timedelta()
        soc.work()
        for rung in {rung for _, rung in listener.of("escalation")} - set(fired):
            fired[rung] = (machine.clock.now(), machine.true)
        if len(fired) == 3:
            break
    dues = {"50%": 2 * HOUR, "100%": 4 * HOUR, "+24h": 28 * HOUR}
    skipped = {json.loads(e.body)["rung"] for e in soc.reports.timeline("INC-1") if e.what == "escalation.skipped"}
    assert {*fired, *skipped} == set(dues)
    assert len(listener.of("escalation")) == len(fired)
    assert all(now >= NOON + dues[rung] for rung, (now, _) in fired.items())
    if timedelta(minutes=minutes) < PATIENCE:
        assert {rung: true - NOON for rung, (_, true) in fired.items()} == dues
        assert stepped(soc) == []
    else:
        assert stepped(soc) == [step.total_seconds(), -step.total_seconds()]


def stepped(soc):
    with soc.database.read() as tx:
        return [json.loads(entry.body)["seconds"] for entry in audit.entries(tx) if entry.what == "clock.stepped"]


def test_a_step_is_written_down(soc, clock):
    clock_stepped(soc.database, -HOUR, clock.now())
    assert stepped(soc) == [-3600.0]
