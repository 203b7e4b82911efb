"""What goes wrong on the way to a pretended system and back: which, how often, by seeded chance."""

import random
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs


@attrs.define(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: What happens.
        share: The part of the requests that it meets; 1 is all.
        times: How often it may happen; None is for ever.
        seconds: How long `slow` takes.
    """

    kind: str
    share: float = 1.0
    times: int | None = None
    seconds: float = 2.0
    happened: int = 0


Kind = TypeVar("Kind", bound=Fault)


class Faults(Generic[Kind]):
    """The list of things that go wrong; chance is seeded, so that a run can be repeated."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._faults: list[Kind] = []
        self._lock = threading.Lock()

    def add(self, fault: Kind) -> Kind:
        """From now on this goes wrong too."""
        with self._lock:
            self._faults.append(fault)
        return fault

    @property
    def all(self) -> tuple[Kind, ...]:
        """Everything that was ever asked to go wrong, with how often it did."""
        with self._lock:
            return tuple(self._faults)

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        with self._lock:
            self._faults.clear()

    def first(self, meets: Callable[[Kind], bool]) -> Kind | None:
        """What goes wrong with a request, if anything; `meets` says which faults are about it."""
        with self._lock:
            for fault in self._faults:
                if not meets(fault) or (fault.times is not None and fault.happened >= fault.times):
                    continue
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                fault.happened += 1
                return fault
        return None
