"""The house's own paths under a real server, on a store of its own."""

import socket
import threading
from contextlib import contextmanager

import pytest
import requests
import uvicorn

from soc_core import Finding, Secret, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.web import api, ingest, site

TOKENS = {"ingest": "ingest-geheim", "api": "api-geheim", "ana": "ana-geheim", "bot": "bot-geheim"}
QUIET = ["rules", "console", "jira", "slack", "sla", "escalation", "metrics"]


class Judge:
    """Everything with `burns` in it is a ticket."""

    @hookimpl
    def classify_event(self, event):
        if "burns" in event.message:
            return Finding(event=event, label="Critical Error", severity=9, rule=event.message[:200])
        return None


class Client(requests.Session):
    """Real HTTP on loopback with the right token, unless told otherwise; the environment's proxies do not matter."""

    trust_env = False

    def __init__(self, address, token):
        super().__init__()
        self.address = address
        self.headers["authorization"] = f"Bearer {token}"

    def request(self, method, url, **values):
        return super().request(method, self.address + url, timeout=60, **values)


@contextmanager
def serving(calls, operations, endpoints=()):
    app = site(calls, endpoints, ready=lambda: None, own=operations)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_keep_alive=60))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def soc(tmp_path):
    overrides = {"store": f"sqlite:///{tmp_path / 'soc.db'}", "plugins": {"disable": QUIET}}
    with Soc.open(overrides=overrides, env={}, clock=HandClock(), plugins=[("judge", Judge())]) as opened:
        yield opened


def taking(soc):
    def take(lines, log_format, source):
        result = soc.process_block(lines, format=log_format, source=source)
        return {
            "lines": result.lines,
            "processed": result.processed,
            "quarantined": result.quarantined,
            "repeated": result.outcome.repeated,
            "incidents_opened": len(result.outcome.opened),
            "joined": result.outcome.joined,
        }

    return take


def operations(soc):
    writers = {name: Secret(TOKENS[name]) for name in ("ana", "bot")}
    return [
        ingest.operation(taking(soc), token=Secret(TOKENS["ingest"]), max_body=10_000),
        *api.Api(soc.reports, soc.change, reader=Secret(TOKENS["api"]), writers=writers).operations(),
    ]


@pytest.fixture
def address(soc):
    with serving(soc.calls, operations(soc)) as url:
        yield url


@pytest.fixture
def sender(address):
    with Client(address, TOKENS["ingest"]) as client:
        yield client


@pytest.fixture
def reader(address):
    with Client(address, TOKENS["api"]) as client:
        yield client


@pytest.fixture
def ana(address):
    with Client(address, TOKENS["ana"]) as client:
        yield client
