"""Turns a declared pattern into what a line must contain: a plain expression over bytes that every engine reads alike.

The expression may match more than the pattern, never less: anchors and look-arounds are dropped, back-references and
repeats within repeats become "anything", optional ends are cut off (they only make an engine report the same line
again and again). No expression matches a line end, so that scanning a block and scanning its lines is the same.
"""

import re
from collections.abc import Iterator

import attrs

from soc_core.model.pattern import Pattern
from soc_core.scan.tree import EMPTY, Node, least_width, literals_of, rendered, trimmed
from soc_core.scan.tree_reading import read


@attrs.frozen
class Need:
    """What a line must contain to be a candidate.

    Args:
        expression: A regular expression over bytes in the subset that all engines share.
        ignore_case: Whether ASCII letters match in either case.
        literals: Texts of which at least one is in every line that matches, in lower case if case is ignored; empty if
            none is known.
    """

    expression: bytes
    ignore_case: bool
    literals: tuple[bytes, ...] = ()


@attrs.frozen
class Unfit:
    """Why a pattern cannot select lines: its plugin sees them all."""

    reason: str


def need_of(pattern: Pattern) -> Need | Unfit:
    """What a line must contain for a pattern to occur in it."""
    text = re.escape(pattern.text) if pattern.literal else pattern.text
    try:
        tree, ignore_case = read(text, ignore_case=pattern.ignore_case)
    except RecursionError:
        return Unfit("it is nested too deeply to be looked into")
    node: Node = trimmed(tree)
    if node == EMPTY or least_width(node) == 0:
        return Unfit("it names nothing that a line must contain")
    return Need(rendered(node), ignore_case, tuple(_lowered(literals_of(node), ignore_case=ignore_case)))


def _lowered(literals: tuple[bytes, ...], *, ignore_case: bool) -> Iterator[bytes]:
    yield from dict.fromkeys(literal.lower() if ignore_case else literal for literal in literals)
