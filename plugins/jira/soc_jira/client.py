"""Talks to JIRA: one request at a time, each answer sorted by what the caller has to do next.

The only file that uses the `jira` library: its authenticated sessions, without its retries, which double tickets when
an answer is lost. One session per thread, as sessions are not thread-safe.
"""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import attrs
import requests
from jira import JIRA, JIRAError

from soc_core import DeliveryError, TemporaryError, UncertainError, get_logger
from soc_jira.answers import (
    Blocked,
    Forbidden,
    LoginLost,
    Missing,
    Refused,
    is_json,
    json_of,
    never_sent,
    not_jira,
    reason,
    refusal,
)
from soc_jira.limits import Limits, retry_after
from soc_jira.reading import mapping, text
from soc_jira.settings import Login
from soc_jira.trickle import WithinTime

PAUSE: Final = timedelta(seconds=60)
_OUTAGE: Final = 3
_WHOLE: Final = 3  # how many time-outs a whole answer may take
_IGNORED_LOGIN = "AUTHENTICATED_FAILED"
_ONE_ISSUE = "per-issue"
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})
_JSON: Mapping[str, str | None] = {"Content-Type": "application/json"}
_FORM: Mapping[str, str | None] = {"X-Atlassian-Token": "no-check", "Content-Type": None}


@attrs.frozen(kw_only=True)
class Site:
    """What kind of JIRA it is, from its own words."""

    url: str
    title: str
    version: str
    cloud: bool

    def browse(self, key: str) -> str:
        """The page of a ticket, which on Cloud may live elsewhere than the interface."""
        return f"{self.url}/browse/{quote(key)}"


class Client:
    """The way to one JIRA site, for any number of threads."""

    def __init__(
        self,
        login: Login,
        *,
        timeout: timedelta,
        api: str = "auto",
        limits: Limits | None = None,
    ) -> None:
        self._login = login
        self._timeout = timeout.total_seconds()
        self._api = api
        self._limits = limits or Limits()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._site: Site | None = None
        self._lost = False
        self._failures = 0

    @property
    def known_site(self) -> Site | None:
        """What is known of the site without asking."""
        return self._site

    def site(self) -> Site:
        """What kind of JIRA it is; asked once."""
        with self._lock:
            if self._site is None:
                try:
                    info = self._exchange(_Request(method="GET", endpoint="serverInfo"), "2")
                except UncertainError as error:
                    raise self._failed_read(error) from error
                self._site = _site(mapping(info), self._login.server)
            return self._site

    @property
    def version(self) -> str:
        """Which version of the interface is spoken."""
        return self._api if self._api != "auto" else ("3" if self.site().cloud else "2")

    def get(self, endpoint: str, *, query: Mapping[str, str] | None = None, **parts: str) -> object:
        """Read something; `{name}` in the endpoint is filled in from `parts`."""
        return self._send(_Request(method="GET", endpoint=endpoint, parts=parts, query=query), once=False)

    def issue(self, key: str, **query: str) -> Mapping[str, object]:
        """Read an issue."""
        found = mapping(self.get("issue/{key}", query=query, key=key))
        if not text(found, "key"):
            raise not_jira(f"an answer to GET issue/{key} that is no issue")
        return found

    def send(
        self,
        method: str,
        endpoint: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        once: bool = False,
        **parts: str,
    ) -> object:
        """Send one request and answer what came back.

        Args:
            method: Such as `PUT`.
            endpoint: Such as `issue/{key}`.
            body: JSON.
            query: Parameters.
            once: True if a repeat would do it twice: a lost answer is then uncertain, not just a failure.
            parts: What to fill into the endpoint.
        """
        request = _Request(method=method, endpoint=endpoint, parts=parts, query=query, body=body)
        return self._send(request, once=once)

    def attach(self, key: str, name: str, content: bytes) -> None:
        """Attach a file to an issue."""
        files = {"file": (name, content, "text/plain")}
        request = _Request(method="POST", endpoint="issue/{key}/attachments", parts={"key": key}, files=files)
        self._send(request, once=True)

    def prove_login(self) -> None:
        """Raise unless JIRA knows who we are at this moment; an empty answer to a stranger proves nothing."""
        if not text(mapping(self.get("myself")), "displayName"):
            raise LoginLost("JIRA does not say who we are", retry_after=PAUSE, whole_destination=True)

    def _send(self, request: "_Request", *, once: bool) -> object:
        version = self.version
        if wait := self._limits.wait(request.method, request.endpoint, request.parts.get("key")):
            raise TemporaryError(f"JIRA's limits ask us to wait with {request}", retry_after=wait)
        try:
            return self._exchange(request, version)
        except UncertainError as error:
            if once:
                raise
            raise self._failed_read(error) from error
        except Missing:
            # To a stranger JIRA shows nothing: before a ticket is taken for gone, it must be us who asked.
            if "key" in request.parts:
                self.prove_login()
            raise
        except Forbidden as error:
            if "key" not in request.parts and not (once and isinstance(error, Blocked)):
                raise
            self.prove_login()  # known and refused: that is about this one ticket
            raise Refused(str(error), status=HTTPStatus.FORBIDDEN, messages=(str(error),), errors={}) from error

    def _failed_read(self, error: UncertainError) -> TemporaryError:
        # One lost answer is bad luck for one job; several in a row are an outage, and every job would meet it.
        return TemporaryError(str(error), whole_destination=self._failures >= _OUTAGE)

    def _exchange(self, request: "_Request", version: str) -> object:
        path = request.endpoint.format_map({name: quote(part, safe="") for name, part in request.parts.items()})
        began = time.monotonic()
        self._failures += 1
        answer: requests.Response | None
        try:
            answer = self._session().request(
                request.method,
                f"{self._login.server}/rest/api/{version}/{path}",
                params=request.query,
                json=request.body,
                files=request.files,
                headers=_JSON if request.files is None else _FORM,
                allow_redirects=False,
            )
        except JIRAError as error:
            answer = error.response  # not chained to what follows: its text shows headers and the whole answer
        except requests.RequestException as error:
            raise _unanswered(error, request) from error
        if answer is None:
            raise UncertainError(f"JIRA gave an empty answer to {request}")
        spent = round(time.monotonic() - began, 3)
        get_logger().debug(
            "jira.call", method=request.method, endpoint=request.endpoint, status=answer.status_code, seconds=spent
        )
        return self._sorted(answer, request)

    def _session(self) -> requests.Session:
        client: JIRA | None = getattr(self._local, "client", None)
        if client is None:
            token = self._login.token.reveal()
            client = JIRA(
                self._login.server,
                basic_auth=None if self._login.username is None else (self._login.username, token),
                token_auth=token if self._login.bearer else None,
                max_retries=0,
                timeout=self._timeout,
                get_server_info=False,  # asked once for all threads, by `site`
                logging=False,
            )
            for scheme in ("https://", "http://"):
                client._session.mount(scheme, WithinTime(_WHOLE * self._timeout))
            self._local.client = client
        return client._session

    def _sorted(self, answer: requests.Response, request: "_Request") -> object:
        status = answer.status_code
        stranger = _IGNORED_LOGIN in answer.headers.get("X-Seraph-LoginReason", "")
        denied = "X-Authentication-Denied-Reason" in answer.headers
        if stranger and status == HTTPStatus.CREATED:
            raise UncertainError(f"JIRA did {request} without knowing us")
        if status == HTTPStatus.UNAUTHORIZED or stranger or denied:
            raise self._login_lost(denied=denied)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._too_many(answer, request)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers:
            raise self._too_many(answer, request)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise UncertainError(f"JIRA answered {status} to {request}")
        found = json_of(answer, str(request)) if status < HTTPStatus.MULTIPLE_CHOICES else None
        self._failures = 0
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise TemporaryError(
                f"JIRA answers {request} with a redirect; check JIRA_SERVER_URL and any login page in front of it",
                whole_destination=True,
            )
        if status == HTTPStatus.FORBIDDEN and answer.content and not is_json(answer):
            raise Blocked(f"something in front of JIRA, such as a firewall, refuses {request}", whole_destination=True)
        if status == HTTPStatus.FORBIDDEN:
            raise Forbidden(f"permission denied by JIRA for {request}: {reason(answer)}", whole_destination=True)
        if status in _GONE and answer.content and not is_json(answer):
            raise not_jira(f"a page with status {status} for {request}")
        if status >= HTTPStatus.BAD_REQUEST:
            raise refusal(answer, str(request))
        if self._lost:
            self._lost = False
            get_logger().info("jira.login_restored")
        return found

    def _login_lost(self, *, denied: bool) -> LoginLost:
        if not self._lost:
            self._lost = True
            get_logger().error("jira.login_lost", server=self._login.server, captcha=denied)
        cure = "log in once in the browser to lift the CAPTCHA" if denied else "renew the token"
        return LoginLost(f"JIRA does not accept our login: {cure}", retry_after=PAUSE, whole_destination=True)

    def _too_many(self, answer: requests.Response, request: "_Request") -> TemporaryError:
        wait = retry_after(answer.headers.get("Retry-After"), answer.headers.get("Date"))
        why = answer.headers.get("RateLimit-Reason", "")
        get_logger().warning(
            "jira.limited", method=request.method, endpoint=request.endpoint, wait=str(wait), reason=why
        )
        if wait is not None and _ONE_ISSUE not in why:
            self._limits.close(request.method, request.endpoint, wait)
        text = f"JIRA asks us to wait with {request}"
        return TemporaryError(text, retry_after=wait, whole_destination=_ONE_ISSUE not in why)


@attrs.frozen(kw_only=True)
class _Request:
    """One request; as text it is what the person on call reads."""

    method: str
    endpoint: str
    parts: Mapping[str, str] = attrs.field(factory=dict)
    query: Mapping[str, str] | None = None
    body: object = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint.format_map(self.parts)}"


def _site(info: Mapping[str, object], server: str) -> Site:
    return Site(
        url=(text(info, "baseUrl") or server).rstrip("/"),
        title=text(info, "serverTitle"),
        version=text(info, "version"),
        cloud=text(info, "deploymentType") == "Cloud",
    )


def _unanswered(error: requests.RequestException, request: _Request) -> DeliveryError:
    cause = type(error).__name__
    if never_sent(error):
        return TemporaryError(f"JIRA cannot be reached for {request}: {cause}", whole_destination=True)
    return UncertainError(f"JIRA's answer to {request} was lost: {cause}")
