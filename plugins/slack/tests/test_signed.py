"""Only Slack's own fresh requests come in: everything else is refused with 401 or 400, and never with 500."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soc_slack.endpoints import Endpoints
from soc_slack.plugin import Slack
from soc_slack.signature import Signatures

from soc_core import HttpRequest, Secret
from soc_core.testing.slack import FakeSlack, signed

SECRET = "fake-signing-secret"
AT = 1_772_445_600.0


@pytest.fixture
def door(make, slack: FakeSlack, plugin: Slack, book):
    handled = []

    class Inbox:
        def change(self, incident, update):
            handled.append(update)
            return True

    endpoints = plugin.register_endpoints(inbox=Inbox(), reports=book)
    known = {endpoint.path: endpoint.handler for endpoint in endpoints}
    return known, handled


def ask(body: bytes, headers: dict[str, str], path: str = "/slack/interactions") -> HttpRequest:
    return HttpRequest(method="POST", path=path, headers=headers, body=body)


def form(payload: object) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


GOOD = form({"type": "block_actions", "actions": []})
HALF = {"type": "url_verification", "challenge": "\ud800"}
HALVES = [form(HALF), json.dumps(HALF).encode()]


def at(make) -> float:
    return make.now.timestamp()


def test_a_signed_request_comes_in_once(make, door) -> None:
    handlers, _ = door
    headers = signed(SECRET, GOOD, timestamp=at(make))
    assert handlers["/slack/interactions"](ask(GOOD, headers)).status == 200
    assert handlers["/slack/interactions"](ask(GOOD, headers)).status == 401


@pytest.mark.parametrize("shift", [-301, 301, -86400, 10**9])
def test_old_and_future_requests_are_refused(make, door, shift) -> None:
    headers = signed(SECRET, GOOD, timestamp=at(make) + shift)
    assert door[0]["/slack/interactions"](ask(GOOD, headers)).status == 401


@pytest.mark.parametrize(
    ("stamp", "signature"),
    [
        ("soon", "v0=" + "0" * 64),
        ("9" * 400, "v0=" + "0" * 64),
        ("", ""),
        ("-1", "v0=" + "0" * 64),
        ("1772445600", "v0=é"),
        ("1772445600", "v1=" + "0" * 64),
        ("1772445600, 1772445600", "v0=" + "0" * 64),
        ("١٧٧٢٤٤٥٦٠٠", "v0=" + "0" * 64),
        (["1772445600"], ["v0=" + "0" * 64]),
        (None, None),
    ],
)
@pytest.mark.parametrize("path", ["/slack/interactions", "/slack/events"])
def test_malformed_signatures_are_refused(door, stamp, signature, path) -> None:
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    assert door[0][path](ask(GOOD, headers, path)).status == 401
    assert door[0][path](ask(GOOD, {}, path)).status == 401


def test_a_signature_of_another_secret_or_body_is_refused(make, door) -> None:
    handler = door[0]["/slack/interactions"]
    assert handler(ask(GOOD, signed("other", GOOD, timestamp=at(make)))).status == 401
    assert handler(ask(GOOD + b"x", signed(SECRET, GOOD, timestamp=at(make)))).status == 401


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=nonsense", b"payload=[]", b"[" * 100_000, b"\xff\xfe", *HALVES]
)
@pytest.mark.parametrize("path", ["/slack/interactions", "/slack/events"])
def test_signed_nonsense_is_a_bad_request(make, door, body, path) -> None:
    headers = signed(SECRET, body, timestamp=at(make))
    assert door[0][path](ask(body, headers, path)).status in (400, 401)


def test_slacks_question_for_the_address_is_answered_only_if_signed(make, door) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    handler = door[0]["/slack/events"]
    assert handler(ask(body, signed(SECRET, body, timestamp=at(make)), "/slack/events")).body == b"abc"
    assert handler(ask(body, {}, "/slack/events")).status == 401


def test_without_a_signing_secret_there_is_no_address(make, slack: FakeSlack, book) -> None:
    plugin = Slack(make.settings(slack, signing_secret=None))
    assert list(plugin.register_endpoints(inbox=None, reports=book)) == []


HEADER = st.one_of(st.none(), st.text(max_size=80), st.sampled_from(["1772445600", "v0=" + "a" * 64]))


@settings(max_examples=300, deadline=None)
@given(HEADER, HEADER, st.binary(max_size=200))
def test_nothing_unsigned_ever_gets_further(stamp, signature, body) -> None:
    class Nobody:
        def handle(self, kind, payload):
            raise AssertionError("it got in")

    endpoints = Endpoints(inbound=Nobody(), signatures=Signatures(Secret(SECRET), lambda: AT), later=lambda work: None)
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    assert endpoints.event(ask(body, headers)).status == 401


def test_the_memory_for_replays_is_bounded() -> None:
    now = [AT]
    signatures = Signatures(Secret(SECRET), lambda: now[0])
    for number in range(10_050):
        body = str(number).encode()
        assert signatures.fault_of(ask(body, signed(SECRET, body, timestamp=AT))) is None
    assert len(signatures._seen) <= 10_000
