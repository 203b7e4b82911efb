"""What intake tests share: a clock that stands still until it is moved, and a stop that does something at each wait."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class StandingClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Script:
    """A stop whose waits run one step each; after the last step it is set. So nothing in a test ever sleeps."""

    def __init__(self, steps: Sequence[Callable[[], object]]) -> None:
        self._steps = list(steps)
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        if self._steps:
            self._steps.pop(0)()
        else:
            self._set = True
        return self._set


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def script() -> type[Script]:
    return Script
