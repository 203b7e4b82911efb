"""The border to JIRA: every answer is sorted by what has to be done next, and nothing secret leaves it."""

import logging
import threading
from datetime import timedelta

import pytest
import requests
import responses
from soc_jira.answers import Refused
from soc_jira.client import Client
from soc_jira.limits import Limits, retry_after
from soc_jira.settings import Login

from soc_core import PermanentError, Secret, TemporaryError, UncertainError

URL = "https://example.atlassian.net"
CANARY = "canary-token-1234"


@pytest.fixture
def web():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{URL}/rest/api/2/serverInfo", json={"baseUrl": URL, "deploymentType": "Cloud", "version": "1001"})
        yield mock


@pytest.fixture
def client() -> Client:
    login = Login(server=URL, project="SEC", username="soc@example.org", token=Secret(CANARY))
    return Client(login, timeout=timedelta(seconds=5))


def create(client: Client) -> object:
    return client.send("POST", "issue", {"fields": {}}, once=True)


@pytest.mark.parametrize(
    ("answer", "error", "whole"),
    [
        ({"status": 400, "json": {"errorMessages": ["no"], "errors": {"labels": "bad"}}}, PermanentError, None),
        ({"status": 401}, TemporaryError, True),
        ({"status": 403, "json": {"errorMessages": ["no"]}}, TemporaryError, True),
        ({"status": 403, "headers": {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}}, TemporaryError, True),
        ({"status": 404, "headers": {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}}, TemporaryError, True),
        (
            {"status": 200, "json": [], "headers": {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}},
            TemporaryError,
            True,
        ),
        ({"status": 429, "headers": {"Retry-After": "7"}}, TemporaryError, True),
        ({"status": 429, "headers": {"RateLimit-Reason": "jira-per-issue-on-write"}}, TemporaryError, False),
        ({"status": 503, "headers": {"Retry-After": "7"}}, TemporaryError, True),
        ({"status": 302, "headers": {"Location": "https://sso.example"}}, TemporaryError, True),
        ({"status": 500, "body": "oops"}, UncertainError, None),
        ({"status": 502, "body": "<html>"}, UncertainError, None),
        ({"status": 408}, UncertainError, None),
        ({"status": 200, "body": "<html>log in</html>"}, UncertainError, None),
        ({"body": requests.ConnectionError("reset")}, UncertainError, None),
        ({"body": requests.ReadTimeout()}, UncertainError, None),
        ({"body": requests.exceptions.ChunkedEncodingError()}, UncertainError, None),
        ({"body": requests.ConnectTimeout()}, TemporaryError, True),
    ],
)
def test_each_answer_to_a_create_says_what_to_do_next(web, client, answer, error, whole) -> None:
    web.post(f"{URL}/rest/api/3/issue", **answer)
    with pytest.raises(error) as caught:
        create(client)
    if whole is not None:
        assert caught.value.whole_destination is whole
    assert len([call for call in web.calls if call.request.method == "POST"]) == 1


def test_a_read_that_failed_is_just_tried_again(web, client) -> None:
    web.get(f"{URL}/rest/api/3/myself", body=requests.ConnectionError("reset"))
    with pytest.raises(TemporaryError):
        client.get("myself")


def test_a_refusal_keeps_jiras_words_for_each_field(web, client) -> None:
    web.post(f"{URL}/rest/api/3/issue", status=400, json={"errorMessages": ["a"], "errors": {"labels": "b"}})
    with pytest.raises(Refused, match="a; labels: b") as caught:
        create(client)
    assert caught.value.errors == {"labels": "b"}


def test_no_error_log_line_or_repr_shows_a_secret(web, client, caplog) -> None:
    caplog.set_level(logging.DEBUG, "soc_core")
    for status in (400, 401, 403, 404, 409, 429, 500, 302):
        web.post(f"{URL}/rest/api/3/issue", status=status, body=CANARY, headers={"X-Echo": CANARY})
        with pytest.raises((TemporaryError, PermanentError, UncertainError)) as caught:
            create(client)
        web.remove("POST", f"{URL}/rest/api/3/issue")
        error: BaseException | None = caught.value
        while error is not None:
            assert CANARY not in f"{error!r}{error}" or status in (400, 403, 404, 409)
            assert "Authorization" not in str(error)
            error = error.__cause__
    assert "jira.call" in caplog.text
    assert CANARY not in caplog.text
    assert CANARY not in repr(client._login)


def test_a_lost_login_is_alarmed_once_and_its_return_told(web, client, caplog) -> None:
    caplog.set_level(logging.INFO, "soc_core")
    web.get(f"{URL}/rest/api/3/myself", status=401)
    for _ in range(5):
        with pytest.raises(TemporaryError):
            client.get("myself")
    web.replace("GET", f"{URL}/rest/api/3/myself", json={"displayName": "Robot"})
    client.prove_login()
    assert [message.split()[0] for message in caplog.messages] == ["jira.login_lost", "jira.login_restored"]


def test_every_thread_has_its_own_session(web, client) -> None:
    web.get(f"{URL}/rest/api/3/myself", json={"displayName": "Robot"})
    sessions = []

    def ask() -> None:
        client.prove_login()
        sessions.append(client._session())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(session) for session in sessions}) == 3


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("Mon, 02 Mar 2026 12:02:00 GMT", timedelta(seconds=120)),
        ("Mon, 02 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header, "Mon, 02 Mar 2026 12:00:00 GMT") == expected


def test_a_closed_endpoint_is_closed_alone_and_opens_again() -> None:
    at = [0.0]
    limits = Limits(lambda: at[0])
    limits.close("POST", "issue", timedelta(seconds=120))
    assert limits.wait("POST", "issue") == timedelta(seconds=120)
    assert limits.wait("GET", "myself") is None
    at[0] = 120.5
    assert limits.wait("POST", "issue") is None


def test_one_issue_is_never_written_to_in_bursts() -> None:
    at, sent = [0.0], []
    limits = Limits(lambda: at[0])
    while at[0] < 120:
        if limits.wait("PUT", "issue/{key}", "SEC-1") is None:
            sent.append(at[0])
        at[0] += 0.05
    for span, most in ((2.0, 20), (30.0, 100)):
        assert max(sum(start <= when < start + span for when in sent) for start in sent) <= most
    assert len(sent) > 300


def test_reading_is_not_counted_as_writing() -> None:
    limits = Limits(lambda: 0.0)
    assert all(limits.wait("GET", "issue/{key}", "SEC-1") is None for _ in range(500))


def test_what_a_stranger_created_is_uncertain_and_not_simply_tried_again(web, client) -> None:
    headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    web.post(f"{URL}/rest/api/3/issue", status=201, json={"key": "SEC-1"}, headers=headers)
    with pytest.raises(UncertainError):
        create(client)


def test_one_lost_read_is_bad_luck_and_several_in_a_row_are_an_outage(web, client) -> None:
    web.get(f"{URL}/rest/api/3/myself", status=502)
    whole = []
    for _ in range(4):
        with pytest.raises(TemporaryError) as caught:
            client.get("myself")
        whole.append(caught.value.whole_destination)
    assert whole == [False, False, True, True]
