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

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from fnmatch import translate
from pathlib import Path

from soc_core import SettingsError, has_word
from soc_core.builtin.rule import Count, Example, Group, Rule
from soc_core.builtin.rule_fields import field_condition
from soc_core.builtin.rule_patterns import TextPattern, phrase_pattern, text_pattern
from soc_core.builtin.rule_table import TableReader, known_keys

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


def read_rules(text: str, file: str) -> tuple[Rule, ...]:
    """Read a rule file.

    Raises:
        SettingsError: Something in it cannot be understood; the text names file, rule and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: this is no TOML: {error}") from error
    known_keys(document, ("rule",), file)
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
    reader = TableReader(entry, f"{file}: rule {identity!r}")
    known_keys(entry, _RULE_KEYS, reader.place)
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


def _group(reader: TableReader) -> Group:
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


def _pattern(reader: TableReader, key: str, read: Callable[[str], TextPattern], text: str) -> TextPattern:
    return reader.guard(key, lambda: read(text))


def _groups(reader: TableReader, key: str) -> tuple[Group, ...]:
    groups = []
    for item in reader.tables(key):
        inner = reader.inner(item, key)
        known_keys(item, _GROUP_KEYS, inner.place)
        group = _group(inner)
        if not (group.texts or group.fields):
            raise SettingsError(f"{inner.place}: an empty group")
        groups.append(group)
    return tuple(groups)


def _stated(reader: TableReader) -> tuple[float, float] | None:
    if "stated" not in reader.entry:
        return None
    inner = reader.inner(reader.table("stated"), "stated")
    known_keys(inner.entry, _STATED_KEYS, inner.place)
    low, high = inner.number("at_least", 0, 10, default=0), inner.number("at_most", 0, 10, default=10)
    if low > high:
        raise SettingsError(f"{inner.place}: `at_least` is above `at_most`")
    return low, high


def _threshold(reader: TableReader, severity: float, label: str, confidence: float) -> Count | None:
    if "threshold" not in reader.entry:
        return None
    inner = reader.inner(reader.table("threshold"), "threshold")
    known_keys(inner.entry, _THRESHOLD_KEYS, inner.place)
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


def _duration(reader: TableReader) -> timedelta:
    text = reader.text("within")
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if match is None or int(match[1]) == 0:
        raise SettingsError(f"{reader.place}: `within` is a duration such as 90s, 2m or 1h, not {text!r}")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _example(reader: TableReader, rule: str) -> Example:
    known_keys(reader.entry, _EXAMPLE_KEYS, reader.place)
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
