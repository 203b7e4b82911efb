"""`soc serve`: listens on this machine, delivers what is due, stops when told to."""

import re
import signal
import urllib.request

import pytest


def test_it_answers_delivers_and_stops_when_told_to(start, soc, place):
    soc("run", "house.log", "--no-deliver")
    process = start("serve", "--port", "0")
    address = re.search(rb"http://127\.0\.0\.1:\d+", process.stderr.readline())
    assert address is not None
    url = address[0].decode()
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        assert answer.read() == b"alive\n"
    with urllib.request.urlopen(f"{url}/readyz") as answer:
        assert answer.read() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b""), err
    assert b"Stopped." in err
    assert soc("incidents").document["incidents"][0]["ticket"]["key"] == "LOCAL-1"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "soc.example.org", "::"])
def test_it_refuses_to_listen_to_the_world(soc, host):
    result = soc("serve", "--host", host)
    assert (result.code, "reverse proxy" in result.err) == (2, True)


def test_a_port_that_is_taken_is_told(start, soc, place):
    first = start("serve", "--port", "0")
    port = re.search(rb":(\d+) ", first.stderr.readline())
    assert port is not None
    result = soc("serve", "--port", port[1].decode())
    assert (result.code, "choose another --port" in result.err) == (2, True)
