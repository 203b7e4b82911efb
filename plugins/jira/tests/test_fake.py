"""The pretended JIRA is as strict as the real one, or the tests that rest on it prove nothing."""

import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import attrs
import pytest
import requests

from soc_core.testing.jira import CLASSIC, FakeJira, Fault, Project
from soc_core.testing.jira.adf import faults_of
from soc_core.testing.jira.contract import Contract

T0 = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


class Caller:
    """Somebody who talks to the interface without any library."""

    def __init__(self, site: FakeJira, version: str = "2") -> None:
        self.session = requests.Session()
        self.session.auth = (site.username, site.token)
        self.base = f"{site.url}/rest/api/{version}/"

    def __call__(self, method: str, path: str, body: object = None, **query: str) -> requests.Response:
        return self.session.request(method, self.base + path, json=body, params=query, timeout=30)

    def create(self, **fields: object) -> requests.Response:
        given = {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": "s"}
        return self("POST", "issue", {"fields": given | fields})


@pytest.fixture
def caller(jira_site):
    callers = []

    def call(version: str = "2", **given: object) -> tuple[FakeJira, Caller]:
        site = jira_site(contract=None, **given)
        callers.append(Caller(site, version))
        return site, callers[-1]

    yield call
    for one in callers:
        one.session.close()


def test_a_client_that_is_killed_within_its_request_asked_for_nothing(jira_site) -> None:
    site = jira_site()
    place = urlsplit(site.url)
    head = b"POST /rest/api/3/issue HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=60) as client:
        client.sendall(head + b'{"fields": ')
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert (site.calls, site.violations) == ([], [])


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({"summary": "a\nb"}, "summary"),
        ({"summary": "x" * 256}, "summary"),
        ({"summary": ""}, "summary"),
        ({"labels": ["two words"]}, "labels"),
        ({"labels": ["x" * 256]}, "labels"),
        ({"priority": {"name": "P9"}}, "priority"),
        ({"components": [{"name": "none"}]}, "components"),
        ({"duedate": "tomorrow"}, "duedate"),
        ({"description": "x" * 32_768}, "description"),
        ({"description": {"type": "doc"}}, "description"),
        ({"customfield_1": "x"}, "customfield_1"),
        ({"issuetype": {"name": "Epic"}}, "issuetype"),
        ({"project": {"key": "NOPE"}}, "project"),
        ({"assignee": {"accountId": "nobody"}}, "assignee"),
        ({"assignee": {"name": "ana"}}, "assignee"),
        ({"assignee": {"accountId": "5b10-guest"}}, "assignee"),
    ],
)
def test_a_wrong_field_is_refused_by_name(caller, fields, culprit: str) -> None:
    site, call = caller()
    answer = call.create(**fields)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [culprit])
    assert site.issues == []


def test_version_three_wants_atlassian_documents(caller) -> None:
    _, call = caller(version="3")
    text = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}]}
    assert call.create(description=text).status_code == 201
    broken = {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}],
    }
    assert call.create(description=broken).status_code == 400


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "loose"}],
        [{"type": "marquee"}],
        [{"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{"type": "blink"}]}]}],
        [{"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{"type": "link"}]}]}],
        [{"type": "codeBlock", "content": [{"type": "text", "text": "x", "marks": [{"type": "strong"}]}]}],
        [{"type": "codeBlock", "content": [{"type": "hardBreak"}]}],
        [{"type": "heading", "attrs": {"level": 9}, "content": []}],
        [{"type": "panel", "attrs": {"panelType": "fancy"}, "content": []}],
        [{"type": "bulletList", "content": []}],
        [{"type": "paragraph", "content": [{"type": "text", "text": "\x1b"}]}],
        [{"type": "paragraph", "extra": 1, "content": []}],
    ],
)
def test_documents_that_cloud_refuses_are_refused(content) -> None:
    assert faults_of({"type": "doc", "version": 1, "content": content})


def test_cloud_has_lost_the_old_search_and_data_center_never_had_the_new_one(caller) -> None:
    _, cloud = caller()
    assert cloud("POST", "search", {"jql": "project = SEC"}).status_code == 410
    assert cloud("POST", "search/jql", {"jql": ""}).status_code == 400  # unbounded
    _, own = caller(flavour="dc-8.20", context="/jira")
    assert own("POST", "search/jql", {"jql": "project = SEC"}).status_code == 404
    assert own("POST", "search", {"jql": "project = NOPE"}).status_code == 400
    assert own("POST", "search", {"jql": "project = SEC", "properties": []}).status_code == 400


def test_names_are_refused_on_cloud_and_there_is_no_version_three_on_data_center(caller) -> None:
    _, cloud = caller()
    assert cloud("GET", "user/assignable/search", project="SEC", username="ana").status_code == 400
    _, own = caller(version="3", flavour="dc-9.12")
    assert own("GET", "myself").status_code == 404


def test_search_lags_and_reading_by_key_does_not(caller, clock) -> None:
    _, call = caller(lag=timedelta(seconds=30))
    call.create()
    found = {"jql": "project = SEC"}
    assert call("GET", "issue/SEC-1").status_code == 200
    assert call("POST", "search/jql", found).json()["issues"] == []
    clock.forward(seconds=30)
    assert len(call("POST", "search/jql", found).json()["issues"]) == 1


def test_a_stranger_sees_nothing_and_is_told_so_in_a_header_only(caller) -> None:
    site, call = caller()
    call.create()
    site.login = "ignored"
    found = call("POST", "search/jql", {"jql": "project = SEC"})
    assert (found.status_code, found.json()["issues"]) == (200, [])
    assert found.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    assert call("GET", "issue/SEC-1").status_code == 404
    assert call("GET", "myself").status_code == 401
    assert call("GET", "serverInfo").status_code == 200


def test_a_resolution_is_wanted_on_one_screen_and_refused_on_the_next(caller) -> None:
    _, call = caller()
    call.create()
    resolve = {"transition": {"id": "21"}}
    assert "Resolution is required" in call("POST", "issue/SEC-1/transitions", resolve).text
    done = {"fields": {"resolution": {"name": "Done"}}}
    assert call("POST", "issue/SEC-1/transitions", resolve | done).status_code == 204
    assert "cannot be set" in call("POST", "issue/SEC-1/transitions", {"transition": {"id": "32"}} | done).text


def test_faults_happen_before_or_after_the_work_is_done(caller) -> None:
    site, call = caller()
    for kind, made in (("500-before", 0), ("500-after", 1), ("429", 0), ("503", 0)):
        before = len(site.issues)
        site.faults.add(Fault(kind=kind, times=1))
        assert call.create().status_code in (429, 500, 503)
        assert len(site.issues) - before == made


def test_the_contract_knows_good_requests_from_bad_ones(contracts) -> None:
    contract = Contract(contracts / "atlassian-jira-cloud-platform-v3.openapi.json")

    def faults(method: str, path: str, query=None, body=None, kind: str = "application/json") -> list[str]:
        return list(contract.faults_of(method, f"/rest/api/3/{path}", query or {}, body, kind))

    assert faults("POST", "issue", body={"fields": {}}) == []
    assert faults("GET", "issue/SEC-1", {"fields": "status", "properties": "soc.core"}) == []
    assert faults("GET", "no/such/path")
    assert faults("DELETE", "serverInfo")
    assert faults("GET", "issue/SEC-1", {"nonsense": "1"})
    assert faults("POST", "search/jql", body={"jql": "x", "maxResults": "ten"})
    assert faults("POST", "search/jql", body={"jql": "x", "startAt": 0})
    assert faults("POST", "issueLink", body={"type": {"name": "Duplicate"}})
    assert faults("POST", "issue/SEC-1/transitions", body={"transition": {"id": 5}})
    assert faults("POST", "issue/bulkfetch", body={})
    assert faults("POST", "issue", body="x", kind="text/plain")


def test_a_workflow_of_ones_own_can_be_played(caller) -> None:
    own = attrs.evolve(CLASSIC, transitions=CLASSIC.transitions[:1])
    _, call = caller(projects=[Project(key="SEC", name="S", workflow=own)])
    call.create()
    ways = call("GET", "issue/SEC-1/transitions").json()["transitions"]
    assert [way["to"]["name"] for way in ways] == ["In Progress"]
