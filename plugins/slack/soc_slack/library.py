"""The library's clients as we want them, and the one place where its errors become ours.

Its own retries are off: it repeats a post whose answer was lost, and there would be two messages.
"""

import contextlib
import http.client
import logging
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from urllib.request import Request

from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.webhook import WebhookResponse

from soc_core import DeliveryError, Secret, TemporaryError
from soc_slack.errors import NoAnswer, sorted_error
from soc_slack.settings import Login, Settings, is_loopback

Envelope = SocketModeRequest
_DOWN = "Slack cannot be reached"
# The library logs whole bodies at DEBUG and our errors once more at ERROR: we tell them ourselves.
QUIET = logging.getLogger("soc_slack.library")
QUIET.setLevel(logging.CRITICAL)


def web_client(login: Login, settings: Settings, token: str | None) -> WebClient:
    """The Web API, with a token or without one of its own."""
    kind = _DirectWebClient if is_loopback(login.api_url) else WebClient
    return kind(
        token=token,
        base_url=f"{login.api_url}/",
        timeout=_whole_seconds(settings),
        ssl=_tls(settings),
        proxy=settings.proxy,
        logger=QUIET,
        retry_handlers=[],
    )


def webhook_client(login: Login, settings: Settings) -> WebhookClient:
    """The incoming webhook."""
    assert login.webhook_url is not None  # noqa: S101 - the mode was chosen by it
    url = login.webhook_url.reveal()
    kind = _DirectWebhookClient if is_loopback(url) else WebhookClient
    return kind(
        url,
        timeout=_whole_seconds(settings),
        ssl=_tls(settings),
        proxy=settings.proxy,
        logger=QUIET,
        retry_handlers=[],
    )


def socket_client(
    login: Login, settings: Settings, app_token: Secret, *, ping_every: float, leaving: threading.Event
) -> SocketModeClient:
    """A Socket Mode connection that is not open yet; `leaving` is set when Slack asks for another one."""
    client = _Session(
        app_token=app_token.reveal(),
        web_client=web_client(login, settings, None),
        logger=QUIET,
        auto_reconnect_enabled=False,
        ping_interval=ping_every,
        proxy=settings.proxy,
    )
    client.leaving = leaving
    if is_loopback(login.api_url):
        client.proxy = None
    return client


def signature_verifier(secret: Secret, now: Callable[[], float]) -> SignatureVerifier:
    """The library's check of signatures, by the house's clock."""
    return SignatureVerifier(secret.reveal(), clock=_At(now))


@contextlib.contextmanager
def translated(method: str) -> Iterator[None]:
    """Errors of the library come out as the house's, sorted by what to do next."""
    try:
        yield
    except SlackApiError as error:
        raise _from_answer(method, error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError | socket.gaierror | ssl.SSLError):
            raise TemporaryError(f"{_DOWN}: {error.reason}", whole_destination=True) from error
        raise NoAnswer(f"the connection broke during {method}: {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError, SlackClientError) as error:
        # Only the kind of error: its text may hold an address that is a secret.
        raise NoAnswer(f"no readable answer to {method}: {type(error).__name__}") from error


def seconds(text: object) -> float | None:
    """How long an answer asks us to wait; None if it does not say."""
    try:
        return max(0.0, float(str(text)))
    except ValueError:
        return None


def _from_answer(method: str, error: SlackApiError) -> DeliveryError:
    answer = error.response
    if answer.status_code == 429:
        return sorted_error(method, "ratelimited", retry_after=seconds(answer.headers.get("Retry-After")))
    if answer.status_code >= 500:
        return NoAnswer(f"Slack answered {answer.status_code} to {method}")
    body = answer.data if isinstance(answer.data, dict) else {}
    detail = ""
    if body.get("needed"):
        detail = f"needed {body['needed']}, provided {body.get('provided')}"
    elif body.get("errors"):
        detail = str(body["errors"])[:300]
    return sorted_error(method, str(body.get("error") or "an answer without a word"), detail=detail)


def _whole_seconds(settings: Settings) -> int:
    return max(1, round(settings.timeout.total_seconds()))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    return None if settings.ca_file is None else ssl.create_default_context(cafile=settings.ca_file)


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


class _Session(SocketModeClient):
    # Not renewed from inside: the library waits for the old connection first and is deaf for seconds meanwhile.
    # `soc_slack.socket` opens a new one beside it instead.
    leaving: threading.Event

    def connect_to_new_endpoint(self, force: bool = False) -> None:
        self.leaving.set()


class _At(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()
