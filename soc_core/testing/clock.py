"""A clock that only moves when a test says so."""

from datetime import UTC, datetime, timedelta

_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class HandClock:
    """A `TimeSource` moved by hand.

    ```python
    clock = HandClock()
    clock.advance(timedelta(hours=4))
    ```
    """

    def __init__(self, start: datetime = _NOON) -> None:
        self._start = start.astimezone(UTC)
        self._passed = timedelta()

    def now(self) -> datetime:
        """The instant the hand points to."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """The seconds passed since the start."""
        return self._passed.total_seconds()

    def advance(self, by: timedelta) -> datetime:
        """Let time pass; answers the new instant."""
        if by < timedelta():
            raise ValueError("time does not run backwards")
        self._passed += by
        return self.now()
