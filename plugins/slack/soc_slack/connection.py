"""One Socket Mode connection, opened, listened to and closed; `soc_slack.socket` keeps one open."""

import contextlib
import socket
import threading
from collections.abc import Callable

from soc_core import Secret, TemporaryError
from soc_slack.library import Envelope, socket_client, translated
from soc_slack.places import Json
from soc_slack.settings import Login, Settings

Acknowledge = Callable[[Json | None], None]
Listener = Callable[[str, Json, Acknowledge], None]
PING_EVERY = 2.0
_LAST_ANSWERS = 3.0


class Socket:
    """One Socket Mode connection. `listener` gets (kind, payload, acknowledge) in a thread of the library."""

    def __init__(self, login: Login, settings: Settings, app_token: Secret, listener: Listener) -> None:
        self.leaving = threading.Event()
        self._client = socket_client(login, settings, app_token, ping_every=PING_EVERY, leaving=self.leaving)
        self._listener = listener
        self._busy = 0
        self._idle = threading.Condition()
        self._client.socket_mode_request_listeners.append(self._heard)

    def connect(self) -> None:
        """Open the connection.

        Raises:
            DeliveryError: It cannot be opened now.
        """
        with translated("apps.connections.open"):
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

    def _heard(self, client: object, request: Envelope) -> None:
        def acknowledge(body: Json | None) -> None:
            answer: Json = {"envelope_id": request.envelope_id}
            self._client.send_socket_mode_response(answer if body is None else {**answer, "payload": body})

        with self._idle:
            self._busy += 1
        try:
            self._listener(request.type, dict(request.payload), acknowledge)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()
