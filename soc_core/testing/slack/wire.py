"""The pretended Slack's connections: calls over HTTP, and the switch to Socket Mode on the same port."""

import json
import urllib.parse
from collections.abc import Mapping
from typing import Protocol

import attrs

from soc_core.testing import wire
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


class Handler(wire.Connection):
    """One connection to the site that a subclass names."""

    site: Site

    def do_POST(self) -> None:  # noqa: N802 - the standard library's name
        """A call of the Web API, or an incoming webhook."""
        raw = self.body()
        url = urllib.parse.urlsplit(self.path)
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if url.path.startswith("/services/"):
            asked = Asked(method="webhook", args=json.loads(raw), path=url.path.rpartition("/")[2])
        else:
            args = _arguments(raw, kind) | dict(urllib.parse.parse_qsl(url.query))
            token = str(args.pop("token", token))
            asked = Asked(method=url.path.removeprefix("/api/"), args=args, token=token)
        self.site.respond(self, asked)

    def do_GET(self) -> None:  # noqa: N802 - the same
        """Nothing but the switch to Socket Mode."""
        url = urllib.parse.urlsplit(self.path)
        ticket = dict(urllib.parse.parse_qsl(url.query)).get("ticket", "")
        tickets = self.site.api.tickets
        if url.path != "/link/" or ticket not in tickets:
            self.send(404, {}, "not found")
            return
        tickets.discard(ticket)
        key = accept_key(self.headers.get("Sec-WebSocket-Key") or "")
        head = f"HTTP/1.1 101 -\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        self.wfile.write(head.encode())
        self.close_connection: bool = True
        self.site.sockets.serve(Connection(self.connection, self.rfile))

    def send(self, status: int, headers: Mapping[str, str], body: Json | str, *, cut: bool = False) -> None:
        """Answer; `cut` promises more than is sent."""
        kind = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.write(status, kind, headers, raw, cut=cut)


def _arguments(raw: bytes, kind: str) -> Json:
    if kind == "application/json":
        value = json.loads(raw or b"{}")
        return dict(value) if isinstance(value, dict) else {}
    found: Json = dict(urllib.parse.parse_qsl(raw.decode(), keep_blank_values=True))
    return {name: json.loads(str(value)) if name in ("blocks", "metadata") else value for name, value in found.items()}
