"""The pretended JIRA's signed webhooks: sent from one thread, and lost, doubled or reordered if a test wants it."""

import hashlib
import hmac
import json
import queue
import random
import threading
import urllib.error
import urllib.request

import attrs

from soc_core.testing.jira.site import Json


def signature(secret: str, body: bytes) -> str:
    """The value of the `X-Hub-Signature` header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@attrs.define(kw_only=True)
class Webhooks:
    """Sends each event to `url`; `lose`, `double` and `swap` are shares of the events that meet this fate."""

    url: str
    secret: str
    lose: float = 0.0
    double: float = 0.0
    swap: float = 0.0
    seed: int = 1
    sent: list[tuple[Json, int]] = attrs.field(factory=list)
    _queue: "queue.Queue[Json | None]" = attrs.field(factory=queue.Queue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="fake-jira-webhooks")
        self._thread.start()

    def put(self, event: Json) -> None:
        """An event that happened."""
        self._queue.put(event)

    def flush(self) -> None:
        """Wait until everything that happened so far was sent (or lost)."""
        self._queue.join()

    def stop(self) -> None:
        """Send what is left and end."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        chance, held = random.Random(self.seed), None
        while True:
            event = self._queue.get()
            if event is None:
                self._send_all([held] if held else [])
                self._queue.task_done()
                return
            due: list[Json] = [] if chance.random() < self.lose else [event]
            if due and chance.random() < self.double:
                due.append(event)
            if due and held is None and chance.random() < self.swap:
                held, due = event, []
            elif held is not None:
                due.append(held)
                held = None
            self._send_all(due)
            if held is not None and self._queue.empty():
                self._send_all([held])
                held = None
            self._queue.task_done()

    def _send_all(self, events: list[Json]) -> None:
        for event in events:
            body = json.dumps(event).encode()
            headers = {"Content-Type": "application/json", "X-Hub-Signature": signature(self.secret, body)}
            request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")  # noqa: S310  # a test names the address
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                    status = answer.status
            except urllib.error.HTTPError as error:
                status = error.code
                error.close()
            except OSError:
                status = 0
            self.sent.append((event, status))
