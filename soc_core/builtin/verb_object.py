"""What was done to what: the reading of audit events of products that no rule knows.

Every audit log says in its own words that somebody disabled, deleted, granted, created, changed or took something. The
words differ, the danger does not: switching off a log or a second factor hides or opens the way, giving out a role or
a key keeps it open, deleting backups makes the damage final. The words and severities stand in `deeds.toml`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

import attrs

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 300


@attrs.frozen(kw_only=True)
class Thing:
    """One kind of thing, how it is recognised, and how bad each kind of doing is."""

    name: str
    pattern: "re.Pattern[str]"
    severity: Mapping[str, float]


@attrs.frozen(kw_only=True)
class DeedTable:
    """The table: words for doing, worst kind first, and things, most telling first."""

    verbs: Mapping[str, str]
    order: tuple[str, ...]
    things: tuple[Thing, ...]


@attrs.frozen(kw_only=True)
class Deed:
    """What was done to what, and how bad that is by the table."""

    verb: str
    thing: str
    severity: float


@lru_cache(maxsize=4096)
def deed(operation: str, about: str = "", *, turned_off: bool = False) -> Deed | None:
    """Read an operation's name, such as `DeleteTrail`, together with what the event says it was about.

    The verb is looked for in the operation alone, as things have names too; the thing in both. `turned_off` says that
    the event's values switch something off, whatever the operation is called.
    """
    table = deed_table()
    words = plain_words(operation)
    verbs = {table.verbs[word] for word in words.split() if word in table.verbs}
    verb = next((verb for verb in table.order if verb in verbs), None)
    if turned_off and verb in (None, "change"):
        verb = "switch off"
    if verb is None:
        return None
    text = f"{words} {plain_words(about)}"
    for thing in table.things:
        if verb in thing.severity and thing.pattern.search(text):
            return Deed(verb=verb, thing=thing.name, severity=thing.severity[verb])
    return None


def worst_deed(operations: Iterable[str], about: str, *, turned_off: bool) -> Deed | None:
    """The worst of what several names of one event say."""
    found = (deed(operation[:_LONGEST], about[:_LONGEST], turned_off=turned_off) for operation in operations)
    return max((one for one in found if one is not None), key=lambda one: one.severity, default=None)


def plain_words(text: str) -> str:
    """A name as words: `DeleteUserPolicy`, `delete.user.policy` and `DELETE_USER_POLICY` come out alike."""
    return " ".join(_WORD.findall(text)).lower()


@cache
def deed_table() -> DeedTable:
    """The shipped table."""
    document = tomllib.loads((Path(__file__).parent / "deeds.toml").read_text(encoding="utf-8"))
    verbs = {word: verb for verb, words in document["verbs"].items() for word in words.split()}
    things = tuple(
        Thing(
            name=row["name"],
            pattern=re.compile(rf"\b(?:{'|'.join(row['words'])})\b"),
            severity={verb: float(severity) for verb, severity in row["severity"].items()},
        )
        for row in document["thing"]
    )
    return DeedTable(verbs=verbs, order=tuple(document["verbs"]), things=things)
