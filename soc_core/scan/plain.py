"""The scan without any library: looks for each need's literals with the interpreter's own means.

Slow with many patterns, but always there. The expression is tried only on short lines, as `re` may take very long on
hostile ones; a long line that holds a literal is a candidate.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from soc_core.scan.engine import Unloadable
from soc_core.scan.needs import Need

SHORT = 2048
"""Up to this length a line is matched with `re`."""


class Plain:
    """Python's `re`."""

    name = "plain"
    version = "1"

    def compile(self, needs: Sequence[Need]) -> bytes:
        """There is nothing to make ready: the needs themselves."""
        return packed(needs)

    def load(self, compiled: bytes) -> "PlainNeeds":
        """Ready to scan."""
        return PlainNeeds(unpacked(compiled))


class PlainNeeds:
    """Needs filed under their literals."""

    def __init__(self, needs: Sequence[Need]) -> None:
        self._expressions = [re.compile(n.expression, re.IGNORECASE if n.ignore_case else 0) for n in needs]
        self._by_literal: dict[tuple[bytes, bool], list[int]] = {}
        self._without: list[int] = []
        for number, need in enumerate(needs):
            for literal in need.literals:
                self._by_literal.setdefault((literal, need.ignore_case), []).append(number)
            if not need.literals:
                self._without.append(number)

    def scan(self, data: bytes) -> Mapping[int, set[int]]:
        """Lines that hold a need's literal and match its expression."""
        found: dict[int, set[int]] = {}
        folded = data.lower()
        for (literal, ignore_case), numbers in self._by_literal.items():
            for start, end in _lines_with(literal, folded if ignore_case else data):
                for number in numbers:
                    if end - start > SHORT or self._expressions[number].search(data, start, end):
                        found.setdefault(start, set()).add(number)
        for number in self._without:
            for start, end in _lines_with(b"", data):
                if end - start > SHORT or self._expressions[number].search(data, start, end):
                    found.setdefault(start, set()).add(number)
        return found

    def loud(self) -> Mapping[int, int]:
        """None: each line is looked at once for each need."""
        return {}


def packed(needs: Sequence[Need]) -> bytes:
    """Needs as bytes."""
    return msgspec.msgpack.encode([(n.expression, n.ignore_case, n.literals) for n in needs])


def unpacked(compiled: bytes) -> list[Need]:
    """What `packed` gave.

    Raises:
        Unloadable: It is something else.
    """
    try:
        rows = msgspec.msgpack.decode(compiled, type=list[tuple[bytes, bool, tuple[bytes, ...]]])
    except msgspec.MsgspecError as error:
        raise Unloadable(f"these are no patterns: {error}") from error
    return [Need(*row) for row in rows]


def _lines_with(literal: bytes, data: bytes) -> Iterator[tuple[int, int]]:
    """Where the lines that hold a text begin and end, each once."""
    at = 0
    while at < len(data) and (at := data.find(literal, at)) >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = end if end >= 0 else len(data)
        yield start, end
        at = end + 1
