"""Socket Mode of the pretended Slack: just enough of RFC 6455 to hold connections and hand out envelopes."""

import base64
import hashlib
import itertools
import json
import socket
import struct
import threading
from typing import Protocol

import attrs

from soc_core.testing.slack.workspace import Json

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


def accept_key(key: str) -> str:
    """What the server answers to a `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1((key + _MAGIC).encode()).digest()).decode()  # noqa: S324 - RFC 6455


class Reader(Protocol):
    """Where the bytes of a connection come from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, or fewer at the end."""


class Connection:
    """One open socket to a program."""

    def __init__(self, connection: socket.socket, reader: Reader) -> None:
        self._socket = connection
        self._reader = reader
        self._sending = threading.Lock()
        self.deaf = False
        self.leaving = False

    def send(self, value: Json) -> None:
        """Send one JSON text."""
        self._frame(_TEXT, json.dumps(value).encode())

    def drop(self) -> None:
        """End the connection without a word."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def read(self) -> str | None:
        """The next text, or None when the connection has ended; pings are answered on the way."""
        while True:
            head = self._reader.read(2)
            if len(head) < 2:
                return None
            kind, size = head[0] & 0x0F, head[1] & 0x7F
            if size >= 126:
                form = "!H" if size == 126 else "!Q"
                size = struct.unpack(form, self._exactly(struct.calcsize(form)))[0]
            mask = self._exactly(4) if head[1] & 0x80 else b"\0\0\0\0"
            body = bytes(byte ^ key for byte, key in zip(self._exactly(size), itertools.cycle(mask), strict=False))
            if self.deaf:
                continue
            if kind == _CLOSE:
                return None
            if kind == _PING:
                self._frame(_PONG, body)
            elif kind == _TEXT:
                return body.decode()

    def _exactly(self, size: int) -> bytes:
        found = self._reader.read(size)
        if len(found) < size:
            raise ConnectionError("the program hung up within a frame")
        return found

    def _frame(self, kind: int, body: bytes) -> None:
        size = len(body)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        with self._sending:
            self._socket.sendall(head + body)


@attrs.define
class _Waiting:
    answered: threading.Event = attrs.field(factory=threading.Event)
    body: Json | None = None


class Sockets:
    """All open connections. An envelope goes to one of them, each in turn."""

    def __init__(self) -> None:
        self._open: list[Connection] = []
        self._changed = threading.Condition()
        self._waiting: dict[str, _Waiting] = {}
        self._turn = itertools.count()
        self._ids = itertools.count(1)
        self.opened: int = 0
        self.acknowledged: list[str] = []

    def serve(self, connection: Connection) -> None:
        """Keep a connection until it ends; called by the server's thread for it."""
        try:
            connection.send({"type": "hello", "num_connections": len(self._open) + 1, "connection_info": {}})
            with self._changed:
                self._open.append(connection)
                self.opened += 1
                self._changed.notify_all()
            while (text := connection.read()) is not None:
                self._acknowledge(json.loads(text))
        except OSError:
            return
        finally:
            with self._changed:
                if connection in self._open:
                    self._open.remove(connection)
                self._changed.notify_all()

    @property
    def connected(self) -> int:
        """How many connections are open now."""
        with self._changed:
            return len(self._open)

    def wait(self, count: int = 1, *, opened: int = 0, timeout: float = 30) -> bool:
        """Wait until `count` connections are open and `opened` were opened in all."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._open) >= count and self.opened >= opened, timeout)

    def send(
        self, kind: str, payload: Json, *, timeout: float = 3.0, envelope: str | None = None, attempt: int = 0
    ) -> tuple[bool, Json | None]:
        """Hand a payload to a program: whether it acknowledged in time, and with what. No connection: not at all."""
        with self._changed:
            if not self._open:
                return False, None
            # A connection that was asked to leave gets nothing any more once there is another.
            able = [connection for connection in self._open if not connection.leaving] or self._open
            connection = able[next(self._turn) % len(able)]
        name = envelope or f"envelope-{next(self._ids)}"
        waiting = self._waiting.setdefault(name, _Waiting())
        sent: Json = {
            "envelope_id": name,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if attempt:
            sent |= {"retry_attempt": attempt, "retry_reason": "timeout"}
        try:
            connection.send(sent)
        except OSError:
            return False, None
        return waiting.answered.wait(timeout), waiting.body

    def refresh(self) -> None:
        """Ask all programs for a new connection, as Slack does every few hours."""
        for connection in self._now():
            connection.leaving = True
            connection.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    def drop(self) -> None:
        """End all connections without a word."""
        with self._changed:
            ended, self._open = self._open, []
        for connection in ended:
            connection.drop()

    def go_deaf(self) -> None:
        """Keep the connections open but hear and say nothing any more."""
        with self._changed:
            for connection in self._open:
                connection.deaf = True
            self._open.clear()

    def _now(self) -> list[Connection]:
        with self._changed:
            return list(self._open)

    def _acknowledge(self, message: Json) -> None:
        name = str(message.get("envelope_id"))
        waiting = self._waiting.get(name)
        if waiting is not None:
            payload = message.get("payload")
            waiting.body = payload if isinstance(payload, dict) else None
            self.acknowledged.append(name)
            waiting.answered.set()
