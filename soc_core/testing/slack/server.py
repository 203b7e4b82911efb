"""A pretended Slack on loopback: a memory, Block Kit's limits, rate limits, trouble on demand, and people.

```python
from soc_core.testing.slack import FakeSlack

with FakeSlack() as slack:
    print(slack.url, slack.bot_token, slack.channel("security").id)
```
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from soc_core.testing.faults import Faults
from soc_core.testing.slack import chat
from soc_core.testing.slack.api import Api
from soc_core.testing.slack.faults import Fault
from soc_core.testing.slack.methods import METHODS
from soc_core.testing.slack.person import Member, Posted
from soc_core.testing.slack.rates import Rates
from soc_core.testing.slack.signing import signed
from soc_core.testing.slack.sockets import Sockets
from soc_core.testing.slack.wire import Asked, Handler
from soc_core.testing.slack.workspace import Channel, Json, Message, Refusal, User, Workspace
from soc_core.testing.wire import Server

BOT = User(id="U0SOCBOT01", name="soc", real_name="SOC", bot=True)
SCOPES = frozenset(
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "dnd:read",
        "groups:history",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)


@attrs.frozen(kw_only=True)
class Call:
    """One call that arrived, and what was answered; status 0 means that no answer went out."""

    method: str
    args: Json
    status: int
    error: str = ""
    at: float = 0.0


class FakeSlack:
    """A Slack workspace for tests and demonstrations, used as a context manager.

    Args:
        channels: Names of the channels; they have ids of their own.
        people: Who is there, beside the program itself; by default Ana, Bo, Mira and a guest.
        now: Where time comes from, for whoever moves it by hand.
        rates: Rate limits; none by default.
        methods: The file with Slack's methods and arguments; calls outside it end up in `violations`.
    """

    def __init__(
        self,
        *,
        channels: Sequence[str] = ("security", "system", "incidents", "general"),
        people: Sequence[User] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rates: Rates | None = None,
        methods: Path | None = None,
    ) -> None:
        self.now = now
        self.bot_token = "xoxb-fake-bot-token"  # noqa: S105  # opens nothing but this pretence
        self.app_token = "xapp-fake-app-token"  # noqa: S105
        self.signing_secret = "fake-signing-secret"  # noqa: S105
        self.faults: Faults[Fault] = Faults()
        self.rates = rates
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.sockets: Sockets = Sockets()
        self.outlet: Callable[[Posted], tuple[int, bytes]] | None = None
        self.login = "ok"  # or Slack's word for the trouble, such as "token_revoked"
        known = tuple(attrs.evolve(user) for user in (_PEOPLE if people is None else people))
        self.workspace: Workspace = Workspace(
            now=now,
            bot=BOT,
            users={user.id: user for user in (BOT, *known)},
            channels={c.id: c for c in (_channel(name, number) for number, name in enumerate(channels, 1))},
        )
        self.api: Api = Api(workspace=self.workspace, methods=METHODS, scopes=set(SCOPES))
        self._arguments = _arguments(methods)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._server = Server(type("Handler", (Handler,), {"site": self}), self.violations.append)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="fake-slack").start()
        place = f"127.0.0.1:{self._server.server_address[1]}"
        self.url: str = f"http://{place}/api/"
        self.api.address = f"ws://{place}/link/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.sockets.drop()
        if self._server is not None:
            self._server.stop()

    # -- what tests look at -----------------------------------------------------------------------------------------

    def channel(self, name: str) -> Channel:
        """A channel by name or id."""
        return self.workspace.channel(name)

    def messages(self, name: str) -> list[Message]:
        """What stands in a channel itself, oldest first."""
        with self.workspace.lock:
            return [message for message in self.channel(name).messages if message.thread_ts is None]

    def thread(self, message: Message) -> list[Message]:
        """The replies to a message, oldest first."""
        with self.workspace.lock:
            found = self.workspace.channels[message.channel].messages
            return [other for other in found if other.thread_ts == message.ts]

    @property
    def whispers(self) -> list[Json]:
        """What only one person saw."""
        with self.workspace.lock:
            return list(self.workspace.whispers)

    def asked(self, method: str) -> list[Call]:
        """The calls of one method."""
        with self._lock:
            return [call for call in self.calls if call.method == method]

    def webhook_url(self, name: str) -> str:
        """The address of an incoming webhook for a channel."""
        return f"{self.url.removesuffix('/api/')}/services/{self.channel(name).id}"

    # -- what tests do ----------------------------------------------------------------------------------------------

    def person(self, name: str) -> Member:
        """Somebody by name."""
        found = next(user for user in self.workspace.users.values() if name in (user.name, user.id))
        return Member(line=self, user=found)

    def sign(self, kind: str, body: bytes, content_type: str) -> Posted:
        """Make a signed request of a body."""
        headers = signed(self.signing_secret, body, timestamp=self.now().timestamp())
        return Posted(kind=kind, headers={"content-type": content_type, **headers}, body=body)

    # -- the server's side ------------------------------------------------------------------------------------------

    def respond(self, handler: Handler, asked: Asked) -> None:
        """Answer one call, with whatever goes wrong on the way."""
        channel = self._channel_id(asked)
        fault = self.faults.first(lambda fault: fault.meets(asked.method, channel))
        status, headers, body = self._answered(asked, fault, channel)
        lost = fault is not None and fault.kind in (
            "close-before",
            "reset-before",
            "close-after",
            "reset-after",
            "slow",
            "truncated",
        )
        error = str(body.get("error", "")) if isinstance(body, dict) else body
        call = Call(
            method=asked.method,
            args=asked.args,
            status=0 if lost else status,
            error=error if error != "ok" else "",
            at=time.monotonic(),
        )
        with self._lock:
            self.calls.append(call)
        _send(handler, fault, (status, headers, body), self._stopping)

    def _answered(
        self, asked: Asked, fault: Fault | None, channel: str | None
    ) -> tuple[int, Mapping[str, str], Json | str]:
        wait = 0.0 if self.rates is None else self.rates.wait(asked.method, channel, self.now().timestamp())
        if fault is not None and fault.kind == "429":
            wait = float(fault.retry_after)
        if wait > 0:
            return 429, {"Retry-After": str(int(-(-wait // 1)))}, {"ok": False, "error": "ratelimited"}
        if fault is not None and fault.kind == "html":
            return 200, {}, "<html><body>Please log in to the proxy</body></html>"
        if fault is not None and fault.kind in ("close-before", "reset-before", "500-before"):
            return 500, {}, {}
        try:
            if fault is not None and not fault.after_commit:
                raise Refusal(fault.kind)  # noqa: TRY301 - a fault may be one of Slack's own words
            body = self._done(asked)
        except Refusal as refusal:
            if asked.method == "webhook":
                return _WEBHOOK_STATUS.get(refusal.error, 400), {}, refusal.error
            body = {"ok": False, "error": refusal.error, **refusal.more}
        if fault is not None and fault.kind in ("500-after", "503-after"):
            return int(fault.kind[:3]), {}, {"ok": False, "error": "internal_error"}
        if asked.method == "webhook":
            return 200, {}, "ok"
        told = {"X-OAuth-Scopes": ",".join(sorted(self.api.scopes)), "Date": format_datetime(self.now(), usegmt=True)}
        return 200, told, body

    def _done(self, asked: Asked) -> Json:
        if asked.method == "webhook":
            if asked.path not in self.workspace.channels:
                raise Refusal("no_service")
            chat.webhook(self.api, self.workspace.channels[asked.path], asked.args)
            return {}
        if self._arguments is not None:
            known = self._arguments.get(asked.method)
            if known is None:
                self.violations.append(f"{asked.method} is no method")
            else:
                self.violations += [f"{asked.method} has no argument {n}" for n in asked.args if n not in known]
        if asked.method == "apps.connections.open":
            if asked.token != self.app_token:
                raise Refusal("invalid_auth")
            return self.api.connect()
        if asked.token != self.bot_token:
            raise Refusal("invalid_auth" if asked.token else "not_authed")
        if self.login != "ok":
            raise Refusal(self.login)
        return self.api.call(asked.method, asked.args)

    def _channel_id(self, asked: Asked) -> str | None:
        if asked.method == "webhook":
            return asked.path
        try:
            return self.workspace.channel(asked.args.get("channel")).id
        except Refusal:
            return None


_WEBHOOK_STATUS = {"channel_is_archived": 410, "no_service": 404, "action_prohibited": 403}
_PEOPLE = (
    User(id="U0ANA00001", name="ana", real_name="Ana Lee", email="ana@example.org"),
    User(id="U0BO000001", name="bo", real_name="Bo Chen", email="bo@example.org"),
    User(id="U0MIRA0001", name="mira", real_name="Mira Novak", email="mira@example.org"),
    User(id="U0GUEST001", name="guest", real_name="Guest", email="guest@elsewhere.example", team="T0OTHER001"),
)


def _channel(name: str, number: int) -> Channel:
    return Channel(id=f"C0{name.upper()[:7]:0<7}{number}", name=name)


def _arguments(file: Path | None) -> dict[str, frozenset[str]] | None:
    if file is None:
        return None
    document = json.loads(file.read_text(encoding="utf-8"))
    return {name: frozenset(facts["args"]) | {"token"} for name, facts in document["methods"].items()}


def _send(
    handler: Handler,
    fault: Fault | None,
    answer: tuple[int, Mapping[str, str], Json | str],
    stopping: threading.Event,
) -> None:
    status, headers, body = answer
    kind = "" if fault is None else fault.kind
    if kind in ("close-before", "close-after"):
        handler.hang_up()
    elif kind in ("reset-before", "reset-after"):
        handler.reset()
    elif kind == "slow" and fault is not None:
        stopping.wait(fault.seconds)
        handler.hang_up()
    else:
        handler.send(status, headers, body, cut=kind == "truncated")
