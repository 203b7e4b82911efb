"""What goes wrong between a program and the pretended Slack: before or after the message is stored."""

import random
import threading

import attrs

KINDS = (
    "close-before",  # the connection ends before anything is done
    "reset-before",
    "close-after",  # done, but the connection ends without an answer
    "reset-after",
    "slow",  # done, but the answer comes too late
    "truncated",  # done, but the answer is cut
    "html",  # a proxy answers with a page, nothing is done
    "429",
    "500-before",
    "500-after",
    "503-after",
)
_DONE = frozenset({"close-after", "reset-after", "slow", "truncated", "500-after", "503-after"})


@attrs.define(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: One of `KINDS`, or Slack's own word for an error such as `invalid_auth`.
        method: The Web API method it meets; `webhook` for incoming webhooks, `*` for everything.
        channel: Only calls about this channel, by id.
        share: The part of those calls it meets; 1 is all.
        times: How often it may happen; None is for ever.
        retry_after: What a `429` asks for, in seconds.
        seconds: How long `slow` takes.
    """

    kind: str
    method: str = "chat.postMessage"
    channel: str | None = None
    share: float = 1.0
    times: int | None = None
    retry_after: int = 1
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

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        with self._lock:
            self._faults.clear()

    def met_by(self, method: str, channel: str | None) -> Fault | None:
        """What goes wrong with this call, if anything."""
        with self._lock:
            for fault in self._faults:
                if fault.method not in ("*", method) or fault.channel not in (None, channel):
                    continue
                if fault.times is not None and fault.happened >= fault.times:
                    continue
                if fault.share < 1 and self._random.random() >= fault.share:
                    continue
                fault.happened += 1
                return fault
        return None
