"""Where time comes from: the wall clock is read once, and from then on time only runs forward at its own pace.

A clock of a computer is set forward and back by people, networks and summer time. Deadlines that follow it would fire
early or starve; so the house anchors it once and counts on by a clock that nobody can set.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=2)
"""How far the wall clock may stray before anybody minds."""

PATIENCE = timedelta(minutes=5)
"""How long it must stay astray before it is believed: many a clock that was set wrong is set right soon."""


def _wall() -> datetime:
    return datetime.now(UTC)


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class AnchoredClock:
    """The clock of a running house; a `TimeSource`. Any thread may ask it.

    Args:
        wall: What the wall clock says, in UTC.
        steady: Seconds that only grow, at best also while the machine sleeps.
    """

    def __init__(self, wall: Callable[[], datetime] = _wall, steady: Callable[[], float] = _steady) -> None:
        self._wall = wall
        self._steady = steady
        self._anchor = (wall(), steady())
        self._astray_since: float | None = None

    def now(self) -> datetime:
        """The present instant in UTC, which no step of the wall clock moves."""
        anchored, since = self._anchor
        return anchored + timedelta(seconds=self._steady() - since)

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        return self._steady()

    def step(self) -> timedelta | None:
        """Believe the wall clock again once it has disagreed for minutes; answers by how much, for the audit, or None.

        To be called every few seconds.
        """
        wall, steady = self._wall(), self._steady()
        anchored, since = self._anchor
        off = wall - (anchored + timedelta(seconds=steady - since))
        if abs(off) <= TOLERANCE:
            self._astray_since = None
            return None
        if self._astray_since is None:
            self._astray_since = steady
        if steady - self._astray_since < PATIENCE.total_seconds():
            return None
        self._anchor, self._astray_since = (wall, steady), None
        return off
