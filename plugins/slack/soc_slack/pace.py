"""Keeps us within Slack's rate limits, channel by channel and method by method, without holding anybody up."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import attrs

_REMEMBERED = 20_000
POSTS = "chat.postMessage"
UPDATES = "chat.update"


@attrs.frozen
class Allowance:
    """So many calls a second, and so many at once."""

    rate: float
    burst: int


# A little below what Slack promises: about one post a second and channel, 50 calls a minute of tier 3.
ALLOWANCES: Mapping[str, Allowance] = MappingProxyType({POSTS: Allowance(0.95, 5), UPDATES: Allowance(0.8, 20)})


class Pace:
    """Hands out turns; lives in memory only, as after a restart Slack's own 429 tells the same."""

    def __init__(self, monotonic: Callable[[], float], allowances: Mapping[str, Allowance] = ALLOWANCES) -> None:
        self._monotonic = monotonic
        self._allowances = allowances
        self._taken: dict[str, float] = {}
        self._closed: dict[str, float] = {}
        self._turns: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, keys: Sequence[str], *, turn: str, attempt: int, urgent: bool) -> float:
        """How many seconds this delivery has to wait until it may make its calls; 0 lets it go now.

        Args:
            keys: What it is about to do, such as `chat.postMessage:C1` and `chat.update`.
            turn: The delivery's key: who has waited once is not sent to the end of the queue again.
            attempt: The delivery's attempt.
            urgent: Overtakes the queue, but not a limit that Slack itself has set.
        """
        with self._lock:
            now = self._monotonic()
            if any(self._closed.get(key, now) > now for key in keys):
                # All who wait go one by one afterwards, not in a heap that would be refused again.
                begins = max(self._take(key, now, at_once=False) for key in keys)
                return self._sent_away(turn, attempt, begins, now)
            kept = self._turns.get(turn)
            if kept is not None:
                if kept[0] > now:
                    return self._sent_away(turn, attempt, kept[0], now)
                return 0.0
            begins = max((self._take(key, now) for key in keys), default=now)
            if begins > now and not urgent:
                return self._sent_away(turn, attempt, begins, now)
            return 0.0

    def untouched(self, turn: str, attempt: int) -> bool:
        """Whether every earlier attempt of a delivery was sent away before it called Slack."""
        with self._lock:
            kept = self._turns.get(turn)
            return kept is not None and kept[1] == attempt - 1

    def done(self, turn: str) -> None:
        """A delivery has begun to call Slack: its turn is used up."""
        with self._lock:
            self._turns.pop(turn, None)

    def close(self, key: str, seconds: float) -> None:
        """Slack itself asked to wait."""
        with self._lock:
            self._closed[key] = max(self._closed.get(key, 0.0), self._monotonic() + seconds)

    def _take(self, key: str, now: float, *, at_once: bool = True) -> float:
        allowance = self._allowances.get(key.partition(":")[0])
        if allowance is None:
            return max(now, self._closed.get(key, now))
        gap = 1 / allowance.rate
        taken = max(self._taken.get(key, now), self._closed.get(key, now), now) + gap
        self._taken[key] = taken
        return max(now, taken - (allowance.burst if at_once else 1) * gap)

    def _sent_away(self, turn: str, attempt: int, until: float, now: float) -> float:
        self._turns[turn] = (until, attempt)
        self._turns.move_to_end(turn)
        while len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)
        return until - now
