"""The pretended JIRA's connections: reading requests, and answering whole, cut, or not at all."""

import json
import re
import socket
import urllib.parse
from collections.abc import Mapping
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from soc_core.testing.jira.api import Answer, Asked
from soc_core.testing.jira.site import User
from soc_core.testing.jira.tracker import Tracker

_API = re.compile(r"/rest/api/(2|3|latest)/(.*)")


class Site(Protocol):
    """Who answers."""

    cloud: bool
    context: str
    tracker: Tracker

    def who(self, header: str) -> User | None:
        """Whose login an `Authorization` header is."""

    def respond(self, handler: "Handler") -> None:
        """Read the request from the handler and send an answer through it."""


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
        """A client that went away is part of the play."""

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

    def asked(self, site: Site) -> tuple[Asked, str]:
        """The request, and the media type of its body."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        found = _API.fullmatch(url.path.removeprefix(site.context)) if url.path.startswith(site.context) else None
        body = json.loads(raw) if raw and kind == "application/json" else (raw or None)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        user = site.who(self.headers.get("Authorization") or "")
        version = found[1] if found else ""
        known = version in ("2", "3") if site.cloud else version in ("2", "latest")
        return Asked(
            method=self.command,
            path=urllib.parse.unquote(found[2]) if found and known else "?" + url.path,
            version=version,
            query=query,
            body=body,
            user=user,
            raw=raw,
        ), kind

    def answer_request(self) -> None:
        """Let the site answer."""
        self.server.site.respond(self)

    do_GET = do_POST = do_PUT = do_DELETE = answer_request  # noqa: N815  # the names are the standard library's

    def send(self, answer: Answer, *, cut: bool = False) -> None:
        """Answer with JSON; `cut` promises more than is sent."""
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self._write(answer.status, "application/json;charset=UTF-8", answer.headers, body, cut=cut)
        if cut:
            self.hang_up()

    def send_page(self, page: str) -> None:
        """Answer with a page meant for people."""
        self._write(200, "text/html", {}, page.encode())

    def hang_up(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
        """Say nothing: `FakeJira.calls` remembers."""

    def _write(self, status: int, kind: str, headers: Mapping[str, str], body: bytes, *, cut: bool = False) -> None:
        date = format_datetime(self.server.site.tracker.now(), usegmt=True)
        lines = [f"HTTP/1.1 {status} -", f"Date: {date}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join((*lines, "", "")).encode()
        self.wfile.write(head + (body[: len(body) // 2] if cut else body))  # one write, one packet
