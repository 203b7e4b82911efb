"""Which literals every match of a regular expression contains, by looking into the expression.

What could make a match explode, or what RE2 does not know, is refused on the way.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from soc_core.builtin.literals import TOKEN, Literal, best_literals, telling

if TYPE_CHECKING:
    import sre_parse as parser
else:
    from re import _parser as parser

FLAGS = re.IGNORECASE | re.ASCII
"""How expressions of rules are read."""

_EDGE = "\0"
_FEW = 4
_MANY = 64
_SPELLINGS = 40
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_UNKNOWN_TO_RE2 = ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "POSSESSIVE_REPEAT")


def literals_in(source: str) -> tuple[Literal, ...]:
    """Literals one of which every match contains; empty if there are none.

    Raises:
        ValueError: The expression is none, is outside the common subset, matches the empty text, or repeats a repeat.
    """
    try:
        tree = parser.parse(source, FLAGS)
    except re.error as error:
        raise ValueError(f"{source!r} is no regular expression: {error}") from error
    if tree.getwidth()[0] == 0:
        raise ValueError(f"{source!r} matches the empty text and so every line")
    nodes = _nodes(tree)
    _refuse_risky(nodes, source)
    return best_literals(_choices(nodes))


@attrs.frozen(eq=False)
class _Node:
    """One part of a parsed expression.

    Args:
        name: What it is, as the library calls it.
        value: The text of literals in a row, an anchor's place, a set's items; nothing for others.
        parts: The expressions inside it.
        low, high: How often a repeat repeats.
    """

    name: str
    value: Any = None
    parts: tuple["_Nodes", ...] = ()
    low: int = 1
    high: int = 1

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """All texts that a small part can stand for; empty if there are many or no end of them."""
        if self.name == "LITERAL":
            return (self.value,)
        if self.name == "AT":
            return (_EDGE,) if self.value == "AT_BOUNDARY" else ()
        if self.name == "IN":
            plain = [chr(item).lower() for kind, item in self.value if kind == "LITERAL" and item < 128]
            return tuple(sorted(set(plain))) if len(plain) == len(self.value) <= _FEW else ()
        inside = [_sequences(part) for part in self.parts]
        if self.name in _REPEATS:
            return () if self.high != 1 or not inside[0] else inside[0] if self.low else ("", *inside[0])
        return tuple([text for part in inside for text in part]) if all(inside) else ()

    @property
    def is_outside_words(self) -> bool:
        """Whether it stands for characters that are never part of a word, such as blank space."""
        if self.name in _REPEATS:
            return self.low > 0 and len(self.parts[0]) == 1 and self.parts[0][0].is_outside_words
        if self.name == "LITERAL":
            return not TOKEN.search(self.value)
        if self.name == "AT":
            return bool(self.value == "AT_BOUNDARY")
        return self.name == "IN" and all(
            (kind == "LITERAL" and _is_no_letter(item))
            or (kind == "CATEGORY" and item in ("CATEGORY_SPACE", "CATEGORY_NOT_WORD"))
            for kind, item in self.value
        )

    @property
    def begins_outside_words(self) -> bool:
        """The same of its first character."""
        return not TOKEN.match(self.value) if self.name == "LITERAL" else self.is_outside_words


_Nodes = tuple[_Node, ...]


def _nodes(tree: Any) -> _Nodes:  # noqa: ANN401  # the library has no types here
    """An expression as the library parsed it, in parts; its characters in a row are one."""
    found: list[_Node] = []
    row = ""
    for op, value in tree:
        if op.name == "LITERAL" and value < 128:
            row += chr(value).lower()
            continue
        if row:
            found.append(_Node("LITERAL", row))
            row = ""
        found.append(_node(op.name, value))
    return (*found, _Node("LITERAL", row)) if row else tuple(found)


def _node(name: str, value: Any) -> _Node:  # noqa: ANN401
    if name in _REPEATS:  # (least, most, tree)
        return _Node(name, parts=(_nodes(value[2]),), low=int(value[0]), high=int(value[1]))
    if name == "SUBPATTERN":  # (group, flags on, flags off, tree)
        return _Node(name, parts=(_nodes(value[-1]),))
    if name == "BRANCH":  # (None, [tree, ...])
        return _Node(name, parts=tuple(map(_nodes, value[1])))
    if name == "IN":  # [(kind, item), ...]
        items = [(str(kind), item) for kind, item in value]
        return _Node(name, tuple([(kind, str(item) if kind == "CATEGORY" else item) for kind, item in items]))
    return _Node("OTHER" if name == "LITERAL" else name, str(value))


def _is_no_letter(code: int) -> bool:
    return code < 128 and not TOKEN.match(chr(code).lower())


def _refuse_risky(nodes: _Nodes, source: str, repeated: int = 1) -> None:
    """Refuse what makes backtracking explode (a repeat inside a repeat) and what RE2 does not know."""
    for node in nodes:
        if node.name in _UNKNOWN_TO_RE2:
            raise ValueError(f"{source!r} looks around or back, which rules cannot; `unless` says what must be absent")
        times = repeated
        if node.name in _REPEATS:
            times = repeated if node.low == node.high <= _FEW else repeated * max(1, node.high)
            if times > node.high and times > _MANY:
                raise ValueError(
                    f"{source!r} repeats a repeat, which hostile text can make explode; unfold one of them"
                )
        for part in node.parts:
            _refuse_risky(part, source, times)


def _choices(nodes: _Nodes, left: str = "", right: str = "") -> list[tuple[Literal, ...]]:
    """Sets of literals each of which alone suffices; `left` and `right` are the edges around the expression."""
    found: list[tuple[Literal, ...]] = []
    runs = [left]
    for place, node in enumerate(nodes):
        spellings = node.spellings
        if spellings and len(runs) * len(spellings) <= _SPELLINGS:
            runs = [run + spelling for run in runs for spelling in spellings]
            continue
        edge = _EDGE if node.is_outside_words else ""
        before = _EDGE if all(run and not TOKEN.match(run[-1]) for run in runs) else ""
        after = right
        if place + 1 < len(nodes):
            after = _EDGE if nodes[place + 1].begins_outside_words else ""
        found += _of_runs([run + edge for run in runs])
        found += _of_node(node, before, after)
        runs = [edge]
    return found + _of_runs([run + right for run in runs])


def _sequences(nodes: _Nodes) -> tuple[str, ...]:
    texts: tuple[str, ...] = ("",)
    for node in nodes:
        spellings = node.spellings
        if not spellings or len(texts) * len(spellings) > _SPELLINGS:
            return ()
        texts = tuple([text + spelling for text in texts for spelling in spellings])
    return texts


def _of_node(node: _Node, before: str, after: str) -> list[tuple[Literal, ...]]:
    if node.name == "SUBPATTERN":
        return _choices(node.parts[0], before, after)
    if node.name in _REPEATS:
        return _choices(node.parts[0], before, after if node.high == 1 else "") if node.low > 0 else []
    if node.name == "BRANCH":
        branches = [best_literals(_choices(branch, before, after)) for branch in node.parts]
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
    for match in TOKEN.finditer(run):
        start, end = match.span()
        if start > 0 and end < len(run) and end - start > 1:
            found.append(Literal(match[0], whole=True))
    return max(found, key=telling, default=None)
