"""Log lines over HTTP: what is acknowledged is stored, what is not can be sent again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest
import requests
from sqlalchemy import text

from soc_core import Secret, StoreError
from soc_core.store.database import Database
from soc_core.web.ingest import operation
from tests.web.conftest import TOKENS, Client, serving

ROWS = [{"id": "1", "source": "oven", "message": "it burns"}, {"id": "2", "source": "hall", "message": "all is well"}]
NDJSON = "".join(json.dumps(row) + "\n" for row in ROWS)


def opened(soc):
    return sorted((one.source, one.count) for one in soc.reports.incidents())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (NDJSON, "application/x-ndjson"),
        (json.dumps(ROWS), "application/json"),
        (json.dumps(ROWS, indent=4), "application/json; charset=utf-8"),
        (json.dumps([json.dumps(row) for row in ROWS]), "application/json"),
        ("oven: it burns\nhall: all is well\n", "text/plain"),
    ],
    ids=["lines", "array", "array over several lines", "array of texts", "text"],
)
def test_lines_come_in_as_they_are_written(sender, soc, body, kind):
    answer = sender.post("/ingest", data=body, headers={"content-type": kind})
    assert answer.status_code == 200
    counts = {"lines": 2, "processed": 2, "quarantined": 0, "repeated": 0, "incidents_opened": 1, "joined": 0}
    assert answer.json() == {"schema": 1, **counts}
    assert len(opened(soc)) == 1


def test_one_object_is_one_event_and_the_source_may_be_named(sender, soc):
    row = json.dumps({"message": "it burns"}, indent=2)
    assert sender.post("/ingest?source=kiln", data=row, headers={"content-type": "application/json"}).ok
    assert opened(soc) == [("kiln", 1)]


def test_what_carries_an_id_has_no_effect_twice(sender, soc):
    first, second = (sender.post("/ingest", data=NDJSON).json() for _ in range(2))
    assert (first["repeated"], first["incidents_opened"]) == (0, 1)
    assert (second["repeated"], second["incidents_opened"]) == (1, 0)  # of the other nobody had an opinion
    assert opened(soc) == [("oven", 1)]


def test_a_line_that_cannot_be_read_goes_to_quarantine_and_is_told(sender, soc):
    answer = sender.post("/ingest?format=json", data=NDJSON + "no json\n").json()
    assert (answer["lines"], answer["quarantined"], answer["incidents_opened"]) == (3, 1, 1)
    assert soc.reports.shelf_sizes() == (0, 1)


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer wrong", TOKENS["ingest"], f"Bearer {TOKENS['api']}"])
def test_strangers_store_nothing_and_learn_nothing(sender, soc, shown):
    answer = sender.post("/ingest", data=NDJSON, headers={"authorization": shown})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "geheim" not in answer.text
    assert opened(soc) == []


@pytest.mark.parametrize("token", [None, Secret("")])
def test_without_a_token_the_door_is_shut_even_for_those_who_show_none(soc, token):
    with serving(soc.calls, [operation(lambda *given: {}, token=token, max_body=10)]) as url, Client(url, "") as client:
        answer = client.post("/ingest", data="x")
    assert (answer.status_code, "SOC_INGEST_TOKEN" in answer.text) == (403, True)


@pytest.mark.parametrize(
    "body", [b"it burns\n" * 2000, iter([b"it burns\n" * 1000] * 2)], ids=["announced", "in parts"]
)
def test_a_body_over_the_cap_is_refused_whole(sender, soc, body):
    assert sender.post("/ingest", data=body).status_code == 413
    assert opened(soc) == []


@pytest.mark.parametrize(
    ("url", "body", "headers", "status"),
    [
        ("/ingest", "[1]", {"content-type": "application/json"}, 400),
        ("/ingest", "{", {"content-type": "application/json"}, 400),
        ("/ingest", NDJSON, {"content-type": "application/json"}, 400),
        ("/ingest", "", {"content-type": "application/json"}, 400),
        ("/ingest", b"\xff", {"content-type": "application/json"}, 400),
        ("/ingest", "[" * 9000, {"content-type": "application/json"}, 400),
        ("/ingest?format=jsom", NDJSON, {}, 400),
        ("/ingest?source=%00", NDJSON, {}, 400),
        ("/ingest?sorce=oven", NDJSON, {}, 400),
        ("/ingest", "x", {"content-encoding": "gzip"}, 415),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_stored(sender, soc, url, body, headers, status):
    answer = sender.post(url, data=body, headers=headers)
    assert (answer.status_code, answer.text.count("\n")) == (status, 1)
    assert opened(soc) == []


def test_an_empty_body_is_no_event(sender):
    assert sender.post("/ingest", data="").json()["incidents_opened"] == 0


def test_overload_is_told_and_loses_nothing(soc):
    going, entered, stored = threading.Event(), threading.Semaphore(0), []

    def take(lines, log_format, source):
        entered.release()
        assert going.wait(60)
        stored.extend(lines.split())
        return {"lines": 1}

    answers = []
    with serving(soc.calls, [operation(take, token=Secret("t"), max_body=100, at_once=2)]) as url:

        def send(name):
            with Client(url, "t") as client:
                answers.append((name, client.post("/ingest", data=name).status_code))

        first = [threading.Thread(target=send, args=(name,)) for name in ("a", "b")]
        for thread in first:
            thread.start()
        for _ in first:
            assert entered.acquire(timeout=60)
        with Client(url, "t") as client:
            refused = client.post("/ingest", data="c")
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            going.set()
            for thread in first:
                thread.join()
            assert client.post("/ingest", data="c").status_code == 200
    assert sorted(answers) == [("a", 200), ("b", 200)]
    assert sorted(stored) == [b"a", b"b", b"c"]


def test_a_caller_who_dawdles_makes_room_for_the_others(soc):
    taken = []
    routes = [
        operation(lambda lines, *_: taken.append(lines) or {}, token=Secret("t"), max_body=100, at_once=1, patience=2)
    ]
    with serving(soc.calls, routes) as url, Client(url, "t") as client:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as slow:
            slow.sendall(b"POST /ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: 9\r\n\r\nhal")
            assert slow.recv(65536).startswith(b"HTTP/1.1 408 ")
        assert client.post("/ingest", data="whole").status_code == 200
    assert taken == [b"whole"]


def test_a_store_that_cannot_be_used_acknowledges_nothing(soc):
    def take(lines, log_format, source):
        raise StoreError("store /var/lib/secret-place.db: the disk is full")

    with serving(soc.calls, [operation(take, token=Secret("t"), max_body=100)]) as url, Client(url, "t") as client:
        answer = client.post("/ingest", data="x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "secret-place" not in answer.text


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
def test_what_was_acknowledged_survives(tmp_path, blow):
    (tmp_path / "soc.toml").write_text('[plugins]\ndisable = ["jira", "slack"]\n')
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "soc_core", "serve", "--port", "0"],
        cwd=tmp_path,
        env={**clean, "SOC_INGEST_TOKEN": "canary-token"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    acknowledged, enough = [], threading.Event()

    def send(url, worker):
        with Client(url, "canary-token") as client:
            for n in range(100_000):
                names = [f"{worker}-{n}-{m}" for m in range(20)]
                line = "Accepted password for root from 203.0.113.9 port 22 ssh2"
                rows = [{"id": name, "source": "sshd", "message": line} for name in names]
                try:
                    answer = client.post("/ingest", data="".join(json.dumps(row) + "\n" for row in rows))
                except requests.RequestException:
                    return
                if answer.status_code == 200:
                    acknowledged.extend(names)
                if len(acknowledged) > 200:
                    enough.set()

    try:
        address = re.search(rb"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert address is not None
        senders = [threading.Thread(target=send, args=(address[0].decode(), worker)) for worker in range(3)]
        for sender in senders:
            sender.start()
        assert enough.wait(60)
        process.send_signal(blow)
        out, err = process.communicate(timeout=60)
        for sender in senders:
            sender.join()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert b"canary-token" not in out + err
    failed = [line for line in err.splitlines() if b"plugin.failed" in line]
    assert [line for line in failed if b"kind=overran" not in line] == []  # a busy machine is no plugin's failure
    database = Database(f"sqlite:///{tmp_path / 'soc.db'}")
    database.open()
    with database.read() as tx:
        stored = set(tx.execute(text("SELECT event_id FROM event_inbox")).scalars())
    database.close()
    assert set(acknowledged) - stored == set()
