"""The document that tells programs what they can ask is a good one, and speaks of every path that there is."""

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from soc_core import Endpoint, HttpResponse
from soc_core.web import site
from tests.web.conftest import Client, operations, serving

ENDPOINTS = [("doors", Endpoint(path="/echo", handler=lambda request: HttpResponse(), methods=["GET", "POST"]))]


@pytest.fixture
def told(reader):
    return reader.get("/openapi.json", headers={"authorization": None}).json()


def test_it_is_openapi(told):
    OpenAPIV31SpecValidator(told).validate()
    assert told["openapi"].startswith("3.1.")


def test_it_names_every_path_and_method_that_is_answered(soc):
    routes = site(soc.calls, ENDPOINTS, ready=lambda: None, own=operations(soc)).routes
    answered = {
        (route.path, method.lower())
        for route in routes
        if isinstance(route, Route)
        for method in route.methods - {"HEAD"}
    }
    with serving(soc.calls, operations(soc), ENDPOINTS) as url, Client(url, "") as client:
        told = client.get("/openapi.json").json()["paths"]
    assert answered == {(path, method) for path, methods in told.items() for method in methods}
    assert ("/echo", "post") in answered


def test_it_tells_which_paths_want_a_token(told, address):
    free = {path for path, methods in told["paths"].items() for one in methods.values() if "security" not in one}
    assert free == {"/healthz", "/readyz", "/openapi.json"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/incidents"),
        ("get", "/api/v1/incidents/{key}"),
        ("post", "/api/v1/incidents/{key}/ack"),
        ("get", "/api/v1/metrics"),
    ],
)
def test_what_is_answered_has_the_form_that_is_told(told, ana, soc, method, path):
    soc.submit([("oven", "it burns")])
    soc.work()
    answer = ana.request(method, path.replace("{key}", "INC-1"))
    schema = told["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": told["components"]}).validate(answer.json())
