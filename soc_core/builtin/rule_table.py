"""One table of a rule file, and the sentence for every value in it that makes no sense."""

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from soc_core import SettingsError
from soc_core.builtin.field_tests import UnknownOperation

Table = Mapping[str, object]

_T = TypeVar("_T")


@attrs.frozen
class TableReader:
    """One table of a rule file, with its place for messages."""

    entry: Table
    place: str

    def inner(self, entry: Table, key: str) -> "TableReader":
        """A table within this one."""
        return TableReader(entry, f"{self.place}: {key}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank."""
        value = self.entry.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{self.place}: `{key}` is missing or no text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts; none if the key is missing."""
        value = self.entry.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise SettingsError(f"{self.place}: `{key}` is a text or a list of texts")
        return tuple(items)

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within bounds."""
        value = self.entry.get(key, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
            or not low <= value <= high
        ):
            raise SettingsError(f"{self.place}: `{key}` is a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.entry.get(key, default)
        if not isinstance(value, bool):
            raise SettingsError(f"{self.place}: `{key}` is true or false, not {value!r}")
        return value

    def table(self, key: str) -> Table:
        """A table; empty if the key is missing."""
        value = self.entry.get(key, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self.place}: `{key}` is a table")
        return value

    def tables(self, key: str) -> Sequence[Table]:
        """A table or a list of tables; none if the key is missing."""
        value = self.entry.get(key, [])
        items: list[object] = value if isinstance(value, list) else [value]
        tables = [item for item in items if isinstance(item, dict)]
        if len(tables) < len(items):
            raise SettingsError(f"{self.place}: `{key}` is a list of tables")
        return tables

    def guard(self, key: str, read: Callable[[], _T]) -> _T:
        """Read a part, and say where it stands if it cannot be understood."""
        try:
            return read()
        except UnknownOperation as error:
            near = nearest(error.name, UnknownOperation.names)
            raise SettingsError(
                f"{self.place}: `{key}`: {error}{near} Known: {', '.join(UnknownOperation.names)}"
            ) from error
        except ValueError as error:
            raise SettingsError(f"{self.place}: `{key}`: {error}") from error


def known_keys(entry: Table, names: Sequence[str], place: str) -> None:
    """Refuse keys that mean nothing here.

    Raises:
        SettingsError: One of them is not known; the text offers the nearest.
    """
    for key in entry:
        if key not in names:
            raise SettingsError(f"{place}: {key!r} is no key here{nearest(key, names)} Known: {', '.join(names)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` where a known name is near, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""
