"""Where time comes from: the wall clock is read once, and from then on time only runs forward at its own pace.

A clock of a computer is set forward and back by people, networks and summer time. Deadlines that follow it would fire
early or starve; so the house anchors it once and counts on by a clock that nobody can set, and that goes on while the
machine sleeps. Nothing inside the machine can tell which of the two is right when they disagree: people are told, and
a restart believes the wall clock again.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=2)
"""How far the wall clock may stray before anybody minds."""

PATIENCE = timedelta(minutes=5)
"""How long it must stay astray before people are told: many a clock that was set wrong is set right soon."""


def _wall() -> datetime:
    return datetime.now(UTC)


def _steady() -> float:
    # Linux has a clock of its own that counts sleep; macOS counts it here and not in `time.monotonic()`.
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        if hasattr(time, name):
            return time.clock_gettime(getattr(time, name))
    return time.monotonic()


class AnchoredClock:
    """The clock of a running house; a `TimeSource`. Any thread may ask it.

    Args:
        wall: What the wall clock says, in UTC.
        steady: Seconds that only grow, also while the machine sleeps.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, steady: Callable[[], float] = _steady) -> None:
        self._wall = wall
        self._steady = steady
        self._began, self._since = wall(), steady()
        self._astray_since: float | None = None
        self._told = False

    def now(self) -> datetime:
        """The present instant in UTC, which no step of the wall clock moves."""
        return self._began + timedelta(seconds=self._steady() - self._since)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return self._steady()

    def astray(self) -> timedelta | None:
        """By how much the wall clock disagrees, once for each time that it has done so for minutes; else None.

        To be called every few seconds.
        """
        off = self._wall() - self.now()
        if abs(off) <= TOLERANCE:
            self._astray_since, self._told = None, False
            return None
        if self._astray_since is None:
            self._astray_since = self._steady()
        if self._told or self._steady() - self._astray_since < PATIENCE.total_seconds():
            return None
        self._told = True
        return off
