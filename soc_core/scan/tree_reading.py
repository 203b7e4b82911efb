"""Reads a regular expression of Python's `re` into a tree over bytes that matches the same lines or more."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from soc_core.scan.tree import (
    ANYTHING,
    ASCII,
    EMPTY,
    NEWLINE,
    WORD,
    Byte,
    Edge,
    Node,
    Wide,
    choice,
    repeat,
    sequence,
)

if TYPE_CHECKING:
    import sre_parse as parser
else:
    from re import _parser as parser

_DIGITS = sum(1 << code for code in b"0123456789")
_SPACES = sum(1 << code for code in b" \t\r\f\v\x1c\x1d\x1e\x1f")
_CATEGORIES = {"DIGIT": _DIGITS, "SPACE": _SPACES, "WORD": WORD}
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


def read(text: str, *, ignore_case: bool) -> tuple[Node, bool]:
    """The tree of an expression, and whether case is ignored anywhere in it.

    Raises:
        RecursionError: It is nested too deeply.
    """
    tree = parser.parse(text, re.IGNORECASE if ignore_case else 0)
    folded = ignore_case or bool(tree.state.flags & re.IGNORECASE) or "(?i" in text or re.search(r"\(\?\w*i", text)
    return _Reader(ignore_case=bool(folded)).all(_parts(tree)), bool(folded)


class _Reader:
    def __init__(self, *, ignore_case: bool) -> None:
        self._ignore_case = ignore_case

    def all(self, parts: Iterable[tuple[str, object]]) -> Node:
        return sequence([self.one(name, value) for name, value in parts])

    def one(self, name: str, value: object) -> Node:
        if name == "LITERAL":
            return self._letter(_number(value))
        if name == "NOT_LITERAL":
            code = _number(value)
            return Wide(ASCII & ~NEWLINE & ~(1 << code if code < 128 else 0))
        if name == "ANY":
            return Wide(ASCII & ~NEWLINE)
        if name == "IN":
            return self._set(_parts(value))
        if name == "BRANCH":
            return choice([self.all(branch) for branch in _inner(value, 1)])
        if name == "SUBPATTERN":
            return self.all(_parts(_items(value)[-1]))
        if name == "ATOMIC_GROUP":
            return self.all(_parts(value))
        if name in _REPEATS:
            least, most, inner = _items(value)
            bound = _number(most)
            endless = bound >= int(parser.MAXREPEAT)
            return repeat(self.all(_parts(inner)), _number(least), None if endless else bound)
        if name == "AT":
            return Edge() if str(value) == "AT_BOUNDARY" else EMPTY
        if name == "GROUPREF":
            return ANYTHING
        if name == "GROUPREF_EXISTS":
            _, yes, no = _items(value)
            return choice([self.all(_parts(yes)), self.all(_parts(no)) if no else EMPTY])
        return EMPTY  # looking ahead or behind: who asks for less finds more

    def _letter(self, code: int) -> Node:
        if code == 10:
            return Byte(1 << 32)  # in a line there is none but an escaped one, which is read as a blank
        if code < 128:
            return Byte(1 << code)
        if self._ignore_case:
            return Wide(0)
        return sequence([Byte(1 << byte) for byte in chr(code).encode("utf-8", "replace")])

    def _set(self, parts: Sequence[tuple[str, object]]) -> Node:
        of, wide, negated = 0, False, False
        for name, value in parts:
            if name == "NEGATE":
                negated = True
            elif name == "LITERAL":
                of |= 1 << _number(value) if _number(value) < 128 else 0
                wide |= _number(value) >= 128
            elif name == "RANGE":
                low, high = map(_number, _items(value))
                of |= sum(1 << code for code in range(low, min(high, 127) + 1))
                wide |= high >= 128
            else:
                kind = str(value).removeprefix("CATEGORY_")
                known = _CATEGORIES[kind.removeprefix("NOT_")]
                of |= ASCII & ~known if kind.startswith("NOT_") else known
                wide = True
        if negated:
            of, wide = ASCII & ~of, True
        if of & NEWLINE:
            of = of & ~NEWLINE | 1 << 32
        return Wide(of) if wide else Byte(of)


def _parts(tree: object) -> list[tuple[str, object]]:
    return [(str(op), value) for op, value in tree]  # type: ignore[attr-defined]  # the library has no types here


def _items(value: object) -> list[object]:
    return list(value)  # type: ignore[call-overload, no-any-return]  # the same


def _inner(value: object, place: int) -> list[list[tuple[str, object]]]:
    return [_parts(branch) for branch in _items(_items(value)[place])]


def _number(value: object) -> int:
    return int(value)  # type: ignore[call-overload, no-any-return]  # the same
