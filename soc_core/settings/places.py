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
    """Where a value was written; `header` says that only the table that holds it was."""

    source: Source
    text: str
    header: bool = False

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

    def written(self, path: Path) -> Place:
        """The place of a setting; the default's if only the table that holds it was written."""
        place = self.of(path)
        return _DEFAULT if place.header and path not in self.known else place


def places_of_keys(text: str, name: str) -> dict[Path, Place]:
    """The places of the tables and keys of a TOML text; `tomllib` does not tell them."""
    found: dict[Path, Place] = {}
    tables: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(Source.FILE, f"{name}:{number}")
        if header := _HEADER.match(line):
            table, place = _path(header[2]), attrs.evolve(place, header=True)
            if header[1] == "[[":
                found.setdefault(table, place)
                tables[table] += 1
                table = (*table, str(tables[table] - 1))
            found.setdefault(table, place)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_path(key[1])), place)
    return found


def _path(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def shown(path: Path) -> str:
    """A path as people write it: `plugins.escalation.ladder[0].at`."""
    dotted = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path)
    return dotted.removeprefix(".")
