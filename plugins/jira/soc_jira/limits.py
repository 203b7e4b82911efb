"""Keeps requests within what JIRA allows: closed endpoints stay closed, one issue is not written to in bursts.

JIRA counts per method and endpoint, and per issue 20 writes in 2 seconds and 100 in 30. What must wait is refused here,
before anything is sent; the core's limiter and queue do the waiting.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_BURSTS = ((18, 2.0), (90, 30.0))  # a little below JIRA's own, as clocks differ
_REMEMBERED = 4096


class Limits:
    """What may be sent now; shared by all threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._closed: dict[tuple[str, str], float] = {}
        self._writes: dict[str, deque[float]] = {}

    def wait(self, method: str, endpoint: str, issue: str | None = None) -> timedelta | None:
        """How long this request has to wait, or None if it may go; a write to an issue is counted when it may go."""
        now = self._monotonic()
        with self._lock:
            closed = self._closed.get((method, endpoint), 0.0) - now
            if closed > 0:
                return timedelta(seconds=closed)
            if issue is None or method == "GET":
                return None
            writes = self._writes.setdefault(issue, deque(maxlen=_BURSTS[-1][0]))
            for count, span in _BURSTS:
                if len(writes) >= count and (left := writes[-count] + span - now) > 0:
                    return timedelta(seconds=left)
            writes.append(now)
            if len(self._writes) > _REMEMBERED:
                self._forget(now)
            return None

    def close(self, method: str, endpoint: str, wait: timedelta) -> None:
        """Send nothing there for a while, as JIRA asked."""
        with self._lock:
            until = self._monotonic() + wait.total_seconds()
            self._closed[method, endpoint] = max(until, self._closed.get((method, endpoint), 0.0))

    def _forget(self, now: float) -> None:
        span = _BURSTS[-1][1]
        self._writes = {issue: writes for issue, writes in self._writes.items() if writes and writes[-1] + span > now}


def retry_after(header: str | None, date: str | None) -> timedelta | None:
    """What a `Retry-After` header says, in seconds or as a date; the answer's own `Date` header is the clock."""
    if header is None:
        return None
    if header.strip().isdigit():
        return timedelta(seconds=int(header))
    try:
        until = _instant(header)
        now = _instant(date) if date else datetime.now(UTC)  # the server's clock where it tells
    except ValueError:
        return None
    return max(timedelta(0), until - now)


def _instant(text: str) -> datetime:
    at = parsedate_to_datetime(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
