"""Whatever is sent to the paths of the OpenAPI document, by those with a token and by those without: no 500, no inside.

Requests are drawn from the document itself: right ones, nearly right ones, and rubbish; over real HTTP. What plugins
answer is asked in the words of JIRA and Slack, signed and not.
"""

import json
import re
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.testing.jira import FakeJira
from soc_core.testing.jira.webhooks import signature
from soc_core.testing.slack import FakeSlack, signed
from soc_core.web import site
from tests.web.conftest import TOKENS as HOUSE
from tests.web.conftest import Client, Judge, operations, serving

TOKENS = {**HOUSE, "metrics": "metrics-geheim"}
SIGNING = {"/jira/webhook": "jira-geheim", "/slack/interactions": "slack-geheim", "/slack/events": "slack-geheim"}
INSIDE = re.compile(r"Traceback|File \"|/home/|/tmp/|soc_core|sqlalchemy|-geheim|fake-(bot-)?token", re.IGNORECASE)
MEDIA = ["application/json", "application/x-ndjson", "text/plain", "application/cloudevents+json", "a/b; c=d", "\xff"]
OWN = ["/healthz", "/readyz", "/openapi.json", "/ingest", "/api/v1/incidents", "/api/v1/incidents/{key}"]
OWN += [f"/api/v1/incidents/{{key}}/{what}" for what in ("notes", "ack", "verdict")] + ["/api/v1/metrics"]
USER, PLACE = {"id": "U0ANA00001", "team_id": "T1"}, {"channel_id": "C1", "message_ts": "1.2", "thread_ts": "1.1"}
PRESS = {"action_id": "soc_acknowledge", "value": "INC-1", "action_ts": "1.3"}
NOTE = {"callback_id": "soc_note_form", "id": "V1", "private_metadata": '{"incident": "INC-1"}'}
NOTE["state"] = {"values": {"note": {"note_text": {"value": "hm"}}}}
MESSAGE = {"type": "message", "user": "U0ANA00001", "channel": "C1", "thread_ts": "1.1", "ts": "1.4", "text": "hm"}
SAID = {
    "/jira/webhook": [{"webhookEvent": "jira:issue_updated", "issue": {"key": "SEC-1"}}],
    "/slack/interactions": [
        *(
            {"type": "block_actions", "user": USER, "container": PLACE, "trigger_id": "1", "actions": [action]}
            for name in ("acknowledge", "investigate", "assign", "note", "why", "create", "true_positive")
            for action in [{**PRESS, "action_id": f"soc_{name}"}]
        ),
        {"type": "view_submission", "user": USER, "view": NOTE},
    ],
    "/slack/events": [
        {"type": "url_verification", "challenge": "abc"},
        {"type": "event_callback", "event": MESSAGE},
    ],
}

words = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40).map(str.strip)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=20,
)
rubbish = st.one_of(st.binary(max_size=300), anything.map(lambda value: json.dumps(value).encode()))


def right(schema, components):
    """What the document asks for, as a strategy; it uses a small part of JSON Schema."""
    if "$ref" in schema:
        return right(components[schema["$ref"].rpartition("/")[2]], components)
    if "anyOf" in schema:
        return st.one_of(right(one, components) for one in schema["anyOf"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "string":
            return st.just("2026-03-02") if schema.get("format") == "date" else st.text(min_size=1, max_size=30)
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(right(schema["items"], components), max_size=4)
        case "object":
            known = {name: right(one, components) for name, one in schema.get("properties", {}).items()}
            return st.fixed_dictionaries(known) if known else st.dictionaries(st.text(max_size=9), st.text(max_size=9))
        case several:
            return st.one_of(right({"type": one}, components) for one in several)


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


@st.composite
def nearly(draw, value):
    """The value, now and then with something else in a place of it."""
    if draw(st.integers(0, 15)) == 0:
        return draw(anything)
    if isinstance(value, dict):
        return {name: draw(nearly(one)) for name, one in value.items()}
    return [draw(nearly(one)) for one in value] if isinstance(value, list) else value


def written(path, said):
    """A message in the form that its path takes."""
    body = json.dumps(said).encode()
    return urlencode({"payload": body}).encode() if path == "/slack/interactions" else body


def signatures(path, secret, body, timestamp):
    """The headers that say whom a body is from."""
    if path == "/jira/webhook":
        return {"x-hub-signature": signature(secret, body)}
    return signed(secret, body, timestamp=timestamp)


@st.composite
def said_to(draw, path, now):
    """What JIRA or Slack says, nearly or not at all, with a signature that is right, another one, or none."""
    body = written(path, draw(nearly(draw(st.sampled_from(SAID[path])))))
    body = draw(st.sampled_from([body] * 4) | rubbish)
    secret = draw(st.sampled_from([SIGNING[path]] * 4 + ["another"]))
    headers = signatures(path, secret, body, now + draw(st.sampled_from([0, 0, 0, -301, 301])))
    spoilt = {name: draw(words) for name in headers if draw(st.integers(0, 9)) == 0}
    return path, {}, draw(st.sampled_from([headers] * 4 + [{}])) | spoilt, body


@st.composite
def requests_of(draw, path, told, components):
    """A request for one operation: each part is what the document asks for, or is not."""
    query, headers = {}, {}
    for parameter in told.get("parameters", ()):
        wanted = right(parameter["schema"], components).map(as_text)
        match parameter["in"]:
            case "path":
                keys = st.sampled_from(["INC-1", "LOCAL-1", "INC-999999999999"]) | st.text(min_size=1, max_size=30)
                path = path.replace("{key}", draw(keys).replace("/", "%2f").replace("?", "%3f").replace("#", "%23"))
            case "query":
                if draw(st.booleans()):
                    query[parameter["name"]] = draw(wanted | st.text(max_size=30))
            case "header":
                if draw(st.booleans()):
                    headers[parameter["name"]] = draw(words)
    bodies = [
        right(media["schema"], components).map(lambda value: json.dumps(value).encode())
        for media in told.get("requestBody", {}).get("content", {}).values()
    ]
    headers["content-type"] = draw(st.sampled_from(MEDIA))
    if draw(st.integers(0, 5)) == 0:
        headers |= {"ce-specversion": "1.0", "ce-id": draw(words), "ce-source": draw(words)}
    token = draw(st.sampled_from([*TOKENS.values(), TOKENS["ana"], TOKENS["ingest"], "wrong"]))
    headers["authorization"] = draw(st.sampled_from([f"Bearer {token}", token, ""]))
    return (
        path,
        query,
        {name: value.encode("latin-1") for name, value in headers.items()},
        draw(st.one_of(*bodies, rubbish)),
    )


@pytest.fixture
def filled(tmp_path):
    """A house with an incident and with every plugin that answers over HTTP, JIRA and Slack played by the pretended."""
    clock = HandClock()
    with FakeJira(now=clock.now) as jira, FakeSlack(now=clock.now) as slack:
        env = {"JIRA_SERVER_URL": jira.url, "JIRA_USERNAME": jira.username, "JIRA_API_TOKEN": jira.token}
        env |= {"JIRA_PROJECT_KEY": "SEC", "JIRA_WEBHOOK_SECRET": SIGNING["/jira/webhook"]}
        env |= {"SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SECURITY_CHANNEL": "#security"}
        env |= {"SLACK_SIGNING_SECRET": SIGNING["/slack/events"], "SOC_METRICS_TOKEN": TOKENS["metrics"]}
        overrides = {
            "store": f"sqlite:///{tmp_path / 'soc.db'}",
            "people": {"ana": {"roles": ["lead"], "slack": USER["id"]}},
            "plugins": {"disable": ["rules", "console"]},
        }
        with Soc.open(overrides=overrides, env=env, clock=clock, plugins=[("judge", Judge())]) as soc:
            soc.submit([("oven", "it burns")])
            soc.work()
            yield soc


@pytest.mark.parametrize("path", [*OWN, "/metrics", *SAID])
def test_nothing_that_is_sent_breaks_it(filled, path):
    with serving(filled.calls, operations(filled), filled.endpoints()) as url, Client(url, "") as client:
        document = client.get("/openapi.json").json()
        components = document["components"]["schemas"]
        [(method, told)] = document["paths"][path].items()

        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(said_to(path, filled.clock.now().timestamp()) if path in SAID else requests_of(path, told, components))
        def every(asked):
            where, query, headers, body = asked
            answer = client.request(method, where, params=query, headers=headers, data=body)
            status = answer.status_code
            assert {str(status), f"{status // 100}XX"} & set(told["responses"]) or status in (404, 405), answer.text
            assert status < 500
            assert not INSIDE.search(f"{answer.headers} {answer.text}".replace(repr(body), ""))
            if path in OWN and status == 200 and answer.headers["content-type"] == "application/json":
                schema = told["responses"]["200"]["content"]["application/json"]["schema"]
                Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())

        every()
    assert filled.reports.audit_flaw() is None


@pytest.mark.parametrize("path", SAID)
def test_what_is_signed_comes_in(filled, path):
    with serving(filled.calls, operations(filled), filled.endpoints()) as url, Client(url, "") as client:
        for said in SAID[path]:
            body = written(path, said)
            headers = signatures(path, SIGNING[path], body, filled.clock.now().timestamp())
            assert client.post(path, data=body, headers=headers).status_code in (200, 202)


def test_a_form_that_remembers_too_much_is_refused(filled):
    form = {"type": "view_submission", "user": USER, "view": {**NOTE, "private_metadata": "[" * 100_000}}
    body = urlencode({"payload": json.dumps(form)}).encode()
    headers = signed(SIGNING["/slack/interactions"], body, timestamp=filled.clock.now().timestamp())
    with serving(filled.calls, operations(filled), filled.endpoints()) as url, Client(url, "") as client:
        answer = client.post("/slack/interactions", data=body, headers=headers)
    assert (answer.status_code, answer.json()["response_action"]) == (200, "errors")


def test_every_path_is_tried(filled):
    routes = site(filled.calls, filled.endpoints(), ready=lambda: None, own=operations(filled)).routes
    assert {route.path for route in routes} == {*OWN, "/metrics", *SAID}
