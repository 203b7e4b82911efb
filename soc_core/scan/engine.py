"""What a regular-expression engine does for the scan: compile patterns once, load them, find the lines they are in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from soc_core.scan.needs import Need

Found = Mapping[int, Collection[int]]
"""Numbers of the needs that a line meets, by where in the data the line begins."""


class Loaded(Protocol):
    """A compiled set of needs, ready to scan; may be used from several threads."""

    def scan(self, data: bytes) -> Found:
        """The lines of some data that meet a need; lines that meet none are not in the answer."""
        ...

    def loud(self) -> Mapping[int, int]:
        """How often each need was met so often in one block that the block had to be scanned line by line."""
        ...


class Engine(Protocol):
    """A library that can look for many needs at once."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever what `compile` gives may no longer be loaded: library version, processor."""
        ...

    def compile(self, needs: Sequence[Need]) -> bytes:
        """The needs in the library's own form, to be kept on disk."""
        ...

    def load(self, compiled: bytes) -> Loaded:
        """What `compile` gave, ready to scan.

        Raises:
            Unloadable: It is damaged or was made by another version or for another processor.
        """
        ...


class Unloadable(Exception):
    """Compiled patterns that cannot be used here: compile them again."""


def by_line(data: bytes, matches: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Sort matches, each a need's number and the end of what was found, by the line they are in."""
    found: dict[int, set[int]] = {}
    start = end = 0
    here: set[int] = set()
    for number, to in matches:
        if not start < to <= end:  # matches come almost in order: mostly it is the line at hand, or one further on
            start = data.rfind(b"\n", 0, to - 1) + 1
            end = data.find(b"\n", to - 1)
            end = end if end >= 0 else len(data)
            here = found.setdefault(start, set())
        here.add(number)
    return found
