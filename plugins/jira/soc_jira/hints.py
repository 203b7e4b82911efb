"""Remembers which tickets JIRA's webhooks spoke of, until they have been read again."""

import threading

from soc_core import PermanentError, Stop, TemporaryError, get_logger
from soc_jira.inbound import Inbound


class Hints:
    """Tickets that a webhook spoke of: read again by a service of their own, once however often they were named."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._keys: dict[str, None] = {}
        self._lock = threading.Lock()
        self._news = threading.Event()

    def add(self, key: str) -> None:
        """Somebody says that this ticket has changed; beyond the limit the poll will find it."""
        with self._lock:
            if len(self._keys) < self._most:
                self._keys[key] = None
        self._news.set()

    def take(self) -> tuple[str, ...]:
        """The tickets to look at now."""
        with self._lock:
            keys, self._keys = tuple(self._keys), {}
            self._news.clear()
            return keys

    def follow(self, inbound: Inbound, stop: Stop, *, look: float = 0.2) -> None:
        """Look at each ticket as it is named, until it is time to stop."""
        while not stop.is_set():
            if not self._news.wait(look):
                continue
            for key in self.take():
                try:
                    inbound.settle(key)
                except (TemporaryError, PermanentError) as error:  # the poll comes by anyway
                    get_logger().warning("jira.hint_dropped", ticket=key, reason=str(error))
