"""The pretended Slack's connections: calls over HTTP, and the switch to Socket Mode on the same port."""

import json
import socket
import struct
import sys
import traceback
import urllib.parse
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

import attrs

from soc_core.testing.slack.api import Api
from soc_core.testing.slack.sockets import Connection, Sockets, accept_key
from soc_core.testing.slack.workspace import Json


@attrs.frozen(kw_only=True)
class Asked:
    """One call: its method, arguments and login; for a webhook `path` is the channel."""

    method: str
    args: Json
    token: str = ""
    path: str = ""


class Site(Protocol):
    """Who answers."""

    api: Api
    sockets: Sockets
    violations: list[str]

    def respond(self, handler: "Handler", asked: Asked) -> None:
        """Answer a call through the handler."""


class Server(ThreadingHTTPServer):
    """Takes connections on a free port of loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Handler)

    def process_request(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        """Remember the connection and serve it."""
        if isinstance(request, socket.socket):
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: "socket.socket | tuple[bytes, socket.socket]") -> None:
        """Forget the connection."""
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the play; anything else is our own mistake, and tests shall see it."""
        if not isinstance(sys.exception(), OSError):
            self.site.violations.append(traceback.format_exc())

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for connection in tuple(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        """A call of the Web API, or an incoming webhook."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if url.path.startswith("/services/"):
            asked = Asked(method="webhook", args=json.loads(raw), path=url.path.rpartition("/")[2])
        else:
            args = _arguments(raw, kind) | dict(urllib.parse.parse_qsl(url.query))
            token = str(args.pop("token", token))
            asked = Asked(method=url.path.removeprefix("/api/"), args=args, token=token)
        self.server.site.respond(self, asked)

    def do_GET(self) -> None:
        """Nothing but the switch to Socket Mode."""
        url = urllib.parse.urlsplit(self.path)
        ticket = dict(urllib.parse.parse_qsl(url.query)).get("ticket", "")
        tickets = self.server.site.api.tickets
        if url.path != "/link/" or ticket not in tickets:
            self.send(404, {}, "not found")
            return
        tickets.discard(ticket)
        key = accept_key(self.headers.get("Sec-WebSocket-Key") or "")
        head = f"HTTP/1.1 101 -\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        self.wfile.write(head.encode())
        self.close_connection = True
        self.server.site.sockets.serve(Connection(self.connection, self.rfile))

    def send(self, status: int, headers: Mapping[str, str], body: Json | str, *, cut: bool = False) -> None:
        """Answer; `cut` promises more than is sent."""
        kind = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        lines = [f"HTTP/1.1 {status} -", f"Content-Type: {kind}", f"Content-Length: {len(raw)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join((*lines, "", "")).encode() + (raw[: len(raw) // 2] if cut else raw))
        if cut:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def reset(self) -> None:
        """End the connection rudely."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
        """Say nothing: `FakeSlack.calls` remembers."""


def _arguments(raw: bytes, kind: str) -> Json:
    if kind == "application/json":
        value = json.loads(raw or b"{}")
        return dict(value) if isinstance(value, dict) else {}
    found: Json = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True))
    return {name: json.loads(str(value)) if name in ("blocks", "metadata") else value for name, value in found.items()}
