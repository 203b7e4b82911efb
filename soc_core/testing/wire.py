"""The connections of pretended systems: a server on loopback that can hang up, and answers that are whole or cut."""

import socket
import struct
import sys
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Takes connections on a free port of loopback.

    Args:
        handler: Serves one connection.
        broken: Told of what our own side does wrong, so that tests see it.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler], broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler)

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
        """A client that went away is part of the play; anything else is our own mistake."""
        if not isinstance(sys.exception(), OSError):
            self._broken(traceback.format_exc())

    def stop(self) -> None:
        """Take no more, and end the connections that clients keep open."""
        self.shutdown()
        for connection in tuple(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()


class Connection(BaseHTTPRequestHandler):
    """One connection; what was asked and answered the system itself remembers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        """What was sent with the request; a client that hung up within it is no mistake of ours."""
        size = int(self.headers.get("Content-Length") or 0)
        found = self.rfile.read(size)
        if len(found) < size:
            raise ConnectionError("the client hung up within its request")
        return found

    def write(self, status: int, kind: str, headers: Mapping[str, str], body: bytes, *, cut: bool = False) -> None:
        """Answer in one piece; `cut` promises more than is sent, and hangs up."""
        lines = [f"HTTP/1.1 {status} -", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join((*lines, "", "")).encode() + (body[: len(body) // 2] if cut else body))
        if cut:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection without another word."""
        self.close_connection: bool = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def reset(self) -> None:
        """End the connection rudely."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing."""
