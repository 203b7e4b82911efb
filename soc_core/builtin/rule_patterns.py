"""What a rule looks for in the text of a line: phrases and regular expressions, and the literals these always contain.

The literals matter for speed: a line is cut into words once, and only the rules whose literal occurs are looked at.
Patterns are kept to what both `re` and RE2 understand, and repeats within repeats are refused, so that no hostile line
can make a match explode.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from typing import Protocol

import attrs

from soc_core.builtin.literals import Literal, tokens
from soc_core.builtin.regex_literals import FLAGS, literals_in

try:
    import re2  # type: ignore[import-untyped,unused-ignore]
except ImportError:  # the extra `fast` is not installed: long lines are matched piece by piece instead
    re2 = None

SHORT = 2048
"""Up to this length `re` is quicker than RE2 and any pattern of the subset is harmless."""

_OVERLAP = 512
_REQUEST = frozenset({"get", "post", "head", "put", "http", "https"})
_KEPT = 32_768  # expressions: rules repeat each other's


class _Search(Protocol):
    def search(self, text: str) -> object | None: ...


@attrs.frozen(eq=False)
class TextPattern:
    """A regular expression that is safe on hostile text, with the literals one of which every match contains.

    `keys` are those of its literals, if they tell anything: `get` is in every line of a web server.
    """

    source: str
    literals: tuple[Literal, ...]
    keys: frozenset[str] = attrs.field(
        init=False, default=attrs.Factory(lambda self: _keys(self.literals), takes_self=True)
    )

    def search(self, text: str) -> bool:
        """Whether the pattern occurs in the text, in any case of letters."""
        if len(text) <= SHORT:
            return self.in_short(text) is not None
        linear = _linear(self.source)
        if linear is not None:
            return linear.search(text) is not None
        return any(map(self.in_short, _pieces(text)))

    @cached_property
    def in_short(self) -> Callable[[str], object | None]:
        """The same for a text of up to `SHORT` characters, without further ado."""
        return re.compile(self.source, FLAGS).search


def _keys(literals: Iterable[Literal]) -> frozenset[str]:
    keys = frozenset(one.key for one in literals)
    return frozenset() if any(words and _REQUEST.issuperset(words) for words in map(tokens, keys)) else keys


def phrase_pattern(phrase: str) -> TextPattern:
    """A phrase as whole words; spaces in it stand for any blank space."""
    body = r"\s+".join(re.escape(word) for word in phrase.split())
    before = r"\b" if re.match(r"\w", phrase) else ""
    after = r"\b" if re.search(r"\w$", phrase) else ""
    return text_pattern(f"{before}{body}{after}")


@lru_cache(maxsize=_KEPT)
def text_pattern(source: str) -> TextPattern:
    """A regular expression from a rule; it is compiled when it is first needed.

    Raises:
        ValueError: See `literals_in`.
    """
    return TextPattern(source, literals_in(source))


@cache
def _linear(source: str) -> _Search | None:
    if re2 is None:
        return None
    try:
        compiled: _Search = re2.compile(f"(?i){source}")
    except re2.error:  # what only `re` understands is matched piece by piece
        return None
    return compiled


def _pieces(text: str) -> Iterable[str]:
    step = SHORT - _OVERLAP
    for start in range(0, len(text), step):
        yield text[start : start + SHORT]
