"""Where `soc serve` listens and for whom: this machine only, unless nobody can overhear and all must prove themselves.

Slow callers are cut off at their headers here, and at their bodies where these are read.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import h11
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from soc_core.errors import SettingsError
from soc_core.ports import Endpoint
from soc_core.settings.serving import ServeSettings

HEADERS_WITHIN = 10.0
MOST_CALLERS = 500
DRAIN = 40
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def refuse_strangers(host: str, chosen: ServeSettings, endpoints: Sequence[tuple[str, Endpoint]]) -> None:
    """Listen beyond this machine only with TLS, or behind a proxy that is trusted, and with no door open to all.

    Raises:
        SettingsError: It may not listen there.
    """
    if is_loopback(host):
        return
    if chosen.certificate is None and not chosen.trusted_proxies:
        raise SettingsError(
            f"soc serve listens on this machine only, not on {host}, unless [serve] has a certificate and its key, or "
            "trusted_proxies names the reverse proxy with TLS that is in front of it"
        )
    for plugin, endpoint in endpoints:
        if endpoint.open:
            raise SettingsError(
                f"soc serve does not listen on {host} while {endpoint.path} of the plugin {plugin} is open to all: "
                f"set its token (soc settings --env)"
            )


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens; from here on callers wait instead of being refused, also whatever the house does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1024)
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        yield listener
    finally:
        listener.close()


def gate(app: ASGIApp, host: str, chosen: ServeSettings) -> ASGIApp:
    """The app behind those who may come in where it listens, with callers as trusted proxies name them."""
    proxies = list(chosen.trusted_proxies)
    if proxies:
        app = ProxyHeadersMiddleware(app, trusted_hosts=proxies)  # type: ignore[arg-type, assignment]  # ASGI by another name
    return OnlyFrom(app, proxies) if chosen.certificate is None and not is_loopback(host) else app


def server(app: ASGIApp, chosen: ServeSettings) -> uvicorn.Server:
    """What answers on a socket that listens.

    Raises:
        SettingsError: The certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CALLERS,
        timeout_graceful_shutdown=DRAIN,
        timeout_notify=0,
    )
    config.load()
    config.ssl = certificate(chosen)
    return uvicorn.Server(config)


class Hall:
    """Leads callers to the app of the day, so that one can give way to another without turning anybody away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside: Counter[ASGIApp] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        app = self._app
        self._inside[app] += 1
        try:
            await app(scope, receive, send)
        finally:
            self._inside[app] -= 1

    async def change(self, app: ASGIApp) -> None:
        """Lead everybody to another app from now on; returns when the one before has answered all of its callers."""
        old, self._app = self._app, app
        while self._inside[old]:
            await asyncio.sleep(0.05)
        del self._inside[old]


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def renew(tls: ssl.SSLContext | None, chosen: ServeSettings) -> None:
    """Show another certificate to those who come from now on; `certificate()` has looked at it before."""
    if tls is not None and chosen.certificate is not None:
        tls.load_cert_chain(chosen.certificate, chosen.key)


class OnlyFrom:
    """Lets nobody in but the proxies and this machine itself: what others send could have been overheard."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        peer = ipaddress.ip_address(scope["client"][0].partition("%")[0])
        peer = getattr(peer, "ipv4_mapped", None) or peer
        if peer.is_loopback or any(peer in network for network in self._networks):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("come in through the proxy\n", status_code=403)(scope, receive, send)


class Patient(H11Protocol):
    """HTTP/1.1 with callers who must finish their headers in time, so that the slow do not keep others out."""

    headers_within = HEADERS_WITHIN
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody calls."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Some more has come."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        super().connection_lost(exc)
        self._calm()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._calm()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.headers_within, self._too_slow)

    def _calm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.write(_TOO_SLOW)
            self.transport.close()


def certificate(chosen: ServeSettings) -> ssl.SSLContext | None:
    """What TLS needs, or None without it.

    Raises:
        SettingsError: The certificate or its key cannot be used.
    """
    if chosen.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(chosen.certificate, chosen.key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"serve.certificate {chosen.certificate} and serve.key cannot be used: {error.strerror or error}"
        ) from error
    return context
