"""The pretended JIRA's webhooks over real HTTP: lost, doubled and reordered ones make no difference."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from soc_core import Change, HttpRequest, Priority, Secret, Status
from soc_core.testing.jira import Webhooks

MOVES = {"Open": "In Progress", "In Progress": "Resolved", "Resolved": "Closed", "Closed": "Open"}


@pytest.fixture
def listening() -> Iterator:
    """Serve an endpoint of a plugin; answers its address."""
    servers = []

    def serve(endpoint) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = endpoint.handler(HttpRequest(method="POST", path=self.path, headers=headers, body=body))
                self.send_response(answer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return None

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}{endpoint.path}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def following(jira, plugin_for, house, listening):
    """A plugin that follows webhooks in a thread, with some fate for them."""
    stop = threading.Event()
    threads = []

    def follow(**fate):
        plugin = plugin_for(jira, webhook_secret=Secret("s3cret"))
        services = {service.name: service for service in plugin.register_services(house, house)}
        (endpoint,) = plugin.register_endpoints()
        hooks = jira.send_webhooks(Webhooks(url=listening(endpoint), secret="s3cret", **fate))
        threads.append(threading.Thread(target=services["webhook"].run, args=(stop,)))
        threads[0].start()
        return plugin, services, hooks

    def rest() -> None:
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()

    follow.rest = rest
    yield follow
    rest()


def eventually(done) -> bool:
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return bool(done())


def test_what_people_do_arrives_by_webhook_without_a_poll(jira, house, clock, following, make_incident) -> None:
    plugin, _, hooks = following()
    incident = make_incident()
    house.add(incident, plugin.create_ticket(incident))
    clock.forward(minutes=1)
    ana = jira.human("ana")
    ana.moves("SEC-1", "In Progress")
    ana.assigns("SEC-1", "bo")
    ana.comments("SEC-1", "mine")
    ana.sets_priority("SEC-1", "Low")
    assert eventually(lambda: len(house.updates) == 4)
    now = house.incident(incident.id)
    assert (now.status, now.assignee, now.priority) == (Status.IN_PROGRESS, "Bo Chen", Priority.LOW)
    hooks.flush()
    assert {status for _, status in hooks.sent} == {202}


def test_a_deletion_arrives_by_webhook(jira, house, clock, following, make_incident) -> None:
    plugin, _, _ = following()
    incident = make_incident()
    house.add(incident, plugin.create_ticket(incident))
    jira.human("ana").deletes("SEC-1")
    assert eventually(lambda: house.gone == [incident.id])


def test_lost_doubled_and_reordered_webhooks_end_in_the_same_state(
    jira, house, clock, following, make_incident, never
) -> None:
    plugin, services, hooks = following(lose=0.3, double=0.3, swap=0.3)
    keys = []
    for _ in range(6):
        incident = make_incident()
        keys.append(house.add(incident, plugin.create_ticket(incident)).ticket.key)
    ana = jira.human("ana")
    for number in range(60):
        clock.forward(seconds=7)
        key = keys[number % len(keys)]
        ana.moves(key, MOVES[jira.issue(key).status])
        ana.comments(key, f"step {number}")
        ana.assigns(key, ("ana", "bo", None)[number % 3])
    hooks.flush()
    clock.forward(minutes=1)
    services["poll"].run(never)
    for key in keys:
        issue, incident = jira.issue(key), house.incident(key)
        assert incident.status == issue.status
        assert incident.assignee == {"5b10-ana": "Ana Lee", "5b10-bo": "Bo Chen", None: None}[issue.assignee]
    notes = [update.text for _, update in house.updates if update.change is Change.NOTE]
    assert sorted(notes) == sorted(f"step {number}" for number in range(60))
    assert len({update.id for _, update in house.updates}) == len(house.updates)
    following.rest()  # a look that began before the polls may still say that less is known
    for _ in range(2):
        clock.forward(minutes=1)
        services["poll"].run(never)
    jira.calls.clear()
    clock.forward(minutes=1)
    services["poll"].run(never)
    assert [call.path for call in jira.calls] == ["search/jql"]
