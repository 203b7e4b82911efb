"""Finds the few lines worth a closer look among millions: what all plugins declared, looked for in one go.

Plugins declare what a line must contain (`register_patterns`). All patterns become one database, blocks of bytes are
scanned as they are, and only candidate lines become events. The scan may find too much, never too little: the plugins'
own code confirms, so no finding depends on which engine is installed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from soc_core.model.pattern import Pattern
from soc_core.scan.cache import loaded
from soc_core.scan.choice import engine_named, engines
from soc_core.scan.engine import Engine, Found
from soc_core.scan.escapes import readings

__all__ = ["Candidate", "Engine", "Scanner", "engine_named", "engines"]

_NONE: frozenset[str] = frozenset()
_SETS_KEPT = 4096


class Candidate(NamedTuple):
    """A line that a plugin wants to see: where it begins, its bytes, and the patterns that fired."""

    offset: int
    data: bytes
    hits: frozenset[str]


class Scanner:
    """The declared patterns of all plugins at work on blocks of lines. May be used from several threads.

    Args:
        patterns: What plugins declared, as (plugin, pattern).
        undeclared: Classifiers that declared nothing: they see every line.
        engine: The library to use; the fastest that is installed if left out.
        cache: Folder for compiled patterns.
    """

    def __init__(
        self,
        patterns: Iterable[tuple[str, Pattern]],
        *,
        undeclared: Sequence[str] = (),
        engine: Engine | None = None,
        cache: Path | None = None,
    ) -> None:
        self.engine: Engine = engine or engine_named(engines()[0])
        self.sees_all: dict[str, str] = dict.fromkeys(undeclared, "declares no patterns")
        """The plugins that every line is made an event for, and why."""
        self.names: list[str] = []
        """The patterns that are looked for, as `plugin:pattern`."""
        declared = tuple(patterns)
        database, unfit = loaded(self.engine, [pattern for _, pattern in declared], cache) if declared else (None, {})
        for place, (plugin, pattern) in enumerate(declared):
            if place in unfit:
                self.sees_all[plugin] = f"pattern {pattern.name!r}: {unfit[place]}"
            else:
                self.names.append(f"{plugin}:{pattern.name}")
        self._database = database if self.names else None
        self._hits: dict[frozenset[int], frozenset[str]] = {}

    def candidates(self, data: bytes, *, offset: int = 0) -> list[Candidate]:
        """The lines of a block that a plugin wants to see, in order; all of them if one wants them all."""
        found = self._found(data)
        starts: Iterable[int] = _starts(data) if self.sees_all else sorted(found)
        candidates = []
        for start in starts:
            end = data.find(b"\n", start)
            line = data[start : end if end >= 0 else len(data)]
            numbers = found.get(start)
            hits = _NONE if numbers is None else self._named(numbers)
            candidates.append(Candidate(offset + start, line, hits))
        return candidates

    @property
    def loud(self) -> Mapping[str, int]:
        """Patterns that match nearly everywhere, and how many blocks they slowed down."""
        if self._database is None:
            return {}
        return {self.names[number]: blocks for number, blocks in self._database.loud().items()}

    def _found(self, data: bytes) -> Found:
        """Numbers of the patterns that fire on a line, by where it begins."""
        if self._database is None:
            return {}
        if b"\\" not in data:
            return self._database.scan(data)
        found: dict[int, Collection[int]] = dict(self._database.scan(data))
        for reading, origins in readings(data):
            place = counted = 0
            for start, numbers in sorted(self._database.scan(reading).items()):
                place += reading.count(b"\n", counted, start)
                counted = start
                found[origins[place]] = {*found.get(origins[place], ()), *numbers}
        return found

    def _named(self, numbers: Iterable[int]) -> frozenset[str]:
        key = frozenset(numbers)
        hits = self._hits.get(key)
        if hits is None:
            if len(self._hits) >= _SETS_KEPT:  # which patterns fire together is up to whoever writes the lines
                self._hits.clear()
            hits = self._hits[key] = frozenset(self.names[number] for number in key)
        return hits


def _starts(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        yield at
        at = data.find(b"\n", at) + 1 or len(data)
