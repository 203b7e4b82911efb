"""What rules say about the fields of an event: which names they mean and what the values must be.

A name means every field whose path ends with it, in any case and without `_`, `-` and blanks, so that `EventID` finds
`winlog.event_id` and `userIdentity.type` finds it inside any wrapping. A leading dot means the top of the event only.
`@user`, `@action` and the like are what the intake recognised. Values compare without regard to case.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import attrs
import msgspec

from soc_core import Event
from soc_core.builtin.field_tests import (
    FieldTest,
    field_test,
    needs_of_test,
    needs_of_values,
    rarity,
    scalars,
    text_of,
)
from soc_core.builtin.literals import Literal

Values = Mapping[str, Sequence[object]]
"""The fields of an event that some rule asks for, by the name the rules use."""

ATTRIBUTES = ("source", "message", "action", "outcome", "user", "host", "ip", "severity", "schema")
"""What can be asked for as `@name`."""

_DEEPEST = 24
_MOST = 5000
_LONGEST_EMBEDDED = 65536
_LONGEST_SEEN = 120
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_FLAT = frozenset({int, float, bool})
_PLACES_KEPT = 16_384
_ROWS_KEPT = 1024
_WIDEST_ROW = 2048  # characters of all its names
_LONGEST_KEPT = 256  # of a name: names come from outside, and no rule asks for one as long as this

Place = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A key of an event: how names compare it, the names above it, and the wanted names that mean it."""


@attrs.frozen(kw_only=True, eq=False)
class FieldCondition:
    """One condition of a rule on one field.

    Args:
        names: The fields it may be, as `canonical()` gives them; in a rule they are written `a|b`.
        tests: All must hold for one and the same value.
        equals: The values it is compared with, where the condition is a plain comparison; rules are found by them.
        needs: Literals one of which an event's raw line cannot lack if this holds; empty where none can be named.
        named: The words of the fields' names, of which the raw line contains one name, however its words are joined.
        absent: Holds when the field is missing, or has only values that fail the tests.
        shown: The condition as an analyst reads it.
        spelled: The names as they are written in the rule.
    """

    names: tuple[str, ...]
    tests: tuple[FieldTest, ...]
    equals: frozenset[str]
    needs: tuple[Literal, ...]
    named: tuple[tuple[str, ...], ...]
    absent: bool
    shown: str
    spelled: tuple[str, ...]

    def holds(self, values: Values) -> bool:
        """Whether the event's fields are what the condition asks for."""
        tests, equals = self.tests, self.equals
        for name in self.names:
            for value in values.get(name, ()):  # a plain loop: this runs for most rules that a line brings up
                if text_of(value) in equals if equals else all(test(value) for test in tests):
                    return not self.absent
        return self.absent

    def seen(self, values: Values) -> str:
        """Which field made the condition hold, with its value if that was compared as a whole; empty if one lacks.

        Other values are not repeated: a command line may hold a password.
        """
        if self.absent:
            return ""
        for place, name in enumerate(self.names):
            for value in values.get(name, ()):
                if self.equals and text_of(value) in self.equals:
                    return f"{self.spelled[place]} = {value}"[:_LONGEST_SEEN]
                if not self.equals and all(test(value) for test in self.tests):
                    return self.spelled[place]
        return ""


def field_condition(name: str, wanted: object) -> FieldCondition:
    """Read one line of a rule's `where` table.

    Raises:
        ValueError: The condition cannot be understood.
    """
    spelled = tuple(part.strip() for part in name.split("|"))
    names = tuple(canonical(part) for part in spelled)
    if not all(part.strip(".@") for part in names):
        raise ValueError("a field needs a name")
    for part in names:
        if part.startswith("@") and part[1:] not in ATTRIBUTES:
            known = ", ".join("@" + attribute for attribute in ATTRIBUTES)
            raise ValueError(f"{part!r} is nothing the intake recognises; there are {known}")
    tests: tuple[FieldTest, ...] = ()
    values: frozenset[str] = frozenset()
    needs: tuple[Literal, ...] = ()
    absent, asked = _asked(wanted)
    if isinstance(asked, dict):
        tests = tuple(field_test(key, operand) for key, operand in asked.items())
        needs = max((needs_of_test(key, operand) for key, operand in asked.items()), key=rarity, default=())
    else:
        values = frozenset(text_of(value) for value in scalars(asked))
        tests = (lambda value: text_of(value) in values,)
        needs = needs_of_values(sorted(values))
    return FieldCondition(
        names=names,
        tests=tests,
        equals=values,
        needs=() if absent else needs,
        named=()
        if absent or any(part.startswith("@") for part in names)
        else tuple(_name_words(part) for part in name.split("|")),
        absent=absent,
        shown=f"{name} = {_shown(wanted)}",
        spelled=spelled,
    )


def _asked(wanted: object) -> tuple[bool, object]:
    """Whether the values must be absent, and what is asked of them: nothing, if the field need only exist."""
    if isinstance(wanted, dict):
        if not wanted:
            raise ValueError("an empty table asks for nothing")
        if set(wanted) == {"exists"}:
            if not isinstance(wanted["exists"], bool):
                raise ValueError("`exists` is true or false")
            return not wanted["exists"], {}
        if set(wanted) == {"not"}:
            return True, wanted["not"]
    return False, wanted


def _name_words(name: str) -> tuple[str, ...]:
    """The words of the longest part of a field's path, such as `host` and `path` of `hostPath.type`."""
    return tuple(word.lower() for word in _NAME_WORD.findall(max(name.split("."), key=len)))


def canonical(name: str) -> str:
    """A field's name as names are compared."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


class FieldReader:
    """Finds the fields that some rule asks for, in one walk over an event."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_leaf: dict[str, list[tuple[str, tuple[str, ...], bool]]] = {}
        self._attributes: list[tuple[str, str]] = []
        for name in sorted(set(names)):
            if name.startswith("@"):
                self._attributes.append((name, name[1:]))
                continue
            parts = name.lstrip(".").split(".")
            entry = (name, tuple(reversed(parts[:-1])), name.startswith("."))
            self._by_leaf.setdefault(parts[-1], []).append(entry)
        self.kept: Callable[[str, tuple[str, ...]], Place] = lru_cache(maxsize=_PLACES_KEPT)(self.placed)
        """The same as `placed`, for keys that come again and again."""
        self._rows: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Place, ...]] = {}

    def read(self, event: Event) -> dict[str, list[object]]:
        """The wanted fields of an event with all their values."""
        found: dict[str, list[object]] = {}
        for name, attribute in self._attributes:
            value = getattr(event, attribute)
            if value is not None:
                found[name] = [value]
        if event.fields:
            _Walk(self, found).into(event.fields, (), _DEEPEST)
        return found

    def row(self, keys: tuple[str, ...], parents: tuple[str, ...]) -> tuple[Place, ...]:
        """The places of all keys of a table, kept within bounds for tables that look alike."""
        row = self._rows.get((keys, parents))
        if row is None:
            kept, placed = self.kept, self.placed
            row = tuple([kept(key, parents) if len(key) <= _LONGEST_KEPT else placed(key, parents) for key in keys])
            if len(self._rows) >= _ROWS_KEPT:
                self._rows.clear()
            if sum(map(len, keys)) + sum(map(len, parents)) <= _WIDEST_ROW:
                self._rows[keys, parents] = row
        return row

    def placed(self, key: str, parents: tuple[str, ...]) -> Place:
        """A key as names are compared, the names above it, nearest first, and the wanted names that mean it."""
        leaf, above = canonical(key), parents
        if "." in leaf:
            *upper, leaf = leaf.split(".")
            above = (*reversed(upper), *parents)
        names = tuple(
            name
            for name, needed, top in self._by_leaf.get(leaf, ())
            if needed == above[: len(needed)] and (not top or len(above) == len(needed))
        )
        return leaf[:_LONGEST_KEPT], tuple(part[:_LONGEST_KEPT] for part in above[: _DEEPEST + 1]), names


class _Walk:
    """One walk over one event, bounded in depth and in the number of fields."""

    __slots__ = ("_found", "_left", "_reader")

    def __init__(self, reader: FieldReader, found: dict[str, list[object]]) -> None:
        self._reader = reader
        self._found = found
        self._left = _MOST

    def into(self, node: Mapping[str, object], parents: tuple[str, ...], depth: int) -> None:
        """Visit a table; `parents` are the names above it, nearest first."""
        self._left -= len(node)
        if self._left < 0:
            return
        row = self._reader.row(tuple(node), parents)
        for (leaf, above, names), value in zip(row, node.values(), strict=True):
            if value is None or value == "":
                continue
            for name in names:
                self._keep(name, value)
            kind = type(value)
            if depth and kind not in _FLAT and (kind is not str or value[0] in "{["):  # type: ignore[index]  # a text
                self._below(value, leaf, above, depth - 1)

    def _below(self, value: object, leaf: str, above: tuple[str, ...], depth: int) -> None:
        if isinstance(value, str):
            value = _embedded(value)
        if isinstance(value, Mapping):
            self.into(value, (leaf, *above), depth)
        elif isinstance(value, list | tuple):
            for item in value:
                if isinstance(item, Mapping):
                    self.into(item, (leaf, *above), depth)

    def _keep(self, name: str, value: object) -> None:
        values = self._found.setdefault(name, [])
        if isinstance(value, (list, tuple)):
            values.extend(item for item in value if item is not None and item != "")
        else:
            values.append(value)


def _embedded(text: str) -> object:
    """A JSON document inside a text field, as several clouds deliver it."""
    if not 2 < len(text) < _LONGEST_EMBEDDED:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _shown(wanted: object) -> str:
    if isinstance(wanted, dict):
        return ", ".join(f"{key} {_shown(value)}" for key, value in wanted.items())
    if isinstance(wanted, list):
        return " or ".join(str(item) for item in wanted)
    return str(wanted)
