"""What goes wrong on the way to the pretended JIRA and back: resets, slowness, cut answers, refusals."""

import random
import re
import threading

import attrs

KINDS = (
    "reset-before",  # the connection dies before anything is done
    "reset-after",  # the connection dies after it was done
    "truncated",  # done, but the answer is cut
    "slow",  # done, but the answer comes too late
    "html",  # done, but a proxy answers with a page
    "500-before",
    "500-after",
    "503",
    "401",
    "anonymous",  # the login is silently ignored
    "429",
    "409",
)
_DONE = frozenset({"reset-after", "truncated", "slow", "html", "500-after"})


@attrs.define(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: One of `KINDS`.
        method, path: Which requests it meets; `path` is a regular expression looked for in the path
            behind `/rest/api/N/`.
        share: The part of those requests it meets; 1 is all.
        times: How often it may happen; None is for ever.
        retry_after: The header's value for `429` and `503`.
        seconds: How long `slow` takes.
    """

    kind: str = attrs.field(validator=attrs.validators.in_(KINDS))
    method: str = "POST"
    path: str = "^issue$"
    share: float = 1.0
    times: int | None = None
    retry_after: str | None = None
    seconds: float = 2.0
    happened: int = 0

    @property
    def after_commit(self) -> bool:
        """Whether what was asked for is done all the same."""
        return self.kind in _DONE


class Faults:
    """The list of things that go wrong; chance is seeded, so that a run can be repeated."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """From now on this goes wrong too."""
        with self._lock:
            self._faults.append(fault)
        return fault

    @property
    def all(self) -> tuple[Fault, ...]:
        """Everything that was ever asked to go wrong, with how often it did."""
        with self._lock:
            return tuple(self._faults)

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        with self._lock:
            self._faults.clear()

    def met_by(self, method: str, path: str) -> Fault | None:
        """What goes wrong with this request, if anything."""
        with self._lock:
            for fault in self._faults:
                if fault.method not in ("*", method) or not re.search(fault.path, path):
                    continue
                if fault.times is not None and fault.happened >= fault.times:
                    continue
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                fault.happened += 1
                return fault
        return None
