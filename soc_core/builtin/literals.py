"""Texts that a line must contain: what rules are filed under, and how few lines contain them."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import attrs

_KEPT = 32_768  # of what is asked again and again while rules are read
TOKEN: "re.Pattern[str]" = re.compile(r"[a-z0-9_]+")
"""A word of a lower-case text."""

_EVERYDAY = frozenset(
    TOKEN.findall(
        "get post head put http https for from to the in on of is was by with not no user users error failed warning"
        " fail info log connection client server host address port session request message authentication password"
        " login job deleted delete removed deletion stop config true false null access file system service type"
        " action name id source date time root kernel cron com www net html php js css auth tmp var usr etc opt home"
        " bin sending new starting started stopped group security build state status"
    )
)

tokens: Callable[[str], list[str]] = TOKEN.findall
"""The words of a lower-case text."""


@attrs.frozen(cache_hash=True)
class Literal:
    """A text that must occur for a pattern to match; `whole` says that it always occurs as a word of its own."""

    text: str
    whole: bool

    @property
    def key(self) -> str:
        """The literal in one text, which is what finders answer with."""
        return f" {self.text} " if self.whole else self.text


@lru_cache(maxsize=_KEPT)
def telling(literal: Literal) -> float:
    """How rare a literal is in logs, roughly: long ones, whole words and odd characters are, everyday words are not."""
    odd = sum(not char.isalnum() and char != " " for char in literal.text)
    words = tokens(literal.text)
    if words and all(word in _EVERYDAY or word.isdecimal() for word in words):
        return 0.5 + 0.5 * odd + 2.5 * (len(words) - 1)
    return len(literal.text.strip()) + 1.5 * odd + (2.0 if literal.whole else 0.0)


def best_literals(choices: Iterable[Sequence[Literal]]) -> tuple[Literal, ...]:
    """The most telling of several sets, each of which alone suffices: the one whose shortest literal is longest."""
    best: Sequence[Literal] = ()
    for choice in choices:
        if _weight(choice) > _weight(best):
            best = choice
    return tuple(best)


def _weight(choice: Sequence[Literal]) -> float:
    if not choice:
        return 0.0
    return min(telling(literal) for literal in choice) - len(choice) / 100
