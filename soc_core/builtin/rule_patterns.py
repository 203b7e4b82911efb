"""What a rule looks for in the text of a line: phrases and regular expressions, and the literals these always contain.

The literals matter for speed: a line is cut into words once, and only the rules whose literal occurs are looked at.
Patterns are kept to what both `re` and RE2 understand, and repeats within repeats are refused, so that no hostile line
can make a match explode.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
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

_FLAGS = re.IGNORECASE | re.ASCII
_OVERLAP = 512
_EDGE = "\0"
_FEW = 4
_MANY = 64
_SPELLINGS = 40
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_UNKNOWN_TO_RE2 = ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT")
_TOKEN = re.compile(r"[a-z0-9_]+")

_EVERYDAY = frozenset(
    _TOKEN.findall(
        "get post head put http https for from to the in on of is was by with not no user users error failed warning"
        " fail info log connection client server host address port session request message authentication password"
        " login job deleted delete removed deletion stop config true false null access file system service type"
        " action name id source date time root kernel cron com www net html php js css auth tmp var usr etc opt home"
        " bin sending new starting started stopped group security build state status"
    )
)

tokens: Callable[[str], list[str]] = _TOKEN.findall
"""The words of a lower-case text."""


class _Search(Protocol):
    def search(self, text: str) -> object | None: ...


@attrs.frozen
class Literal:
    """A text that must occur for a pattern to match; `whole` says that it always occurs as a word of its own."""

    text: str
    whole: bool

    @property
    def key(self) -> str:
        """The literal in one text, which is what finders answer with."""
        return f" {self.text} " if self.whole else self.text


@attrs.frozen(eq=False)
class TextPattern:
    """A regular expression that is safe on hostile text, with the literals one of which every match contains."""

    source: str
    literals: tuple[Literal, ...]
    keys: frozenset[str] = attrs.field(
        init=False, default=attrs.Factory(lambda self: frozenset(one.key for one in self.literals), takes_self=True)
    )

    def search(self, text: str) -> bool:
        """Whether the pattern occurs in the text, in any case of letters."""
        if len(text) <= SHORT:
            return self._quick.search(text) is not None
        linear = _linear(self.source)
        if linear is not None:
            return linear.search(text) is not None
        return any(self._quick.search(piece) for piece in _pieces(text))

    @cached_property
    def _quick(self) -> "re.Pattern[str]":
        return re.compile(self.source, _FLAGS)


def phrase_pattern(phrase: str) -> TextPattern:
    """A phrase as whole words; spaces in it stand for any blank space."""
    body = r"\s+".join(re.escape(word) for word in phrase.split())
    before = r"\b" if re.match(r"\w", phrase) else ""
    after = r"\b" if re.search(r"\w$", phrase) else ""
    return text_pattern(f"{before}{body}{after}")


def text_pattern(source: str) -> TextPattern:
    """A regular expression from a rule; it is compiled when it is first needed.

    Raises:
        ValueError: The pattern is no regular expression, is outside the common subset, matches the empty text, or
            repeats a repeat.
    """
    try:
        tree = parser.parse(source, _FLAGS)
    except re.error as error:
        raise ValueError(f"{source!r} is no regular expression: {error}") from error
    if tree.getwidth()[0] == 0:
        raise ValueError(f"{source!r} matches the empty text and so every line")
    nodes = _nodes(tree)
    _refuse_risky(nodes, source)
    return TextPattern(source, best_literals(_choices(nodes)))


@cache
def _linear(source: str) -> _Search | None:
    if re2 is None:
        return None
    try:
        compiled: _Search = re2.compile(f"(?i){source}")
    except re2.error:  # what only `re` understands is matched piece by piece
        return None
    return compiled


def best_literals(choices: Iterable[Sequence[Literal]]) -> tuple[Literal, ...]:
    """The most telling of several sets, each of which alone suffices: the one whose shortest literal is longest."""
    best: Sequence[Literal] = ()
    for choice in choices:
        if _weight(choice) > _weight(best):
            best = choice
    return tuple(best)


def telling(literal: Literal) -> float:
    """How rare a literal is in logs, roughly: long ones, whole words and odd characters are, everyday words are not."""
    odd = sum(not char.isalnum() and char != " " for char in literal.text)
    words = tokens(literal.text)
    if words and all(word in _EVERYDAY or word.isdecimal() for word in words):
        return 0.5 + 0.5 * odd + 2.5 * (len(words) - 1)
    return len(literal.text.strip()) + 1.5 * odd + (2.0 if literal.whole else 0.0)


def _weight(choice: Sequence[Literal]) -> float:
    if not choice:
        return 0.0
    return min(telling(literal) for literal in choice) - len(choice) / 100


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
    runs = [left]
    for place, (name, value) in enumerate(nodes):
        spellings = _spellings(name, value)
        if spellings and len(runs) * len(spellings) <= _SPELLINGS:
            runs = [run + spelling for run in runs for spelling in spellings]
            continue
        edge = _EDGE if _outside_words(name, value) else ""
        before = _EDGE if all(run and not _TOKEN.match(run[-1]) for run in runs) else ""
        after = right
        if place + 1 < len(nodes):
            after = _EDGE if _outside_words(*nodes[place + 1]) else ""
        found += _of_runs([run + edge for run in runs])
        found += _of_node(name, value, before, after)
        runs = [edge]
    return found + _of_runs([run + right for run in runs])


def _spellings(name: str, value: object) -> list[str]:
    """All texts that a small part can stand for; empty if there are many or no end of them."""
    if name == "LITERAL":
        return [chr(value).lower()] if isinstance(value, int) and value < 128 else []
    if name == "AT":
        return [_EDGE] if str(value) == "AT_BOUNDARY" else []
    if name == "IN":
        items = _nodes(value)
        plain = [
            chr(item).lower() for kind, item in items if kind == "LITERAL" and isinstance(item, int) and item < 128
        ]
        return sorted(set(plain)) if len(plain) == len(items) <= _FEW else []
    if name in _REPEATS:
        low, high, inner = _repeat(value)
        if high == 1 and (once := _sequences(inner)):
            return once if low else ["", *once]
        return []
    return [text for part in _inner(name, value) for text in _sequences(part)] if _all_spelled(name, value) else []


def _all_spelled(name: str, value: object) -> bool:
    parts = _inner(name, value)
    return bool(parts) and all(_sequences(part) for part in parts)


def _sequences(nodes: Sequence[tuple[str, object]]) -> list[str]:
    texts = [""]
    for name, value in nodes:
        spellings = _spellings(name, value)
        if not spellings or len(texts) * len(spellings) > _SPELLINGS:
            return []
        texts = [text + spelling for text in texts for spelling in spellings]
    return texts


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


def _of_runs(runs: Sequence[str]) -> list[tuple[Literal, ...]]:
    """The best literal of each spelling, if each has one."""
    best = [_of_run(run) for run in runs]
    literals = tuple(dict.fromkeys(literal for literal in best if literal is not None))
    return [literals] if None not in best else []


def _of_run(run: str) -> Literal | None:
    """A word that stands alone in a run of characters, or the run's longest piece, whichever is rarer."""
    found = [Literal(text, whole=False) for text in run.split(_EDGE) if len(text) > 1]
    for match in _TOKEN.finditer(run):
        start, end = match.span()
        if start > 0 and end < len(run) and end - start > 1:
            found.append(Literal(match[0], whole=True))
    return max(found, key=telling, default=None)


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
