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

from soc_core import DeliveryError, PermanentError, TemporaryError, UncertainError
from soc_jira.limits import Limits, retry_after
from soc_jira.logs import log
from soc_jira.reading import mapping, strings, text
from soc_jira.settings import Login

PAUSE: Final = timedelta(seconds=60)
_OUTAGE: Final = 3
_IGNORED_LOGIN = "AUTHENTICATED_FAILED"
_JSON = {"Content-Type": "application/json"}


class Refused(PermanentError):
    """JIRA said no to what was asked; `errors` has its words for each field."""

    def __init__(self, message: str, *, status: int, messages: tuple[str, ...], errors: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.messages = messages
        self.errors = errors


class Missing(Refused):
    """JIRA does not have it, or does not show it to us."""


class LoginLost(TemporaryError):
    """JIRA does not know us any more; everything waits until the token works again."""


class Forbidden(TemporaryError):
    """JIRA knows us and does not let us."""


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
                    info = self._exchange("GET", "2", "serverInfo", {}, None, None)
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
        return self._send("GET", endpoint, None, query, parts, once=False)

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
        return self._send(method, endpoint, body, query, parts, once=once)

    def attach(self, key: str, name: str, content: bytes) -> None:
        """Attach a file to an issue."""
        endpoint, version = "issue/{key}/attachments", self.version
        if wait := self._limits.wait("POST", endpoint, key):
            raise TemporaryError("JIRA's limits ask us to wait with attachments", retry_after=wait)
        self._exchange(
            "POST", version, endpoint, {"key": key}, None, None, files={"file": (name, content, "text/plain")}
        )

    def prove_login(self) -> None:
        """Raise unless JIRA knows who we are at this moment; an empty answer to a stranger proves nothing."""
        if not text(mapping(self.get("myself")), "displayName"):
            raise LoginLost("JIRA does not say who we are", retry_after=PAUSE, whole_destination=True)

    def _send(
        self,
        method: str,
        endpoint: str,
        body: object,
        query: Mapping[str, str] | None,
        parts: Mapping[str, str],
        *,
        once: bool,
    ) -> object:
        version = self.version
        if wait := self._limits.wait(method, endpoint, parts.get("key")):
            raise TemporaryError(f"JIRA's limits ask us to wait with {method} {endpoint}", retry_after=wait)
        try:
            return self._exchange(method, version, endpoint, parts, query, body)
        except UncertainError as error:
            if once:
                raise
            raise self._failed_read(error) from error
        except Missing:
            # To a stranger JIRA shows nothing: before a ticket is taken for gone, it must be us who asked.
            if "key" in parts:
                self.prove_login()
            raise
        except Forbidden as error:
            if "key" not in parts:
                raise
            self.prove_login()
            raise Refused(str(error), status=HTTPStatus.FORBIDDEN, messages=(str(error),), errors={}) from error

    def _failed_read(self, error: UncertainError) -> TemporaryError:
        # One lost answer is bad luck for one job; several in a row are an outage, and every job would meet it.
        return TemporaryError(str(error), whole_destination=self._failures >= _OUTAGE)

    def _exchange(
        self,
        method: str,
        version: str,
        endpoint: str,
        parts: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: object,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> object:
        path = endpoint.format_map({name: quote(part, safe="") for name, part in parts.items()})
        url = f"{self._login.server}/rest/api/{version}/{path}"
        began = time.monotonic()
        headers = _JSON if files is None else {"X-Atlassian-Token": "no-check", "Content-Type": None}
        self._failures += 1
        try:
            response = self._session().request(
                method,
                url,
                params=query,
                json=body,
                files=files,
                headers=headers,
                allow_redirects=False,
            )
        except JIRAError as error:
            # Not chained to what is raised below: its text shows headers and the whole answer.
            answered = error.response
        except requests.RequestException as error:
            raise self._unanswered(error, f"{method} {endpoint}") from error
        else:
            answered = response
        if answered is None:
            raise UncertainError(f"JIRA gave an empty answer to {method} {endpoint}")
        spent = time.monotonic() - began
        log.debug("jira.call", method=method, endpoint=endpoint, status=answered.status_code, seconds=round(spent, 3))
        return self._sorted(answered, method, endpoint)

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
            self._local.client = client
        return client._session

    def _unanswered(self, error: requests.RequestException, what: str) -> DeliveryError:
        if _never_sent(error):
            return TemporaryError(f"JIRA cannot be reached for {what}: {_cause(error)}", whole_destination=True)
        return UncertainError(f"JIRA's answer to {what} was lost: {_cause(error)}")

    def _sorted(self, answer: requests.Response, method: str, endpoint: str) -> object:
        what, status = f"{method} {endpoint}", answer.status_code
        stranger = _IGNORED_LOGIN in answer.headers.get("X-Seraph-LoginReason", "")
        denied = "X-Authentication-Denied-Reason" in answer.headers
        if status == HTTPStatus.UNAUTHORIZED or stranger or denied:
            raise self._login_lost(denied=denied)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._too_many(answer, method, endpoint)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in answer.headers:
            raise self._too_many(answer, method, endpoint)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            raise UncertainError(f"JIRA answered {status} to {what}")
        self._failures = 0
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise TemporaryError(
                f"JIRA answers {what} with a redirect; check JIRA_SERVER_URL and any login page in front of it",
                whole_destination=True,
            )
        if status == HTTPStatus.FORBIDDEN:
            raise Forbidden(f"permission denied by JIRA for {what}: {_reason(answer)}", whole_destination=True)
        if status >= HTTPStatus.BAD_REQUEST:
            raise _refused(answer, what)
        if self._lost:
            self._lost = False
            log.info("jira.login_restored")
        return _json(answer, what)

    def _login_lost(self, *, denied: bool) -> LoginLost:
        if not self._lost:
            self._lost = True
            log.error("jira.login_lost", server=self._login.server, captcha=denied)
        cure = "log in once in the browser to lift the CAPTCHA" if denied else "renew the token"
        return LoginLost(f"JIRA does not accept our login: {cure}", retry_after=PAUSE, whole_destination=True)

    def _too_many(self, answer: requests.Response, method: str, endpoint: str) -> TemporaryError:
        wait = retry_after(answer.headers.get("Retry-After"), answer.headers.get("Date"))
        reason = answer.headers.get("RateLimit-Reason", "")
        log.warning("jira.limited", method=method, endpoint=endpoint, wait=str(wait), reason=reason)
        if wait is not None and "per-issue" not in reason:
            self._limits.close(method, endpoint, wait)
        return TemporaryError(
            f"JIRA asks us to wait with {method} {endpoint}",
            retry_after=wait,
            whole_destination="per-issue" not in reason,
        )


def _site(info: Mapping[str, object], server: str) -> Site:
    return Site(
        url=(text(info, "baseUrl") or server).rstrip("/"),
        title=text(info, "serverTitle"),
        version=text(info, "version"),
        cloud=text(info, "deploymentType") == "Cloud",
    )


def _json(answer: requests.Response, what: str) -> object:
    if not answer.content:
        return None
    try:
        found: object = answer.json()
    except ValueError as error:
        raise UncertainError(f"JIRA's answer to {what} is no JSON; is there a proxy or login page?") from error
    return found


def _refused(answer: requests.Response, what: str) -> Refused:
    try:
        body: Mapping[str, object] = mapping(answer.json())
    except ValueError:
        body = {}
    messages = strings(body.get("errorMessages")) or strings([body[name] for name in ("message",) if name in body])
    errors = {str(name): str(word) for name, word in mapping(body.get("errors")).items()}
    words = "; ".join((*messages, *(f"{name}: {word}" for name, word in errors.items()))) or "no reason given"
    kind = Missing if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) else Refused
    return kind(
        f"JIRA refused {what} ({answer.status_code}): {words[:500]}",
        status=answer.status_code,
        messages=messages,
        errors=errors,
    )


def _reason(answer: requests.Response) -> str:
    return str(_refused(answer, "it")).partition(": ")[2]


def _never_sent(error: BaseException) -> bool:
    seen, queue = set(), [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, requests.ConnectTimeout) or type(one).__name__ in (
            "NewConnectionError",
            "NameResolutionError",
            "SSLCertVerificationError",
        ):
            return True
        queue += [inner for inner in (one.__cause__, one.__context__, *one.args) if isinstance(inner, BaseException)]
        if isinstance(reason := getattr(one, "reason", None), BaseException):
            queue.append(reason)
    return False


def _cause(error: requests.RequestException) -> str:
    return type(error).__name__
