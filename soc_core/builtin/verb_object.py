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
_DOER = re.compile(r"\bby (?:an? )?(?:admin\w*|users?|owners?|system|end ?users?)\b|\bscim api\b")
_PROMOTED = re.compile(r"\bto (?:co )?(?:owner|admin|super)")
_DEMOTED = re.compile(r"\bto (?:an? )?(?:basic |normal |regular )?(?:users?|members?|viewers?|guests?|read\w*|none)\b")
_LONGEST = 300


@attrs.frozen(kw_only=True)
class Thing:
    """One kind of thing, how it is recognised, and how bad each kind of doing is."""

    name: str
    pattern: "re.Pattern[str]"
    severity: Mapping[str, float]
    decisive: bool


@attrs.frozen(kw_only=True)
class DeedTable:
    """The table: words for doing, worst kind first, and things, most telling first."""

    verbs: Mapping[str, str]
    order: tuple[str, ...]
    things: tuple[Thing, ...]


@attrs.frozen(kw_only=True)
class Deed:
    """What was done to what, by which of the event's names, and how bad that is by the table."""

    verb: str
    thing: str
    severity: float
    operation: str = ""

    @property
    def row(self) -> str:
        """The row of the table, such as `destroy.log`."""
        return f"{self.verb}.{self.thing}".replace(" ", "-")


def worst_deed(operations: Iterable[str], about: str, *, turned_off: bool) -> Deed | None:
    """The worst of what several names of one event say."""
    found = (deed(operation[:_LONGEST], about[:_LONGEST], turned_off=turned_off) for operation in operations)
    return max((one for one in found if one is not None), key=lambda one: one.severity, default=None)


@lru_cache(maxsize=4096)
def deed(operation: str, about: str = "", *, turned_off: bool = False) -> Deed | None:
    """Read an operation's name, such as `DeleteTrail`, together with what the event says it was about.

    The verb is looked for in the operation alone, as things have names too; the thing behind the verb, before it, and
    in what it was about. `turned_off` says that the event's values switch something off, whatever it is called.
    """
    verb, before, behind = _parted(operation)
    if turned_off and verb in (None, "change"):
        verb = "switch off"
    if verb is None:
        return None
    about = plain_words(about)
    if verb == "change" and _DEMOTED.search(f"{behind} {about}"):
        verb = "destroy"
    named = _thing(verb, behind) or _thing(verb, before)
    told = _thing(verb, about)
    thing = told if told is not None and (named is None or (told.decisive and not named.decisive)) else named
    if thing is None and verb in (other := deed_table().things[-1]).severity:
        thing = other
    if thing is None:
        return None
    return Deed(verb=verb, thing=thing.name, severity=thing.severity[verb], operation=operation)


def verb_in(operation: str) -> str | None:
    """The worst kind of doing that an operation's name speaks of."""
    return _parted(operation[:_LONGEST])[0]


@lru_cache(maxsize=4096)
def _parted(operation: str) -> tuple[str | None, str, str]:
    """The verb of an operation's name, the words before it and those behind it, without the doer."""
    table = deed_table()
    words = _DOER.sub("", plain_words(operation)).split()
    kinds = [table.verbs.get(word) for word in words]
    verb = next((verb for verb in table.order if verb in kinds), None)
    if verb is None:
        return None, " ".join(words), ""
    at = kinds.index(verb)
    before, behind = " ".join(words[:at]), " ".join(words[at + 1 :])
    return ("grant" if verb == "change" and _PROMOTED.search(behind) else verb), before, behind


def _thing(verb: str, words: str) -> Thing | None:
    return next(
        (thing for thing in deed_table().things[:-1] if verb in thing.severity and thing.pattern.search(words)), None
    )


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
            decisive=row.get("decisive", False),
        )
        for row in document["thing"]
    )
    return DeedTable(verbs=verbs, order=tuple(document["verbs"]), things=things)
