"""A pretended JIRA on loopback: Cloud or Data Center, with a memory, a lagging search, and trouble on demand.

```python
from soc_core.testing.jira import FakeJira

with FakeJira() as jira:
    print(jira.url, jira.username, jira.token)
```
"""

import base64
import functools
import re
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from soc_core.testing.faults import Faults
from soc_core.testing.jira import views
from soc_core.testing.jira.api import Answer, Api
from soc_core.testing.jira.contract import Contract
from soc_core.testing.jira.faults import Fault
from soc_core.testing.jira.person import Human
from soc_core.testing.jira.routes import ROUTES
from soc_core.testing.jira.site import Issue, Json, Project, User
from soc_core.testing.jira.tracker import Tracker
from soc_core.testing.jira.webhooks import Webhooks
from soc_core.testing.jira.wire import Handler
from soc_core.testing.wire import Server

ROBOT = User(id="5b10-robot", name="soc-robot", display="SOC Robot", email="robot@example.org")
TEAM = (
    User(id="5b10-ana", name="ana", display="Ana Lee", email="ana@example.org"),
    User(id="5b10-bo", name="bo", display="Bo Chen", email="bo@example.org"),
    User(id="5b10-guest", name="guest", display="Guest", email="guest@example.org", assignable=False),
)
_LOGIN_IGNORED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


@attrs.frozen(kw_only=True)
class Call:
    """One request that arrived, and what was answered; status 0 means that no answer went out."""

    method: str
    path: str
    query: dict[str, str]
    body: object
    status: int
    at: float


class FakeJira:
    """A JIRA site for tests and demonstrations, used as a context manager.

    Args:
        flavour: `cloud`, `dc-8.20` or `dc-9.12`.
        context: The path that Data Center lives under, such as `/jira`.
        projects: The projects; one named SEC by default.
        robot: The account that the product uses; its zone is the account's zone.
        now: Where time comes from, for whoever moves it by hand.
        lag: How long search needs to know of a change.
        contract: The folder with Atlassian's documents; requests outside them end up in `violations`.
        public: The address the site says it has, if it is not where it is reached (scoped tokens on Cloud).
    """

    def __init__(
        self,
        *,
        flavour: str = "cloud",
        context: str = "",
        projects: Sequence[Project] = (),
        robot: User = ROBOT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        lag: timedelta = timedelta(0),
        contract: Path | None = None,
        public: str | None = None,
    ) -> None:
        self.cloud: bool = flavour == "cloud"
        self.context = context
        self.username: str = robot.email if self.cloud else robot.name
        self.token = "fake-token"  # noqa: S105  # opens nothing but this pretence
        self.robot = robot
        self.faults: Faults[Fault] = Faults()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.login = "ok"  # or "revoked" (answers 401) or "ignored" (treated as nobody)
        self.rate: float | None = None
        given = projects or (Project(key="SEC", name="Security"),)
        self.tracker: Tracker = Tracker(
            projects={project.key: project for project in given},
            users={user.id: user for user in (robot, *TEAM)},
            now=now,
            cloud=self.cloud,
            lag=lag,
        )
        self.api: Api = Api(tracker=self.tracker, routes=ROUTES, base="", release=flavour.removeprefix("dc-") + ".0")
        self._public = public
        self._contracts = _contracts(contract) if contract is not None and self.cloud else {}
        self._webhooks: Webhooks | None = None
        self._server: Server | None = None
        self._stopping = threading.Event()
        self._tokens, self._filled = 0.0, time.monotonic()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._server = Server(type("Handler", (Handler,), {"site": self}), self.violations.append)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="fake-jira").start()
        self.url: str = f"http://127.0.0.1:{self._server.server_address[1]}{self.context}"
        self.api.base = self._public or self.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._webhooks is not None:
            self._webhooks.stop()
        if self._server is not None:
            self._server.stop()

    # -- what tests look at -----------------------------------------------------------------------------------------

    @property
    def issues(self) -> list[Issue]:
        """All issues, oldest first."""
        with self.tracker.lock:
            return list(self.tracker.issues.values())

    def issue(self, key: str) -> Issue:
        """One issue by key or id."""
        with self.tracker.lock:
            return self.tracker.issue(key)

    def text(self, value: object) -> str:
        """The words of a description or comment, whichever form it has."""
        return value if isinstance(value, str) else views.plain(value)

    def asked(self, method: str, pattern: str) -> list[Call]:
        """The requests of that method whose path below `/rest/api/N/` matches a pattern as a whole."""
        return [call for call in self.calls if call.method == method and re.fullmatch(pattern, call.path)]

    # -- what tests do ----------------------------------------------------------------------------------------------

    def human(self, name: str) -> Human:
        """Somebody who works in JIRA's own pages; `robot` is the product's account used by hand."""
        user = next(user for user in self.tracker.users.values() if name in (user.name, user.display, user.id))
        return Human(tracker=self.tracker, user=user)

    def send_webhooks(self, hooks: Webhooks) -> Webhooks:
        """From now on tell of every change."""
        self._webhooks = hooks
        hooks.start()
        self.tracker.told = self._tell
        return hooks

    # -- private ----------------------------------------------------------------------------------------------------

    def _tell(self, event: str, issue: Issue, by: User, detail: Json) -> None:
        if self._webhooks is None:
            return
        body: Json = {
            "timestamp": int(self.tracker.now().timestamp() * 1000),
            "webhookEvent": event,
            "user": views.user(self.tracker, by.id),
            "issue": views.issue(self.tracker, issue, by, "2", self.api.base),
        }
        if event == "comment_created":
            body["comment"] = views.comment(self.tracker, detail, by, "2")
        elif detail:
            body["changelog"] = {"id": detail["id"], "items": detail["items"]}
        self._webhooks.put(body)

    def respond(self, handler: Handler) -> None:
        """Answer one request, with whatever goes wrong on the way."""
        asked, kind = handler.asked()
        fault = self.faults.first(lambda fault: fault.meets(asked.method, asked.path))
        if asked.version in self._contracts:
            self.violations += self._contracts[asked.version].faults_of(
                asked.method, f"/rest/api/{asked.version}/{asked.path}", asked.query, asked.body, kind
            )
        answer = self._refused(handler, fault)
        if answer is None and not (fault and fault.kind == "reset-before"):
            answer = self.api.answer(asked)
        if asked.user is None and answer is not None and self.login != "revoked":
            answer = attrs.evolve(answer, headers={**answer.headers, **_LOGIN_IGNORED})
        lost = fault is not None and fault.kind in ("reset-before", "reset-after", "slow", "truncated")
        call = Call(
            method=asked.method,
            path=asked.path,
            query=dict(asked.query),
            body=asked.body,
            status=0 if lost or answer is None else answer.status,
            at=time.monotonic(),
        )
        with self._lock:
            self.calls.append(call)
        self._send(handler, answer, fault)

    def _refused(self, handler: Handler, fault: Fault | None) -> Answer | None:
        if self.login == "revoked" or (fault and fault.kind == "401"):
            return Answer(status=401, body={"message": "Client must be authenticated to access this resource."})
        if fault is not None and fault.kind in ("429", "503", "409", "500-before"):
            wait = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
            return Answer(status=int(fault.kind[:3]), body={"errorMessages": ["try later"], "errors": {}}, headers=wait)
        if self.rate is not None and not self._within_rate(self.rate):
            return Answer(status=429, body={}, headers={"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"})
        return None

    def _within_rate(self, rate: float) -> bool:
        with self._lock:
            now = time.monotonic()
            self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def _send(self, handler: Handler, answer: Answer | None, fault: Fault | None) -> None:
        if answer is None or (fault and fault.kind == "reset-after"):
            handler.hang_up()
        elif fault and fault.kind == "slow":
            self._stopping.wait(fault.seconds)
            handler.hang_up()
        elif fault and fault.kind == "truncated":
            handler.send(answer, cut=True)
        elif fault and fault.kind == "html":
            handler.send_page("<html><body>Please log in to the proxy</body></html>")
        elif fault and fault.kind == "500-after":
            handler.send(Answer(status=500, body={"errorMessages": ["Internal server error"], "errors": {}}))
        else:
            handler.send(answer)

    def who(self, header: str) -> User | None:
        """Whose login an `Authorization` header is."""
        scheme, _, value = header.partition(" ")
        if self.login == "ignored":
            return None
        if scheme == "Basic":
            name, _, word = base64.b64decode(value).decode().partition(":")
            return self.robot if (name, word) == (self.username, self.token) else None
        return self.robot if scheme == "Bearer" and value == self.token and not self.cloud else None


def _contracts(folder: Path) -> dict[str, Contract]:
    return {
        version: _contract(file)
        for version in ("2", "3")
        if (file := folder / f"atlassian-jira-cloud-platform-v{version}.openapi.json").is_file()
    }


@functools.cache  # reading one takes a third of a second
def _contract(file: Path) -> Contract:
    return Contract(file)
