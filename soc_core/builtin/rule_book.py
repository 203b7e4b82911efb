"""All rules together: which of them speak of an event, found without asking each one.

Every rule is filed under something its events cannot lack: a word of the line, a piece of its text, or the value of a
field. A line is cut into words once and an event's fields are walked once; only rules filed under what was seen there
are asked.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import attrs

from soc_core import Event
from soc_core.builtin.field_tests import text_of
from soc_core.builtin.literal_finder import literal_finder
from soc_core.builtin.literals import Literal, telling
from soc_core.builtin.rule import Group, Rule
from soc_core.builtin.rule_fields import FieldCondition, FieldReader, Values
from soc_core.builtin.rule_language import source_pattern
from soc_core.builtin.rule_patterns import TextPattern

_COMMON = frozenset(
    {"true", "false", "success", "failure", "failed", "error", "allow", "deny", "0", "1", "create", "update"}
)
_SOURCES_KEPT = 2048
_LONGEST_SOURCE = 256
_COMBINATIONS_KEPT = 4096


@attrs.frozen
class FieldAnchor:
    """A field that must be there under one of its names, with one of the values if any are named."""

    names: tuple[str, ...]
    values: frozenset[str]


Anchors = tuple[Literal, ...] | FieldAnchor
"""One of several literals, or a field: what a rule is filed under."""


class RuleBook:
    """The rules of one installation, filed for quick finding."""

    def __init__(self, rules: Sequence[Rule], extra_fields: Iterable[str] = ()) -> None:
        self.rules: tuple[Rule, ...] = tuple(rules)
        self._by_literal: dict[str, list[int]] = {}
        self._by_field: dict[str, tuple[list[int], dict[str, list[int]]]] = {}
        self._always: list[int] = []
        wanted: dict[Literal, None] = {}
        for number, rule in enumerate(self.rules):
            anchors = rule_anchors(rule)
            self._file(number, anchors)
            wanted.update((one, None) for some in anchors if not isinstance(some, FieldAnchor) for one in some)
        patterns = [tuple(_patterns(rule)) for rule in self.rules]
        wanted.update((one, None) for some in patterns for pattern in some if pattern.keys for one in pattern.literals)
        self._keys = [frozenset[str]().union(*(one.keys for one in some)) for some in patterns]
        self._find = literal_finder(tuple(wanted))
        names = {name for rule in self.rules for condition in _conditions(rule) for name in condition.names}
        self._reader = FieldReader((*names, *extra_fields))
        numbers: dict[tuple[str, ...], int] = {}
        self._pattern_of = tuple(numbers.setdefault(rule.sources, len(numbers)) for rule in self.rules)
        self._patterns = tuple(source_pattern(sources) for sources in numbers)
        self._admitting: dict[str, int] = {}
        self._asked = lru_cache(maxsize=_COMBINATIONS_KEPT)(self._ask)
        self._left = lru_cache(maxsize=_COMBINATIONS_KEPT)(self._left_of)

    def matching(self, events: Sequence[Event]) -> list[tuple[Values, list[Rule]]]:
        """For each event the fields that rules ask for, and the rules that speak of it in the order of their files.

        Each step is taken for all events before the next one is: so its code stays in the processor's caches, which
        saves a fifth of the time.
        """
        values = list(map(self._reader.read, events))
        texts = [unescaped(event.message) for event in events]
        seen = list(map(self._find, texts))
        by_fields = list(map(self._by_fields, values))
        admitting = [self._admits(event.source) for event in events]
        asked = list(map(self._asked, admitting, seen, by_fields))
        rules = list(map(_speaking, asked, texts, values))
        return list(zip(values, rules, strict=True))

    def _by_fields(self, values: Values) -> frozenset[int]:
        """The rules that are filed under a field."""
        found: set[int] = set()
        for name in filter(self._by_field.__contains__, values):
            by_name, by_value = self._by_field[name]
            found.update(by_name)
            if by_value:
                for value in values[name]:
                    found.update(by_value.get(text_of(value), ()))
        return frozenset(found)

    def _ask(self, admitting: int, seen: frozenset[str], by_fields: frozenset[int]) -> tuple[tuple[Rule, Rule], ...]:
        """The rules to ask about an event, and what of each is left to ask.

        Kept for some thousands of combinations: lines that one statement of a program wrote have the same literals.
        """
        numbers = {*self._always, *by_fields}
        for key in seen:
            numbers.update(self._by_literal.get(key, ()))
        admitted = sorted(n for n in numbers if admitting >> self._pattern_of[n] & 1)
        asked = [(self.rules[n], self._left(n, seen & self._keys[n])) for n in admitted]
        return tuple((rule, left) for rule, left in asked if left is not None)

    def _left_of(self, number: int, seen: frozenset[str]) -> Rule | None:
        return self.rules[number].among(seen)

    def _admits(self, source: str) -> int:
        """Which patterns of sources admit a source, as bits; kept within bounds, as sources come from outside."""
        bits = self._admitting.get(source)
        if bits is None:
            plain = source.lower()
            bits = sum(1 << number for number, pattern in enumerate(self._patterns) if pattern.match(plain))
            if len(self._admitting) >= _SOURCES_KEPT:
                self._admitting.clear()
            if len(source) <= _LONGEST_SOURCE:
                self._admitting[source] = bits
        return bits

    def _file(self, number: int, anchors: Sequence[Anchors]) -> None:
        if not anchors:
            self._always.append(number)
        for anchor in anchors:
            if isinstance(anchor, FieldAnchor):
                self._file_field(number, anchor)
                continue
            for literal in anchor:
                self._by_literal.setdefault(literal.key, []).append(number)

    def _file_field(self, number: int, anchor: FieldAnchor) -> None:
        for name in anchor.names:
            by_name, by_value = self._by_field.setdefault(name, ([], {}))
            if not anchor.values:
                by_name.append(number)
            for value in anchor.values:
                by_value.setdefault(value, []).append(number)


def rule_anchors(rule: Rule) -> tuple[Anchors, ...]:
    """What events of a rule cannot lack: one of these; empty if nothing can be named."""
    best = _group_anchor(rule.all)
    if best is not None and _telling(best) >= 3:
        return (best,)
    groups = [_group_anchor(group) for group in rule.any]
    if groups and all(group is not None for group in groups):
        return tuple(group for group in groups if group is not None)
    return () if best is None else (best,)


_ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])")


def _speaking(asked: Sequence[tuple[Rule, Rule]], text: str, values: Values) -> list[Rule]:
    return [rule for rule, left in asked if left.matches(text, values)]


def unescaped(text: str) -> str:
    """A raw line with JSON's escapes of plain characters undone, so that they cannot hide words."""
    if "\\u00" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _all_groups(rule: Rule) -> Iterable[Group]:
    return (rule.all, *rule.any, *rule.unless)


def _patterns(rule: Rule) -> Iterable[TextPattern]:
    for group in _all_groups(rule):
        for some in group.texts:
            yield from some


def _conditions(rule: Rule) -> Iterable[FieldCondition]:
    for group in _all_groups(rule):
        yield from group.fields


def _group_anchor(group: Group) -> Anchors | None:
    choices: list[Anchors] = [_field_anchor(field) for field in group.fields if not field.absent]
    choices += [
        tuple(dict.fromkeys(one for pattern in patterns for one in pattern.literals))
        for patterns in group.texts
        if all(pattern.literals for pattern in patterns)
    ]
    return max(choices, key=_telling, default=None)


def _field_anchor(field: FieldCondition) -> FieldAnchor:
    return FieldAnchor(field.names, field.equals)


def _telling(anchor: Anchors) -> float:
    """How few events carry it, roughly."""
    if not isinstance(anchor, FieldAnchor):
        return min(telling(literal) for literal in anchor)
    if not anchor.values:
        return 5.0 if all("." in name or len(name) > 8 for name in anchor.names) else 2.0
    if anchor.values & _COMMON:
        return 3.0
    return 20.0 + min(len(value) for value in anchor.values)
