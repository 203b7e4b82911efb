"""What a rule looks for in the text of a line: phrases and regular expressions, and the literals these always contain.

The literals matter for speed: a line is cut into words once, and only the rules whose literal occurs are looked at.
Patterns are kept to what both `re` and RE2 understand, and repeats within repeats are refused, so that no hostile line
can make a match explode.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    import sre_parse as parser
else:
    from re import _parser as parser

try:
    import re2  # type: ignore[import-untyped,unused-ignore]
except ImportError:  # the extra `fast` is not installed: long lines are matched piece by piece instead
    re2 = None

SHORT = 2048
"""Up to this length `re` is quicker than RE2 and any pattern of the subset is harmless."""

_OVERLAP = 512
_EDGE = "\0"
_FEW = 4
_MANY = 64
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_UNKNOWN_TO_RE2 = ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT")
_TOKEN = re.compile(r"[a-z0-9_]+")

tokens = _TOKEN.findall
"""The words of a lower-case text."""


class _Search(Protocol):
    def search(self, text: str) -> object | None: ...


@attrs.frozen
class Literal:
    """A text that must occur for a pattern to match; `whole` says that it always occurs as a word of its own."""

    text: str
    whole: bool


@attrs.frozen(eq=False)
class TextPattern:
    """A regular expression that is safe on hostile text, with the literals one of which every match contains."""

    source: str
    literals: tuple[Literal, ...]
    _quick: "re.Pattern[str]"
    _linear: _Search | None

    def search(self, text: str) -> bool:
        """Whether the pattern occurs in the text, in any case of letters."""
        if len(text) <= SHORT:
            return self._quick.search(text) is not None
        if self._linear is not None:
            return self._linear.search(text) is not None
        return any(self._quick.search(piece) for piece in _pieces(text))


def phrase_pattern(phrases: Sequence[str]) -> TextPattern:
    """Any of some phrases, as whole words; spaces in a phrase stand for any blank space."""
    return text_pattern("|".join(_phrase(phrase) for phrase in phrases))


def text_pattern(source: str) -> TextPattern:
    """A regular expression from a rule.

    Raises:
        ValueError: The pattern is no regular expression, is outside the common subset, matches the empty text, or
            repeats a repeat.
    """
    try:
        quick = re.compile(source, re.IGNORECASE | re.ASCII)
        nodes = _nodes(parser.parse(source, re.IGNORECASE | re.ASCII))
    except re.error as error:
        raise ValueError(f"{source!r} is no regular expression: {error}") from error
    if quick.search("") is not None:
        raise ValueError(f"{source!r} matches the empty text and so every line")
    _refuse_risky(nodes, source)
    linear: _Search | None = None
    if re2 is not None:
        try:
            linear = re2.compile(f"(?i){source}")
        except re2.error as error:
            raise ValueError(f"{source!r} is outside the subset that RE2 understands: {error}") from error
    return TextPattern(source, best_literals(_choices(nodes)), quick, linear)


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
    return min(len(literal.text) + (3 if literal.whole else 0) for literal in choice) - len(choice) / 100


def _phrase(phrase: str) -> str:
    body = r"\s+".join(re.escape(word) for word in phrase.split())
    before = r"\b" if re.match(r"\w", phrase) else ""
    after = r"\b" if re.search(r"\w$", phrase) else ""
    return f"{before}{body}{after}"


def _pieces(text: str) -> Iterable[str]:
    step = SHORT - _OVERLAP
    for start in range(0, len(text), step):
        yield text[start : start + SHORT]


# -- looking into a regular expression -------------------------------------------------------------------------------


def _nodes(tree: object) -> list[tuple[str, object]]:
    """The parts of a parsed expression: what each is, and its content."""
    return [(str(op), value) for op, value in tree]  # type: ignore[attr-defined]  # the library has no types here


def _repeat(value: object) -> tuple[int, int, list[tuple[str, object]]]:
    return int(value[0]), int(value[1]), _nodes(value[2])  # type: ignore[index]  # (least, most, tree)


def _inner(name: str, value: object) -> list[list[tuple[str, object]]]:
    """The expressions inside a group or a choice."""
    if name == "SUBPATTERN":
        return [_nodes(value[-1])]  # type: ignore[index]  # (group, flags on, flags off, tree)
    if name == "BRANCH":
        return [_nodes(branch) for branch in value[1]]  # type: ignore[index]  # (None, [tree, ...])
    return []


def _refuse_risky(nodes: Iterable[tuple[str, object]], source: str, repeated: int = 1) -> None:
    """Refuse what makes backtracking explode (a repeat inside a repeat) and what RE2 does not know."""
    for name, value in nodes:
        if name in _UNKNOWN_TO_RE2:
            raise ValueError(f"{source!r} looks around or back, which rules cannot; `unless` says what must be absent")
        if name in _REPEATS:
            low, high, inner = _repeat(value)
            times = repeated if low == high <= _FEW else repeated * max(1, high)
            if times > high and times > _MANY:
                raise ValueError(
                    f"{source!r} repeats a repeat, which hostile text can make explode; unfold one of them"
                )
            _refuse_risky(inner, source, times)
        for part in _inner(name, value):
            _refuse_risky(part, source, repeated)


def _choices(nodes: Sequence[tuple[str, object]], left: str = "", right: str = "") -> list[tuple[Literal, ...]]:
    """Sets of literals each of which alone suffices; `left` and `right` are the edges around the expression."""
    found: list[tuple[Literal, ...]] = []
    run = left
    for place, (name, value) in enumerate(nodes):
        if name == "LITERAL" and isinstance(value, int) and value < 128:
            run += chr(value).lower()
        elif name == "AT" and str(value) == "AT_BOUNDARY":
            run += _EDGE
        else:
            edge = _EDGE if _outside_words(name, value) else ""
            before = _EDGE if run and not _TOKEN.match(run[-1]) else ""
            after = right
            if place + 1 < len(nodes):
                after = _EDGE if _outside_words(*nodes[place + 1]) else ""
            found += _of_run(run + edge) + _of_node(name, value, before, after)
            run = edge
    return found + _of_run(run + right)


def _of_node(name: str, value: object, before: str, after: str) -> list[tuple[Literal, ...]]:
    if name == "SUBPATTERN":
        return _choices(_inner(name, value)[0], before, after)
    if name in _REPEATS:
        low, high, inner = _repeat(value)
        return _choices(inner, before, after if high == 1 else "") if low > 0 else []
    if name == "BRANCH":
        branches = [best_literals(_choices(branch, before, after)) for branch in _inner(name, value)]
        if all(branches):
            return [tuple(literal for branch in branches for literal in branch)]
    return []


def _of_run(run: str) -> list[tuple[Literal, ...]]:
    """A run of literal characters: its words that stand alone, or its longest piece."""
    found: list[tuple[Literal, ...]] = []
    for match in _TOKEN.finditer(run):
        start, end = match.span()
        if start > 0 and end < len(run) and end - start > 1:
            found.append((Literal(match[0], whole=True),))
    text = max(run.split(_EDGE), key=len)
    if len(text) > 1:
        found.append((Literal(text, whole=False),))
    return found


def _outside_words(name: str, value: object) -> bool:
    """Whether a part stands for characters that are never part of a word, such as blank space."""
    if name in _REPEATS:
        low, _high, inner = _repeat(value)
        return low > 0 and len(inner) == 1 and _outside_words(*inner[0])
    if name == "LITERAL":
        return isinstance(value, int) and value < 128 and not _TOKEN.match(chr(value).lower())
    if name == "AT":
        return str(value) == "AT_BOUNDARY"
    return name == "IN" and all(
        (kind == "LITERAL" and isinstance(item, int) and item < 128 and not _TOKEN.match(chr(item).lower()))
        or (kind == "CATEGORY" and str(item) in ("CATEGORY_SPACE", "CATEGORY_NOT_WORD"))
        for kind, item in _nodes(value)
    )
