"""What a detection is about, by the names it gives itself; the rows stand in `signs.toml`."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import attrs

from soc_core.builtin.verb_object import plain_words

_LONGEST = 200
_NEGATED = re.compile(r"\b(?:no|non|not|without)\b(?! (?:mitigated|blocked|removed|cleaned|stopped|compliant))")


@attrs.frozen(kw_only=True)
class Sign:
    """One kind of finding, how it is recognised, and how bad it is when nothing stood in its way."""

    name: str
    pattern: "re.Pattern[str]"
    severity: float


def worst_sign(texts: Iterable[str]) -> tuple[Sign, str] | None:
    """The worst sign among some names, and the name that bears it."""
    found = [(sign, text) for text in texts if (sign := sign_in(text[:_LONGEST])) is not None]
    return max(found, key=lambda one: one[0].severity, default=None)


@lru_cache(maxsize=4096)
def sign_in(text: str) -> Sign | None:
    """The first sign that a name bears; one that says what it is not bears none."""
    words = plain_words(text)
    if _NEGATED.search(words):
        return None
    return next((sign for sign in signs() if sign.pattern.search(words)), None)


@cache
def signs() -> tuple[Sign, ...]:
    """The shipped table."""
    document = tomllib.loads((Path(__file__).parent / "signs.toml").read_text(encoding="utf-8"))
    return tuple(
        Sign(
            name=row["name"],
            pattern=re.compile(rf"\b(?:{'|'.join(row['words'])})\b"),
            severity=float(row["severity"]),
        )
        for row in document["sign"]
    )
