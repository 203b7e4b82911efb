"""The scan by RE2's sets: every need at once over a few lines, then over each half of those that hold one."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version

import re2  # type: ignore[import-untyped,unused-ignore]

from soc_core.scan.engine import Unloadable
from soc_core.scan.needs import Need
from soc_core.scan.plain import packed, unpacked

_AT_ONCE = 32 * 128
"""Bytes looked at in one go: most hold nothing, and what holds something is not too long to be halved."""

_LEAST_MEMORY = 16 << 20
_MOST_MEMORY = 1 << 30
_PROBE = b"\x00soc-core scan probe\x00"


class Re2:
    """The library google-re2."""

    name = "re2"

    @property
    def version(self) -> str:
        """The library's version."""
        return version("google-re2")

    def compile(self, needs: Sequence[Need]) -> bytes:
        """RE2 cannot be serialised: the needs themselves."""
        return packed(needs)

    def load(self, compiled: bytes) -> "Re2Needs":
        """Ready to scan."""
        return Re2Needs(unpacked(compiled))


class Re2Needs:
    """Needs as one RE2 set."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self._probe = len(needs)
        memory = _LEAST_MEMORY
        # A set that lacks memory answers "nothing found" instead of failing: the probe tells.
        while self._probe not in (found := self._set_of(needs, memory)).Match(_PROBE):
            memory *= 4
            if memory > _MOST_MEMORY:
                raise Unloadable(f"{len(needs):,} patterns need more than {_MOST_MEMORY >> 20} MiB with RE2")
        self._set = found

    def scan(self, data: bytes) -> Mapping[int, list[int]]:
        """Lines in which the set finds something."""
        found: dict[int, list[int]] = {}
        at = 0
        while at < len(data):
            end = data.find(b"\n", at + _AT_ONCE) + 1 or len(data)
            self._halve(data, at, end, found)
            at = end
        return found

    def loud(self) -> Mapping[int, int]:
        """None: each line is looked at a bounded number of times."""
        return {}

    def _halve(self, data: bytes, start: int, end: int, found: dict[int, list[int]]) -> None:
        numbers = self._set.Match(data[start:end])
        if not numbers:
            return
        middle = data.rfind(b"\n", start, (start + end) // 2) + 1 or data.find(b"\n", start, end) + 1
        if not start < middle < end:
            if real := [number for number in numbers if number != self._probe]:  # a line may hold the probe's text
                found[start] = real
            return
        self._halve(data, start, middle, found)
        self._halve(data, middle, end, found)

    def _set_of(self, needs: Sequence[Need], memory: int) -> "re2.Set":
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.never_capture = True
        options.log_errors = False
        options.max_mem = memory
        found = re2.Set.SearchSet(options)
        for need in needs:
            found.Add((b"(?i)" if need.ignore_case else b"") + b"(?:" + need.expression + b")")
        found.Add(_PROBE)
        found.Compile()
        return found
