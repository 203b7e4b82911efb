"""Whatever is sent to the paths of the OpenAPI document, by those with a token and by those without: no 500, no inside.

Requests are drawn from the document itself: right ones, nearly right ones, and rubbish; over real HTTP.
"""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from soc_core.web import site
from tests.web.conftest import TOKENS, Client, operations, serving

INSIDE = re.compile(r"Traceback|File \"|/home/|/tmp/|soc_core|sqlalchemy|-geheim", re.IGNORECASE)
MEDIA = ["application/json", "application/x-ndjson", "text/plain", "application/cloudevents+json", "a/b; c=d", "\xff"]
OWN = ["/healthz", "/readyz", "/openapi.json", "/ingest", "/api/v1/incidents", "/api/v1/incidents/{key}"]
OWN += [f"/api/v1/incidents/{{key}}/{what}" for what in ("notes", "ack", "verdict")] + ["/api/v1/metrics"]

words = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40).map(str.strip)
rubbish = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
        max_leaves=20,
    ).map(lambda value: json.dumps(value).encode()),
)


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
def filled(soc):
    soc.submit([("oven", "it burns")])
    soc.work()
    return soc


@pytest.mark.parametrize("path", OWN)
def test_nothing_that_is_sent_breaks_it(filled, path):
    with serving(filled.calls, operations(filled), filled.endpoints()) as url, Client(url, "") as client:
        document = client.get("/openapi.json").json()
        components = document["components"]["schemas"]
        [(method, told)] = document["paths"][path].items()

        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(requests_of(path, told, components))
        def every(asked):
            where, query, headers, body = asked
            answer = client.request(method, where, params=query, headers=headers, data=body)
            assert str(answer.status_code) in told["responses"] or answer.status_code in (404, 405), answer.text
            assert answer.status_code < 500
            assert not INSIDE.search(answer.text.replace(repr(body), ""))
            if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
                schema = told["responses"]["200"]["content"]["application/json"]["schema"]
                Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())

        every()
    assert filled.reports.audit_flaw() is None


def test_every_path_is_tried(filled):
    routes = site(filled.calls, filled.endpoints(), ready=lambda: None, own=operations(filled)).routes
    assert {route.path for route in routes} <= set(OWN)
