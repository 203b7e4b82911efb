"""Lines of a log that are plainly not in its format, found among millions without reading each one.

A scan passes over lines that no plugin wants to see; those that could not be read at all are still to be counted and
kept in quarantine.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

import msgspec

from soc_core.scan import Candidate
from soc_core.stages.intake.blocks import Block, Line

_WITHOUT = {
    "cef": re.compile(rb"^(?![^\n]*CEF:)[^\n]*\S[^\n]*$", re.MULTILINE),
    "leef": re.compile(rb"^(?![^\n]*LEEF:)[^\n]*\S[^\n]*$", re.MULTILINE),
}


class _Object(msgspec.Struct, gc=False):
    """Any object; to decode into it checks the form and builds nothing, five million lines a second."""


_object = msgspec.json.Decoder(_Object)


def misfits(block: Block, candidates: Sequence[Candidate], format: str) -> Iterable[Line | Candidate]:  # noqa: A002
    """The candidates, and in a log of a strict format the other lines that cannot be in it, in order."""
    if format == "json" and not _all_objects(block):
        return _with(candidates, [line for line in block.lines() if not _is_object(line.data)])
    if format in _WITHOUT:
        return _with(candidates, _found(block, _WITHOUT[format]))
    return candidates


def _all_objects(block: Block) -> bool:
    """Whether every line is an object of its own, none of them empty."""
    try:
        return len(_object.decode_lines(block.data)) == block.count
    except (msgspec.MsgspecError, RecursionError):
        return False


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(_object.decode(line), _Object)
    except (msgspec.MsgspecError, RecursionError):
        return not line.strip()


def _found(block: Block, expression: "re.Pattern[bytes]") -> Iterator[Line]:
    number, counted = block.first_line, 0
    for match in expression.finditer(block.data):
        number += block.data.count(b"\n", counted, match.start())
        counted = match.start()
        yield Line(number, block.offset + match.start(), match[0])


def _with(candidates: Sequence[Candidate], others: Iterable[Line]) -> Iterator[Line | Candidate]:
    known = {candidate.offset for candidate in candidates}
    unknown = (line for line in others if line.offset not in known)
    return heapq.merge(candidates, unknown, key=attrgetter("offset"))
