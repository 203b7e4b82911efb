"""Where a setting was written: file and line, environment name, or command line; errors and `soc settings` tell."""

import enum
import re
from collections import Counter
from collections.abc import Mapping

import attrs

Path = tuple[str, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)


class Source(enum.Enum):
    """Who gave a value."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    CALLER = "command line"


@attrs.frozen
class Place:
    """Where a value was written."""

    source: Source
    text: str

    def __str__(self) -> str:
        return self.text


_DEFAULT = Place(Source.DEFAULT, Source.DEFAULT.value)
CALLER = Place(Source.CALLER, Source.CALLER.value)


@attrs.frozen
class Places:
    """The places of all settings that are not defaults, by their path."""

    known: Mapping[Path, Place] = attrs.field(factory=dict)

    def of(self, path: Path) -> Place:
        """The place of a setting, or of the table that it is in."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.known:
                return self.known[path[:length]]
        return _DEFAULT

    def under(self, path: Path) -> tuple[Path, ...]:
        """The paths of what is written below `path`."""
        return tuple(known for known in self.known if known[: len(path)] == path)


def lines_of_keys(text: str) -> dict[Path, int]:
    """The line of each table and key of a TOML text; `tomllib` does not tell it."""
    lines: dict[Path, int] = {}
    tables: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _path(header[2])
            if header[1] == "[[":
                lines.setdefault(table, number)
                tables[table] += 1
                table = (*table, str(tables[table] - 1))
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(key[1])), number)
    return lines


def _path(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def shown(path: Path) -> str:
    """A path as people write it: `plugins.escalation.ladder[0].at`."""
    dotted = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path)
    return dotted.removeprefix(".")
