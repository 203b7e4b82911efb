"""Talks to Slack: the only place that knows the library, and where its errors become ours.

The library's own retries are off: it repeats a post whose answer was lost, and there would be two messages.
"""

import contextlib
import http.client
import logging
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.request import Request

from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.webhook import WebhookResponse

from soc_core import DeliveryError, Secret, TemporaryError, UncertainError
from soc_slack.errors import sorted_error
from soc_slack.places import Identity, Json, Place, is_channel_id, key_of, marked
from soc_slack.reading import dig, rows
from soc_slack.settings import Login, Settings, is_loopback

Acknowledge = Callable[[Json | None], None]
Listener = Callable[[str, Json, Acknowledge], None]
_PAGES = 25
_PAGE = 200
PING_EVERY = 2.0
_LAST_ANSWERS = 3.0
_DOWN = "Slack cannot be reached"
# The library logs whole bodies at DEBUG and our errors once more at ERROR: we tell them ourselves.
_QUIET = logging.getLogger("soc_slack.library")
_QUIET.setLevel(logging.CRITICAL)


class Client:
    """The Web API with a bot token. Construction does no I/O."""

    def __init__(self, login: Login, settings: Settings) -> None:
        token = None if login.bot_token is None else login.bot_token.reveal()
        self._web = _web_client(login, settings, token)
        self._app = _web_client(login, settings, None)
        self._ids: dict[str, str] = {}
        self._identity: Identity | None = None
        self._lock = threading.Lock()

    # -- messages ---------------------------------------------------------------------------------------------------

    def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, key: str | None, thread: str | None, broadcast: bool
    ) -> Place:
        """Post a message; `key` goes into its metadata, by which it is found again."""
        answer = self.call(
            "chat.postMessage",
            {
                "channel": channel,
                "text": text,
                "unfurl_links": False,
                "unfurl_media": False,
                **({"blocks": list(blocks)} if blocks else {}),
                **({} if key is None else {"metadata": marked(key)}),
                **({} if thread is None else {"thread_ts": thread}),
                **({"reply_broadcast": True} if broadcast and thread is not None else {}),
            },
        )
        place = Place(channel=str(answer.get("channel")), ts=str(answer.get("ts")))
        self._ids[channel] = place.channel
        return place

    def update(self, place: Place, text: str, blocks: Sequence[Json]) -> None:
        """Edit a message. Text and blocks go together: text alone would take the buttons away."""
        try:
            self.call("chat.update", {"channel": place.channel, "ts": place.ts, "text": text, "blocks": list(blocks)})
        except UncertainError as error:
            # The same edit twice is one edit: simply do it again.
            raise TemporaryError(str(error)) from error

    def find(self, channel: str, key: str, *, since: float, thread: str | None) -> list[Place]:
        """Our messages with that key, oldest first: in the channel since then, or in a thread."""
        found = [place for other, place in self.ours(channel, since=since, thread=thread) if other == key]
        return sorted(found, key=lambda place: place.ts)

    def ours(self, channel: str, *, since: float, thread: str | None = None) -> list[tuple[str, Place]]:
        """Our messages with their keys: in a channel, or in a thread."""
        ident = self.channel_id(channel)
        if ident is None:
            return []
        name = "conversations.history" if thread is None else "conversations.replies"
        args: Json = {"channel": ident, "limit": _PAGE, "include_all_metadata": True, "oldest": f"{since:.6f}"}
        pages = self._pages(name, args if thread is None else {**args, "ts": thread})
        return [
            (key, Place(channel=ident, ts=str(message.get("ts"))))
            for page in pages
            for message in rows(page.get("messages"))
            if (key := key_of(message)) is not None
        ]

    def delete(self, place: Place) -> None:
        """Take a message away."""
        self.call("chat.delete", {"channel": place.channel, "ts": place.ts})

    def whisper(self, channel: str, user: str, text: str, blocks: Sequence[Json], thread: str | None = None) -> None:
        """Show a message to one person only."""
        args: Json = {"channel": channel, "user": user, "text": text, "blocks": list(blocks)}
        self.call("chat.postEphemeral", args if thread is None else {**args, "thread_ts": thread})

    def open_view(self, trigger: str, view: Json) -> None:
        """Open a modal for somebody who just pressed a button."""
        self.call("views.open", {"trigger_id": trigger, "view": view})

    # -- reading ----------------------------------------------------------------------------------------------------

    def identity(self, *, fresh: bool = False) -> Identity:
        """Who we are; asked once."""
        with self._lock:
            if self._identity is None or fresh:
                answer, headers = self._ask("auth.test", {})
                told = {name.lower(): value for name, value in headers.items()}
                scopes = told.get("x-oauth-scopes", "")
                self._identity = Identity(
                    team=str(answer.get("team_id", "")),
                    team_name=str(answer.get("team", "")),
                    user=str(answer.get("user_id", "")),
                    bot=str(answer.get("bot_id", "")),
                    name=str(answer.get("user", "")),
                    url=str(answer.get("url", "https://slack.com/")),
                    scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
                    at=_time(told.get("date", "")),
                )
            return self._identity

    def team(self) -> str:
        """The id of our own workspace."""
        return self.identity().team

    def permalink(self, place: Place) -> str:
        """The address of a message; this form is stable and costs no call."""
        return f"{self.identity().url}archives/{place.channel}/p{place.ts.replace('.', '')}"

    def known(self, channel: str) -> str:
        """The id of a channel if it is known already, else its name; asks nobody."""
        return self._ids.get(channel, channel)

    def channel_id(self, channel: str) -> str | None:
        """The id of a channel given by id or name; names are resolved once."""
        if channel in self._ids:
            return self._ids[channel]
        if is_channel_id(channel):
            return channel
        args: Json = {"limit": _PAGE, "exclude_archived": False, "types": "public_channel,private_channel"}
        for page in self._pages("conversations.list", args):
            for row in rows(page.get("channels")):
                if row.get("name") == channel.lstrip("#"):
                    self._ids[channel] = str(row["id"])
                    return self._ids[channel]
        return None

    def channel(self, channel: str) -> Mapping[str, object] | None:
        """What Slack knows of a channel."""
        ident = self.channel_id(channel)
        if ident is None:
            return None
        found = self.call("conversations.info", {"channel": ident}).get("channel")
        return found if isinstance(found, Mapping) else None

    def email(self, user: str) -> str | None:
        """The e-mail address of a member."""
        return dig(self.call("users.info", {"user": user}), "user", "profile", "email") or None

    def member(self, email: str) -> str | None:
        """The member id that belongs to an e-mail address."""
        return dig(self.call("users.lookupByEmail", {"email": email}), "user", "id") or None

    def group(self, group: str) -> tuple[str, ...]:
        """The members of a user group."""
        users = self.call("usergroups.users.list", {"usergroup": group}).get("users")
        return tuple(str(user) for user in users) if isinstance(users, list) else ()

    def is_active(self, user: str) -> bool:
        """Whether somebody's presence is active."""
        return self.call("users.getPresence", {"user": user}).get("presence") == "active"

    def do_not_disturb(self, users: Sequence[str]) -> dict[str, tuple[float, float]]:
        """From when until when each one must not be disturbed; at most 50 people at once."""
        found = self.call("dnd.teamInfo", {"users": ",".join(users)}).get("users")
        spans = {}
        for user, span in (found if isinstance(found, Mapping) else {}).items():
            if span.get("dnd_enabled"):
                spans[str(user)] = (float(span["next_dnd_start_ts"]), float(span["next_dnd_end_ts"]))
        return spans

    def connections_open(self, app_token: Secret) -> None:
        """Try the app-level token."""
        self._ask("apps.connections.open", {"token": app_token.reveal()}, web=self._app)

    def call(self, method: str, args: Json) -> Json:
        """Call a method.

        Raises:
            DeliveryError: Sorted by what to do next.
        """
        return self._ask(method, args)[0]

    # -- private ----------------------------------------------------------------------------------------------------

    def _pages(self, method: str, args: Json) -> Iterator[Json]:
        cursor = ""
        for _ in range(_PAGES):
            page = self.call(method, {**args, "cursor": cursor} if cursor else args)
            yield page
            cursor = dig(page, "response_metadata", "next_cursor")
            if not cursor:
                return

    def _ask(self, method: str, args: Json, *, web: WebClient | None = None) -> tuple[Json, Mapping[str, str]]:
        # Posts and views are JSON; the reading methods take forms only.
        json_body = method.startswith(("chat.", "views."))
        with _translated(method):
            answer = (web or self._web).api_call(
                method, json=args if json_body else None, params=None if json_body else args
            )
            body = answer.data
            return dict(body) if isinstance(body, dict) else {}, answer.headers


class Webhook:
    """An incoming webhook: posts, and nothing else."""

    def __init__(self, login: Login, settings: Settings) -> None:
        self._client = _webhook_client(login, settings)

    def post(self, text: str, blocks: Sequence[Json]) -> None:
        """Post a message."""
        body: Json = {"text": text, "unfurl_links": False, "unfurl_media": False}
        with _translated("webhook"):
            answer = self._client.send_dict({**body, "blocks": list(blocks)} if blocks else body)
        if answer.status_code == 200:
            return
        wait = _seconds(answer.headers.get("retry-after"))
        if answer.status_code == 429:
            raise sorted_error("webhook", "ratelimited", retry_after=wait)
        if answer.status_code >= 500:
            raise UncertainError(f"Slack answered {answer.status_code} to the webhook")
        raise sorted_error("webhook", answer.body.strip()[:80] or f"status {answer.status_code}")


class Socket:
    """One Socket Mode connection. `listener` gets (kind, payload, acknowledge) in a thread of the library."""

    def __init__(self, login: Login, settings: Settings, app_token: Secret, listener: Listener) -> None:
        self.leaving = threading.Event()
        self._client = _Session(
            app_token=app_token.reveal(),
            web_client=_web_client(login, settings, None),
            logger=_QUIET,
            auto_reconnect_enabled=False,
            ping_interval=PING_EVERY,
            proxy=settings.proxy,
        )
        self._client.leaving = self.leaving
        if is_loopback(login.api_url):
            self._client.proxy = None
        self._listener = listener
        self._busy = 0
        self._idle = threading.Condition()
        self._client.socket_mode_request_listeners.append(self._heard)

    def connect(self) -> None:
        """Open the connection.

        Raises:
            DeliveryError: It cannot be opened now.
        """
        with _translated("apps.connections.open"):
            self._client.connect()
        if not self._client.is_connected():
            raise TemporaryError("the socket to Slack could not be opened")

    def last_sign(self) -> float | None:
        """When the other side last answered a ping, by the machine's clock; None if it never did."""
        session = self._client.current_session
        return None if session is None else session.last_ping_pong_time

    def is_connected(self) -> bool:
        """Whether the library believes that it is connected."""
        return self._client.is_connected()

    def close(self) -> None:
        """Let the answers that are being made go out, close the connection and end its threads; takes some seconds."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, _LAST_ANSWERS)
        self._client.closed = True
        self._client.message_queue.put(None)  # wakes the library's threads, which else sleep on for seconds
        session = self._client.current_session
        if session is not None and session.sock is not None:
            with contextlib.suppress(OSError):
                session.sock.shutdown(socket.SHUT_RDWR)
        self._client.close()

    def _heard(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        def acknowledge(body: Json | None) -> None:
            answer: Json = {"envelope_id": request.envelope_id}
            client.send_socket_mode_response(answer if body is None else {**answer, "payload": body})

        with self._idle:
            self._busy += 1
        try:
            self._listener(request.type, dict(request.payload), acknowledge)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()


class _Session(SocketModeClient):
    # Not renewed from inside: the library waits for the old connection first and is deaf for seconds meanwhile.
    # `soc_slack.socket` opens a new one beside it instead.
    leaving: threading.Event

    def connect_to_new_endpoint(self, force: bool = False) -> None:
        self.leaving.set()


class _DirectWebClient(WebClient):
    # The environment's proxy is no way to this machine itself; the library would take it all the same.
    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, object]:
        with _DIRECT.open(req, timeout=self.timeout) as answer:
            return {"status": answer.status, "headers": answer.headers, "body": answer.read().decode()}


class _DirectWebhookClient(WebhookClient):
    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        with _DIRECT.open(req, timeout=self.timeout) as answer:
            body = answer.read().decode()
            return WebhookResponse(url=url, status_code=answer.status, body=body, headers=dict(answer.headers))


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class _At(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()


def signature_verifier(secret: Secret, now: Callable[[], float]) -> SignatureVerifier:
    """The library's check of signatures, by the house's clock."""
    return SignatureVerifier(secret.reveal(), clock=_At(now))


def _web_client(login: Login, settings: Settings, token: str | None) -> WebClient:
    kind = _DirectWebClient if is_loopback(login.api_url) else WebClient
    return kind(
        token=token,
        base_url=login.api_url,
        timeout=_whole_seconds(settings),
        ssl=_tls(settings),
        proxy=settings.proxy,
        logger=_QUIET,
        retry_handlers=[],
    )


def _webhook_client(login: Login, settings: Settings) -> WebhookClient:
    assert login.webhook_url is not None  # noqa: S101 - the mode was chosen by it
    url = login.webhook_url.reveal()
    kind = _DirectWebhookClient if is_loopback(url) else WebhookClient
    return kind(
        url,
        timeout=_whole_seconds(settings),
        ssl=_tls(settings),
        proxy=settings.proxy,
        logger=_QUIET,
        retry_handlers=[],
    )


def _whole_seconds(settings: Settings) -> int:
    return max(1, round(settings.timeout.total_seconds()))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    return None if settings.ca_file is None else ssl.create_default_context(cafile=settings.ca_file)


@contextlib.contextmanager
def _translated(method: str) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise _from_answer(method, error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError | socket.gaierror | ssl.SSLError):
            raise TemporaryError(f"{_DOWN}: {error.reason}", whole_destination=True) from error
        raise UncertainError(f"the connection broke during {method}: {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError, SlackClientError) as error:
        # Only the kind of error: its text may hold an address that is a secret.
        raise UncertainError(f"no readable answer to {method}: {type(error).__name__}") from error


def _from_answer(method: str, error: SlackApiError) -> DeliveryError:
    answer = error.response
    if answer.status_code == 429:
        return sorted_error(method, "ratelimited", retry_after=_seconds(answer.headers.get("Retry-After")))
    if answer.status_code >= 500:
        return UncertainError(f"Slack answered {answer.status_code} to {method}")
    body = answer.data if isinstance(answer.data, dict) else {}
    detail = ""
    if body.get("needed"):
        detail = f"needed {body['needed']}, provided {body.get('provided')}"
    elif body.get("errors"):
        detail = str(body["errors"])[:300]
    return sorted_error(method, str(body.get("error") or "an answer without a word"), detail=detail)


def _seconds(text: object) -> float | None:
    try:
        return max(0.0, float(str(text)))
    except ValueError:
        return None


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
