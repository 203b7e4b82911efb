"""What other systems post comes in as one event each, read the way its sender means it."""

import base64
import json

import pytest

from soc_core.errors import InputError
from soc_core.stages.intake.formats import parse
from soc_core.web.senders import as_lines
from tests.conftest import NOON

JSON = {"content-type": "application/json"}


def events(body, headers):
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [parse(line, received=NOON) for line in as_lines(written, headers).split(b"\n") if line]


def alert(status, name="DiskFull", **more):
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "critical", "instance": "db1:9100", **more},
        "annotations": {"summary": "The disk of db1 is 98% full", "runbook_url": "https://wiki.example.org/disk"},
        "startsAt": "2026-03-02T11:58:00.000Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-02T11:59:30.000Z",
        "generatorURL": "https://prometheus.example.org/graph?g0.expr=x",
        "fingerprint": f"1a30ba71{name}",
    }


def group(*alerts):
    return {
        "version": "4",
        "groupKey": '{}/{team="soc"}:{alertname="DiskFull"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "soc",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.org",
        "alerts": list(alerts),
    }


def test_a_text_with_line_ends_stays_one_event():
    assert as_lines(b'["a\\nb", "c"]', JSON) == b'{"message":"a\\nb"}\nc'
    assert as_lines(b'{"a": "x\\ny",\n "n": 12345678901234567890123}', JSON) == (
        b'{"a":"x\\ny","n":12345678901234567890123}'
    )
    assert as_lines(b"[]", JSON) == b""
    with pytest.raises(InputError, match="element 1"):
        as_lines(b'["a", null]', JSON)


def test_each_alert_of_alertmanager_is_an_event():
    one, two = events(group(alert("firing"), alert("firing", "TooHot", instance="sw7")), JSON)
    assert (one.source, one.message) == ("alertmanager", "DiskFull: The disk of db1 is 98% full")
    assert (one.severity, one.host, one.time.isoformat()) == (9.0, "db1:9100", "2026-03-02T11:58:00+00:00")
    assert (two.message.partition(":")[0], two.host) == ("TooHot", "sw7")
    assert one.fields["alert"]["labels"]["alertname"] == "DiskFull"


def test_an_alert_that_is_told_again_is_the_same_event_and_a_resolved_one_is_harmless():
    first, again = (events(group(alert("firing")), JSON)[0] for _ in range(2))
    [over] = events(group(alert("resolved")), JSON)
    assert first.id == again.id != over.id
    assert (over.severity, over.message) == (0.0, "DiskFull is over: The disk of db1 is 98% full")


def test_an_alert_without_words_is_still_told():
    bare = {"labels": {"alertname": "Watchdog"}}
    event, other = events({"version": "4", "groupKey": "x", "alerts": [bare, {"labels": {"alertname": "B"}}]}, JSON)
    assert (event.message, event.severity, other.message) == ("Watchdog", None, "B")
    assert event.id != other.id


@pytest.mark.parametrize(
    "body", [{"groupKey": "x", "message": "no group"}, {"version": "4", "groupKey": 5, "alerts": []}]
)
def test_what_only_looks_like_a_group_is_an_event_as_it_stands(body):
    [event] = events(body, JSON)
    assert json.loads(event.message) == body or event.message == body["message"]


@pytest.mark.parametrize("wrong", [5, {"labels": 5}, {"annotations": {}}])
def test_a_group_with_a_broken_alert_is_refused_whole(wrong):
    with pytest.raises(InputError):
        as_lines(json.dumps(group(alert("firing"), wrong)).encode(), JSON)


WAZUH = {
    "timestamp": "2026-03-02T11:59:58.123+0000",
    "rule": {
        "level": 12,
        "id": "100200",
        "description": "Several failed logins, then one that worked",
        "groups": ["a"],
    },
    "agent": {"id": "004", "name": "web1", "ip": "192.0.2.44"},
    "manager": {"name": "wazuh"},
    "id": "1772452798.77",
    "full_log": "Mar  2 11:59:58 web1 sshd[812]: Accepted password for root from 203.0.113.9 port 22 ssh2",
    "predecoder": {"program_name": "sshd", "hostname": "web1"},
    "decoder": {"name": "sshd"},
    "data": {"srcip": "203.0.113.9", "dstuser": "root"},
    "location": "/var/log/auth.log",
}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (WAZUH, JSON),
        (json.dumps(WAZUH).encode() + b"\n", {"content-type": "application/x-ndjson"}),
        ([WAZUH], {"content-type": "application/json; charset=utf-8"}),
    ],
    ids=["an integration", "lines of alerts.json", "array"],
)
def test_wazuh_is_read_as_its_manager_writes_it(body, headers):
    [event] = events(body, headers)
    assert (event.schema, event.source, event.severity) == ("wazuh", "sshd", 8.0)
    assert (event.host, event.user, event.ip) == ("web1", "root", "203.0.113.9")


def test_a_match_of_elastalert_is_read_by_the_names_of_its_index():
    match = {
        "@timestamp": "2026-03-02T11:59:00Z",
        "_id": "AVx1",
        "_index": "logs-2026.03.02",
        "num_hits": 7,
        "num_matches": 1,
        "message": "Accepted password for root from 203.0.113.9 port 22 ssh2",
        "host": {"name": "web1"},
        "source": {"ip": "203.0.113.9"},
        "event": {"severity": 7},
        "rule": "Root logs in",
    }
    [event] = events(match, {"content-type": "application/json;charset=utf-8"})
    assert (event.host, event.ip, event.time.isoformat()) == ("web1", "203.0.113.9", "2026-03-02T11:59:00+00:00")
    assert event.fields["rule"] == "Root logs in"


def test_a_webhook_of_any_kind_is_one_event():
    [event] = events({"title": "Key leaked", "severity": "high", "user": "bo", "srcip": "192.0.2.7"}, JSON)
    assert (event.severity, event.user, event.ip) == (7.0, "bo", "192.0.2.7")


CLOUD = {"specversion": "1.0", "id": "A-1", "source": "/vault/1", "type": "org.example.sealed"}
DATA = {"message": "vault sealed", "severity": "critical", "user": "bo"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({**CLOUD, "data": DATA}, {"content-type": "application/cloudevents+json"}),
        ([{**CLOUD, "data": DATA}], {"content-type": "application/cloudevents-batch+json"}),
        (DATA, {"content-type": "application/json", **{f"ce-{key}": value for key, value in CLOUD.items()}}),
        (
            {**CLOUD, "data_base64": base64.b64encode(json.dumps(DATA).encode()).decode()},
            {"content-type": "application/cloudevents+json"},
        ),
    ],
    ids=["structured", "batch", "binary", "base64"],
)
def test_a_cloud_event_says_the_same_in_every_mode(body, headers):
    [event] = events(body, headers)
    assert (event.id, event.severity, event.user, event.action) == ("/vault/1#A-1", 9.0, "bo", "org.example.sealed")


def test_a_cloud_event_may_be_plain_text_with_escaped_attributes():
    headers = {"content-type": "text/plain", "ce-subject": "caf%C3%A9", **{f"ce-{k}": v for k, v in CLOUD.items()}}
    [event] = events("the café burns\n".encode(), headers)
    assert (event.id, event.fields["subject"], event.fields["data"]["message"]) == (
        "/vault/1#A-1",
        "café",
        "the café burns\n",
    )


@pytest.mark.parametrize("data", [{"data": "the vault burns"}, {"data_base64": "dGhlIHZhdWx0IGJ1cm5z"}])
def test_the_data_of_a_structured_cloud_event_may_be_a_text(data):
    [event] = events({**CLOUD, **data}, {"content-type": "application/cloudevents+json"})
    assert (event.id, event.fields["data"]["message"]) == ("/vault/1#A-1", "the vault burns")


@pytest.mark.parametrize("packed", ["%%%", "abc", 7, "eyI="])
def test_packed_data_that_is_none_is_refused(packed):
    with pytest.raises(InputError):
        events({**CLOUD, "data_base64": packed}, {"content-type": "application/cloudevents+json"})


@pytest.mark.parametrize("body", [b"{", b"\xff", b""])
def test_a_cloud_event_whose_body_is_not_what_its_headers_say_is_refused(body):
    headers = {"content-type": "application/json", "ce-specversion": "1.0"}
    with pytest.raises(InputError):
        as_lines(body, headers)
