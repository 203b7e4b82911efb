"""What this process counts for the person on call, such as datagrams dropped; metrics show it, nothing stores it."""

import threading
from collections import Counter
from collections.abc import Mapping


class Counters:
    """Numbers by name, `plugin.what`, that only grow; any thread may add."""

    def __init__(self, *names: str) -> None:
        self._turn = threading.Lock()
        self._numbers: Counter[str] = Counter(dict.fromkeys(names, 0))

    def add(self, name: str, number: int = 1) -> None:
        """Count some more; 0 makes a number show before anything happened."""
        with self._turn:
            self._numbers[name] += number

    def all(self) -> Mapping[str, int]:
        """Every number as it stands."""
        with self._turn:
            return dict(self._numbers)
