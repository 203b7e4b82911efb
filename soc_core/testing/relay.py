"""A bad network for tests: stands between a plugin and a pretended system, and loses, delays or refuses on demand."""

import http.client
import re
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import urlsplit

import attrs

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"})
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Trouble:
    """What goes wrong with the requests that match.

    Args:
        kind: `lost` (done, but no answer comes back), `page` (done, but a proxy answers with a page), `answer`
            (not done: `status`, `headers` and `body` are the answer) or `silent` (not done, and nothing comes back).
        requests: A regular expression looked for in `METHOD /path`.
    """

    kind: str
    requests: str = ""
    status: int = 500
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b"{}"


class Relay:
    """Passes requests on to `upstream`, a base address on this machine; used as a context manager."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.trouble: Trouble | None = None
        self.requests: list[str] = []
        self.headers: list[tuple[str, str]] = []
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url: str = f"http://127.0.0.1:{self._server.server_address[1]}{parts.path}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        serve = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True, name="relay")
        serve.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everybody."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def let_go(self) -> None:
        """End the silence: whoever still waits is hung up on."""
        self._released.set()
        self._released = threading.Event()

    def respond(self, asked: "_Handler") -> None:
        """Answer one request, with whatever goes wrong on the way."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        line = f"{asked.command} {asked.path}"
        self.requests.append(line)
        self.headers += [(name.lower(), value) for name, value in asked.headers.items()]
        trouble = self.trouble
        if trouble is None or not re.search(trouble.requests, line):
            asked.answer(*self._passed_on(asked, body))
        elif trouble.kind == "answer":
            asked.answer(trouble.status, trouble.headers, trouble.body)
        elif trouble.kind == "silent":
            self._released.wait(60)
            asked.hang_up()
        else:
            self._passed_on(asked, body)
            if trouble.kind == "page":
                asked.answer(200, {"Content-Type": "text/html"}, b"<html><body>Please log in</body></html>")
            asked.hang_up()

    def _passed_on(self, asked: "_Handler", body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in _HOP}
        onward = http.client.HTTPConnection(*self._to, timeout=30)
        try:
            onward.request(asked.command, asked.path, body=body or None, headers=headers)
            answer = onward.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            return answer.status, kept, answer.read()
        finally:
            onward.close()

    def _handler(self) -> type["_Handler"]:
        return type("RelayHandler", (_Handler,), {"relay": self})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay: Relay

    def _respond(self) -> None:
        try:
            self.relay.respond(self)
        except OSError:  # the other side went away, which is part of the play
            self.close_connection: bool = True

    # The names are the standard library's.
    do_GET = _respond  # noqa: N815
    do_HEAD = _respond  # noqa: N815
    do_POST = _respond  # noqa: N815
    do_PUT = _respond  # noqa: N815
    do_PATCH = _respond  # noqa: N815
    do_DELETE = _respond  # noqa: N815

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        """End the connection without a further word."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


def nobody_there() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
