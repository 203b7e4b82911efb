"""The language of rule files: what a `[[rule]]` may say, and a plain answer for everything it may not.

```toml
[[rule]]
id = "aws-trail-stopped"
title = "CloudTrail logging was switched off"
label = "Security Alert"
severity = 8.5
confidence = 0.95
where = { eventName = ["StopLogging", "DeleteTrail"], errorCode = { exists = false } }
attack = ["T1562.008"]

  [[rule.example]]
  event = { eventName = "StopLogging", eventSource = "cloudtrail.amazonaws.com" }
```

All of `words`, `every`, `regex`, `where` and `any` that a rule gives must hold, and nothing of `unless`. `words` and
`regex` are lists of which one is enough; of `every`, each phrase must occur. `any` and `unless` are groups of the same
keys, of which one is enough. `rule_fields.py` says what a field's name means and which comparisons there are.
"""

import difflib
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import timedelta
from fnmatch import translate
from pathlib import Path
from typing import TypeVar

import attrs

from soc_core import SettingsError, has_word
from soc_core.builtin.rule_fields import FieldCondition, UnknownOperation, Values, field_condition
from soc_core.builtin.rule_patterns import TextPattern, phrase_pattern, text_pattern

Table = Mapping[str, object]

_T = TypeVar("_T")

_GROUP_KEYS = ("words", "every", "regex", "where")
_RULE_KEYS = (
    *("id", "title", "label", "severity", "confidence", "security", "source", *_GROUP_KEYS, "any", "unless"),
    *("stated", "threshold", "actions", "attack", "references", "example"),
)
_THRESHOLD_KEYS = ("count", "within", "by", "severity", "label", "confidence")
_STATED_KEYS = ("at_least", "at_most")
_EXAMPLE_KEYS = (
    "line",
    "event",
    "source",
    "match",
    "label",
    "severity",
    "user",
    "ip",
    "host",
    "action",
    "outcome",
    "stated",
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@attrs.frozen(kw_only=True, eq=False)
class Group:
    """Conditions that must hold together."""

    texts: tuple[tuple[TextPattern, ...], ...] = ()
    """Of each list of patterns one must occur."""
    fields: tuple[FieldCondition, ...] = ()

    def holds(self, text: str, seen: Set[str], values: Values) -> bool:
        """Whether an event is what the group asks for; `seen` are the literals that occur in its text."""
        for field in self.fields:  # plain loops: this runs for every rule that a line brings up
            if not field.holds(values):
                return False
        for patterns in self.texts:
            for pattern in patterns:
                if pattern.occurs(text, seen):
                    break
            else:
                return False
        return True


@attrs.frozen(kw_only=True)
class Count:
    """How many such events within which time, and what they become."""

    count: int
    within: timedelta
    by: tuple[str, ...]
    severity: float
    label: str
    confidence: float
    own: bool
    """Whether the count has a severity of its own; if not, a single event is worth nothing by this rule."""


@attrs.frozen(kw_only=True)
class Example:
    """A line or event beside a rule, and what the rule says to it."""

    rule: str
    text: str
    fields: Mapping[str, object]
    source: str
    match: bool
    label: str | None = None
    severity: float | None = None
    known: Mapping[str, str] = attrs.field(factory=dict)
    stated: float | None = None


@attrs.frozen(kw_only=True, eq=False)
class Rule:
    """One rule as it was read.

    Args:
        sources: What the source must look like, lower case; empty for any.
        stated: The bounds between which the event's own severity is taken, or None to go by `severity`.
        file: Where it stands.
    """

    id: str
    title: str
    label: str
    severity: float
    confidence: float
    security: bool
    sources: tuple[str, ...]
    all: Group
    any: tuple[Group, ...]
    unless: tuple[Group, ...]
    stated: tuple[float, float] | None
    threshold: Count | None
    actions: tuple[str, ...]
    attack: tuple[str, ...]
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    file: str

    def matches(self, text: str, seen: Set[str], values: Values) -> bool:
        """Whether an event of an admitted source is what the rule speaks of."""
        return (
            self.all.holds(text, seen, values)
            and (not self.any or any(group.holds(text, seen, values) for group in self.any))
            and not any(group.holds(text, seen, values) for group in self.unless)
        )

    @property
    def reason(self) -> str:
        """Why an event got this rule's label and severity, in one sentence."""
        shown = "; ".join(field.shown for field in self.all.fields)
        return f"{self.title} (rule {self.id}{f': {shown}' if shown else ''})"


def read_rules(text: str, file: str) -> tuple[Rule, ...]:
    """Read a rule file.

    Raises:
        SettingsError: Something in it cannot be understood; the text names file, rule and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: this is no TOML: {error}") from error
    _known(document, ("rule",), file)
    entries = document.get("rule", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{file}: rules are written as [[rule]]")
    return tuple(_rule(entry, file, number) for number, entry in enumerate(entries, 1))


def read_rule_files(folders: Iterable[Path]) -> tuple[Rule, ...]:
    """Read every `*.toml` of some folders (or files); two rules of one id are refused.

    Raises:
        SettingsError: A folder is missing, a file cannot be read, or an id is taken twice.
    """
    rules: dict[str, Rule] = {}
    for file in (file for folder in folders for file in _files(folder)):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: cannot be read: {error}") from error
        for rule in read_rules(text, str(file)):
            if rule.id in rules:
                raise SettingsError(f"{file}: rule {rule.id!r}: the id is taken by {rules[rule.id].file}")
            rules[rule.id] = rule
    return tuple(rules.values())


def source_pattern(sources: Sequence[str]) -> "re.Pattern[str]":
    """The compiled form of a rule's `source` list; matched against the lower-case source."""
    return re.compile("|".join(translate(source) for source in sources))


def nearest(name: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?` where a known name is near, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""


# -- reading one rule --------------------------------------------------------------------------------------------------


def _files(folder: Path) -> Sequence[Path]:
    if folder.is_dir():
        return sorted(folder.glob("*.toml"))
    if folder.is_file():
        return [folder]
    raise SettingsError(f"{folder}: there is no such folder or file of rules")


def _rule(entry: object, file: str, number: int) -> Rule:
    if not isinstance(entry, dict):
        raise SettingsError(f"{file}: rule {number}: a rule is a table, written as [[rule]]")
    identity = entry.get("id")
    if not isinstance(identity, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", identity):
        raise SettingsError(
            f"{file}: rule {number}: `id` is missing or not in lower-case letters, digits, `-`, `_` and `.`"
        )
    reader = _Reader(entry, f"{file}: rule {identity!r}")
    _known(entry, _RULE_KEYS, reader.place)
    label = reader.text("label")
    severity = reader.number("severity", 0, 10)
    confidence = reader.number("confidence", 0, 1, default=0.8)
    rule = Rule(
        id=identity,
        title=reader.text("title"),
        label=label,
        severity=severity,
        confidence=confidence,
        security=reader.flag("security", default=has_word(label, "security")),
        sources=tuple(source.lower() for source in reader.texts("source")),
        all=_group(reader),
        any=_groups(reader, "any"),
        unless=_groups(reader, "unless"),
        stated=_stated(reader),
        threshold=_threshold(reader, severity, label, confidence),
        actions=reader.texts("actions"),
        attack=reader.texts("attack"),
        references=reader.texts("references"),
        examples=tuple(_example(reader.inner(item, "example"), identity) for item in reader.tables("example")),
        file=file,
    )
    if not (rule.all.texts or rule.all.fields or rule.any):
        raise SettingsError(
            f"{reader.place}: it asks for nothing and would match every line; give `words`, `regex` or `where`"
        )
    return rule


def _group(reader: "_Reader") -> Group:
    texts: list[tuple[TextPattern, ...]] = []
    if phrases := reader.texts("words"):
        texts.append(tuple(_pattern(reader, "words", phrase_pattern, phrase) for phrase in phrases))
    texts += [(_pattern(reader, "every", phrase_pattern, phrase),) for phrase in reader.texts("every")]
    if sources := reader.texts("regex"):
        texts.append(tuple(_pattern(reader, "regex", text_pattern, source) for source in sources))
    fields = tuple(
        reader.guard(f"where.{name}", lambda name=name, wanted=wanted: field_condition(name, wanted))  # type: ignore[misc]
        for name, wanted in reader.table("where").items()
    )
    return Group(texts=tuple(texts), fields=fields)


def _pattern(reader: "_Reader", key: str, read: Callable[[str], TextPattern], text: str) -> TextPattern:
    return reader.guard(key, lambda: read(text))


def _groups(reader: "_Reader", key: str) -> tuple[Group, ...]:
    groups = []
    for item in reader.tables(key):
        inner = reader.inner(item, key)
        _known(item, _GROUP_KEYS, inner.place)
        group = _group(inner)
        if not (group.texts or group.fields):
            raise SettingsError(f"{inner.place}: an empty group")
        groups.append(group)
    return tuple(groups)


def _stated(reader: "_Reader") -> tuple[float, float] | None:
    if "stated" not in reader.entry:
        return None
    inner = reader.inner(reader.table("stated"), "stated")
    _known(inner.entry, _STATED_KEYS, inner.place)
    low, high = inner.number("at_least", 0, 10, default=0), inner.number("at_most", 0, 10, default=10)
    if low > high:
        raise SettingsError(f"{inner.place}: `at_least` is above `at_most`")
    return low, high


def _threshold(reader: "_Reader", severity: float, label: str, confidence: float) -> Count | None:
    if "threshold" not in reader.entry:
        return None
    inner = reader.inner(reader.table("threshold"), "threshold")
    _known(inner.entry, _THRESHOLD_KEYS, inner.place)
    count = inner.number("count", 1, 1_000_000)
    if not count.is_integer():
        raise SettingsError(f"{inner.place}: `count` is a whole number")
    return Count(
        count=int(count),
        within=_duration(inner),
        by=inner.texts("by") or ("source",),
        severity=inner.number("severity", 0, 10, default=severity),
        label=inner.text("label", default=label),
        confidence=inner.number("confidence", 0, 1, default=confidence),
        own="severity" in inner.entry,
    )


def _duration(reader: "_Reader") -> timedelta:
    text = reader.text("within")
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if match is None or int(match[1]) == 0:
        raise SettingsError(f"{reader.place}: `within` is a duration such as 90s, 2m or 1h, not {text!r}")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _example(reader: "_Reader", rule: str) -> Example:
    _known(reader.entry, _EXAMPLE_KEYS, reader.place)
    if ("line" in reader.entry) == ("event" in reader.entry):
        raise SettingsError(f"{reader.place}: an example gives either `line` or `event`")
    fields: Mapping[str, object] = reader.table("event")
    text = reader.text("line") if "line" in reader.entry else json.dumps(fields, default=str)
    if "line" in reader.entry and text.startswith("{"):
        fields = reader.guard("line", lambda: json.loads(text))
    return Example(
        rule=rule,
        text=text,
        fields=fields,
        source=reader.text("source", default="example"),
        match=reader.flag("match", default=True),
        label=reader.text("label") if "label" in reader.entry else None,
        severity=reader.number("severity", 0, 10) if "severity" in reader.entry else None,
        known={key: reader.text(key) for key in ("user", "ip", "host", "action", "outcome") if key in reader.entry},
        stated=reader.number("stated", 0, 10) if "stated" in reader.entry else None,
    )


def _known(entry: Table, names: Sequence[str], place: str) -> None:
    for key in entry:
        if key not in names:
            raise SettingsError(f"{place}: {key!r} is no key here{nearest(key, names)} Known: {', '.join(names)}")


@attrs.frozen
class _Reader:
    """One table of a rule file, with its place for messages."""

    entry: Table
    place: str

    def inner(self, entry: Table, key: str) -> "_Reader":
        return _Reader(entry, f"{self.place}: {key}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.entry.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"{self.place}: `{key}` is missing or no text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.entry.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
            raise SettingsError(f"{self.place}: `{key}` is a text or a list of texts")
        return tuple(items)

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
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
        value = self.entry.get(key, default)
        if not isinstance(value, bool):
            raise SettingsError(f"{self.place}: `{key}` is true or false, not {value!r}")
        return value

    def table(self, key: str) -> Table:
        value = self.entry.get(key, {})
        if not isinstance(value, dict):
            raise SettingsError(f"{self.place}: `{key}` is a table")
        return value

    def tables(self, key: str) -> Sequence[Table]:
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
