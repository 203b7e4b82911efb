"""Gives a plugin that keeps failing a rest, so that it costs time and log lines only now and then."""

import math
import threading

LIMIT = 5
PAUSE = 60.0


class Breaker:
    """One implementation's record: after five failures in a row it is suspended, then tried once a minute.

    A plugin that hung is not tried again while the thread that it holds is still alive, so that it can never hold
    more than a few.
    """

    __slots__ = ("_failed_at", "_hung", "_in_a_row", "_lock", "_until", "spotless")

    def __init__(self) -> None:
        self.spotless: bool = True  # read without the lock: nothing to forgive, nothing to wait for
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._failed_at = -math.inf
        self._until: float | None = None
        self._hung: threading.Thread | None = None

    @property
    def suspended(self) -> bool:
        """Whether the implementation is not asked at present."""
        return self._until is not None

    def admits(self, now: float) -> bool:
        """Whether the implementation may be asked now; when its rest is over, one caller may try."""
        with self._lock:
            if self._until is None:
                return True
            if now < self._until or (self._hung is not None and self._hung.is_alive()):
                return False
            self._until = now + PAUSE
            return True

    def succeeded(self) -> None:
        """All is forgiven."""
        with self._lock:
            self._in_a_row, self._until, self._hung = 0, None, None
            self.spotless = True

    def failed(self, now: float, *, began: float) -> bool:
        """Count a failure; answers whether it is the one that suspends the implementation.

        Calls that were under way together fail together, such as on a machine that is busy with other things: they
        count as one.
        """
        with self._lock:
            self.spotless = False
            if began < self._failed_at:
                return False
            self._failed_at = now
            self._in_a_row += 1
            if self._in_a_row < LIMIT:
                return False
            first, self._until = self._until is None, now + PAUSE
            return first

    def hung(self, now: float, thread: threading.Thread) -> bool:
        """Suspend at once; answers whether the implementation was not suspended before."""
        with self._lock:
            self.spotless = False
            self._in_a_row = max(self._in_a_row, LIMIT)
            self._hung = thread
            first, self._until = self._until is None, now + PAUSE
            return first
