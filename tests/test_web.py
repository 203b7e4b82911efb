"""Plugins' endpoints under the server: the caller gets an answer whatever a plugin does."""

import socket
import threading

import pytest
import requests
import uvicorn

from soc_core import Endpoint, HttpResponse, hookimpl
from soc_core.calls import Calls
from soc_core.registry import build
from soc_core.web import site


class Choice:
    order = ()
    disable = ("rules", "triggers", "local", "console", "jira", "slack", "sla", "escalation", "metrics")
    only = dir = None
    on_broken = "refuse"


class Doors:
    """One endpoint that echoes, one that breaks, one that answers rubbish."""

    @hookimpl
    def register_endpoints(self, inbox, reports):
        return [
            Endpoint(path="/echo", handler=self.echo, max_body=100),
            Endpoint(path="/broken", handler=lambda request: 1 / 0, methods=["GET"]),
            Endpoint(path="/rubbish", handler=lambda request: "hello", methods=["GET"]),
        ]

    def echo(self, request):
        body = f"{request.method} {request.path} {request.query} {request.headers['x-test']} ".encode() + request.body
        return HttpResponse(status=201, body=body, headers={"x-answer": "yes"})


class Client(requests.Session):
    """Real HTTP on loopback; the environment's proxies do not matter."""

    trust_env = False

    def request(self, method, url, **values):
        return super().request(method, self.address + url, timeout=60, **values)


@pytest.fixture
def failures():
    return []


@pytest.fixture
def client(failures):
    registry = build(Choice(), lambda name, cls: None, extra=[("doors", Doors())])
    calls = Calls(registry, monotonic=lambda: 0.0, on_failure=failures.append)
    endpoints = calls.endpoints(lambda plugin: None, None)
    reason = []
    app = site(calls, endpoints, ready=lambda: reason[0] if reason else None)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    with socket.socket() as listener, Client() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        client.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client.reason = reason
        yield client
        server.should_exit = True
        thread.join()


def test_a_handler_sees_the_request_as_it_came_over_the_wire(client):
    answer = client.post("/echo?a=1", data=b"\xff raw", headers={"X-Test": "T"})
    assert (answer.status_code, answer.headers["x-answer"]) == (201, "yes")
    assert answer.content == b"POST /echo {'a': '1'} T \xff raw"


def test_a_body_over_the_limit_is_refused_unread(client):
    assert client.post("/echo", data=b"x" * 101, headers={"X-Test": "T"}).status_code == 413


def test_a_broken_handler_tells_the_caller_nothing_and_us_who_it_was(client, failures):
    answer = client.get("/broken")
    assert (answer.status_code, answer.text) == (503, "the request could not be handled\n")
    assert [(failure.plugin, "ZeroDivisionError" in failure.text) for failure in failures] == [("doors", True)]


def test_rubbish_is_no_answer(client):
    assert client.get("/rubbish").status_code == 503


def test_only_the_declared_methods_are_taken(client):
    assert client.get("/echo").status_code == 405


def test_health_and_readiness(client):
    assert client.get("/healthz").text == "alive\n"
    assert client.get("/readyz").status_code == 200
    client.reason.append("the store is read-only")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the store is read-only")
