"""A regular expression as a tree of few kinds of parts, over bytes: cut to size, written out, looked into."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import attrs

NEWLINE = 1 << 10
ASCII = (1 << 128) - 1
NOT_ASCII = ((1 << 256) - 1) ^ ASCII
WORD = sum(1 << code for code in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")

_MOST = 64  # longer repeats are written as endless: engines pay for each step of a bounded one
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _\"'%,/:;<=>@`~!&")
_CHARACTER = 4  # bytes of the longest UTF-8 character


@attrs.frozen
class Byte:
    """One byte out of a set; the set is an integer with a bit for each."""

    of: int


@attrs.frozen
class Wide:
    """One character out of a set of ASCII ones, or any that is not ASCII, whatever its bytes."""

    of: int


@attrs.frozen
class Edge:
    r"""A word edge, `\b`."""


@attrs.frozen
class Row:
    """Parts one after another."""

    parts: tuple["Node", ...]


@attrs.frozen
class Choice:
    """One of several parts."""

    parts: tuple["Node", ...]


@attrs.frozen
class Repeat:
    """A part several times; `most` is None where there is no bound."""

    part: "Node"
    least: int
    most: int | None


Node = Byte | Wide | Edge | Row | Choice | Repeat

EMPTY = Row(())
_ANY = Wide(ASCII & ~NEWLINE)
ANYTHING = Repeat(_ANY, 0, None)


def sequence(parts: Iterable[Node]) -> Node:
    """Parts one after another, flat; what may be absent beside "anything" says nothing."""
    flat: list[Node] = []
    for part in parts:
        for one in part.parts if isinstance(part, Row) else (part,):
            if flat and _is_anything(flat[-1]) and _optional(one):
                continue
            while _is_anything(one) and flat and _optional(flat[-1]):
                flat.pop()
            flat.append(one)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def _is_anything(node: Node) -> bool:
    return isinstance(node, Repeat) and node == ANYTHING


def choice(parts: Sequence[Node]) -> Node:
    """One of several parts."""
    distinct = tuple(dict.fromkeys(parts))
    return distinct[0] if len(distinct) == 1 else Choice(distinct)


def repeat(part: Node, least: int, most: int | None) -> Node:
    """A part several times; a repeat of repeats, which can make an engine explode, becomes the part and anything."""
    if part == EMPTY or most == 0:
        return EMPTY
    if (least, most) == (1, 1):
        return part
    endless = most is None or most > _MOST
    if not isinstance(part, Byte | Wide) and most != 1 and (_varies(part) and (endless or _endless(part))):
        return sequence([*[part] * min(least, 1), ANYTHING])
    return Repeat(part, min(least, _MOST), None if endless else most)


def least_width(node: Node) -> int:
    """How many bytes the shortest match has."""
    if isinstance(node, Byte | Wide):
        return 1
    if isinstance(node, Row):
        return sum(map(least_width, node.parts))
    if isinstance(node, Choice):
        return min(map(least_width, node.parts))
    return 0 if isinstance(node, Edge) else node.least * least_width(node.part)


def _optional(node: Node) -> bool:
    return least_width(node) == 0 and not isinstance(node, Edge)


def trimmed(node: Node) -> Node:
    """Without what a line need not contain at either end: who finds the rest has found the line."""
    before = None
    while node != before:  # dropping a word edge may lay bare another optional end
        before = node
        node = _without_loose_edges(_cut(_cut(node, at=-1), at=0))
    return node


def _cut(node: Node, *, at: int) -> Node:
    if isinstance(node, Row):
        parts = list(node.parts)
        while parts and (parts[at] == _ANY or _optional(parts[at])):
            del parts[at]
        if parts:
            parts[at] = _cut(parts[at], at=at)
        return sequence(parts)
    if isinstance(node, Choice):
        parts = [_cut(part, at=at) for part in node.parts]
        return EMPTY if any(least_width(part) == 0 for part in parts) else choice(parts)
    if isinstance(node, Repeat):
        if node.least == 0 or node.part == _ANY:
            return EMPTY
        if node.least == 1:
            return _cut(node.part, at=at)
        return Repeat(node.part, node.least, node.least)
    return node


def _without_loose_edges(node: Node) -> Node:
    """Keep a word edge only beside an ASCII word character: beside others, texts and bytes differ in what is one."""
    if isinstance(node, Choice):
        return choice([_without_loose_edges(part) for part in node.parts])
    if isinstance(node, Repeat):
        return repeat(_without_loose_edges(node.part), node.least, node.most)
    if isinstance(node, Edge):
        return EMPTY
    if not isinstance(node, Row):
        return node
    parts = node.parts
    kept: list[Node] = []
    for place, part in enumerate(parts):
        if not isinstance(part, Edge):
            kept.append(_without_loose_edges(part))
        elif (place and _wordly(parts[place - 1], at=-1)) or (
            place + 1 < len(parts) and _wordly(parts[place + 1], at=0)
        ):
            kept.append(part)
    return sequence(kept)


def _wordly(node: Node, *, at: int) -> bool:
    """Whether every match begins (or ends) with an ASCII word character."""
    if isinstance(node, Byte):
        return node.of & ~WORD == 0
    if isinstance(node, Choice):
        return all(_wordly(part, at=at) for part in node.parts)
    if isinstance(node, Row):
        return bool(node.parts) and _wordly(node.parts[at], at=at)
    return isinstance(node, Repeat) and node.least > 0 and _wordly(node.part, at=at)


def _varies(node: Node) -> bool:
    """Whether matches may differ in length."""
    if isinstance(node, Repeat):
        return node.least != node.most or _varies(node.part)
    if isinstance(node, Choice):
        return len({least_width(part) for part in node.parts}) > 1 or any(map(_varies, node.parts))
    return isinstance(node, Wide) or (isinstance(node, Row) and any(map(_varies, node.parts)))


def _endless(node: Node) -> bool:
    if isinstance(node, Repeat):
        return node.most is None or _endless(node.part)
    return isinstance(node, Choice | Row) and any(map(_endless, node.parts))


# -- writing it out ---------------------------------------------------------------------------------------------------


def rendered(node: Node) -> bytes:
    """The tree as a regular expression over bytes, in the subset of `re`, RE2 and hyperscan."""
    if isinstance(node, Byte):
        return _class(node.of)
    if isinstance(node, Wide):
        several = b"[\\x80-\\xff]{1,%d}" % _CHARACTER
        return b"(?:" + _class(node.of) + b"|" + several + b")" if node.of else several
    if isinstance(node, Edge):
        return rb"\b"
    if isinstance(node, Row):
        return b"".join(b"(?:" + rendered(p) + b")" if isinstance(p, Choice) else rendered(p) for p in node.parts)
    if isinstance(node, Choice):
        return b"|".join(map(rendered, node.parts))
    if isinstance(node.part, Wide):  # so many characters are at least so many bytes, and at most four times as many
        most = None if node.most is None else node.most * _CHARACTER
        return _class(node.part.of | NOT_ASCII) + _times(node.least, most)
    inner = rendered(node.part)
    return (inner if isinstance(node.part, Byte) else b"(?:" + inner + b")") + _times(node.least, node.most)


def _times(least: int, most: int | None) -> bytes:
    if most is None:
        return {0: b"*", 1: b"+"}.get(least, b"{%d,}" % least)
    if (least, most) == (0, 1):
        return b"?"
    return b"{%d}" % least if least == most else b"{%d,%d}" % (least, most)


@lru_cache(maxsize=1024)
def _class(of: int) -> bytes:
    codes = [code for code in range(256) if of >> code & 1]
    if len(codes) == 1:
        return _code(codes[0])
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    body = b"".join(_code(a) if a == b else _code(a) + b"-" + _code(b) for a, b in ranges)
    return b"[" + body + b"]"


def _code(code: int) -> bytes:
    return bytes([code]) if code in _SAFE else b"\\x%02x" % code


# -- looking into it --------------------------------------------------------------------------------------------------


def literals_of(node: Node) -> tuple[bytes, ...]:
    """Texts of which every match contains at least one, the longest that can be named; empty if none can."""
    if isinstance(node, Byte):
        return (_only(node.of),) if _only(node.of) else ()
    if isinstance(node, Repeat):
        return literals_of(node.part) if node.least else ()
    if isinstance(node, Choice):
        branches = [literals_of(part) for part in node.parts]
        return tuple(one for branch in branches for one in branch) if all(branches) else ()
    if not isinstance(node, Row):
        return ()
    best: tuple[bytes, ...] = ()
    run = b""
    for part in (*node.parts, ANYTHING):
        letter = _only(part.of) if isinstance(part, Byte) else b""
        if letter:
            run += letter
            continue
        if isinstance(part, Edge):
            continue
        for found in ((run,) if run else (), literals_of(part)):
            if _weight(found) > _weight(best):
                best = found
        run = b""
    return best


def _only(of: int) -> bytes:
    return bytes([of.bit_length() - 1]) if of and of & (of - 1) == 0 else b""


def _weight(literals: tuple[bytes, ...]) -> float:
    return min(map(len, literals)) - len(literals) / 100 if literals else 0
