"""Large logs in parts: ranges of whole lines that other processes read, handed back in the order of the log."""

import os
from collections.abc import Iterator
from typing import BinaryIO

import attrs

from soc_core.errors import InputError
from soc_core.ports import TimeSource
from soc_core.stages.intake.batch import Batch, Select, Taken, parsed, taken
from soc_core.stages.intake.blocks import BLOCK_SIZE, Cutter, Piece
from soc_core.stages.intake.formats import Origin

RANGE = 32 * BLOCK_SIZE
EVENTS = 4000  # from which on a batch is worth a transaction of its own
_LOOK = 64 * 1024


@attrs.frozen(kw_only=True)
class Range:
    """Whole lines of a log.

    Args:
        path: The log, as it was named.
        file: Its device and inode, as the path may come to name another file.
        offset, end: Where they begin, and the place behind them.
        format: What to parse them as.
        identity: What the ids of their events begin with.
    """

    path: str
    file: tuple[int, int]
    offset: int
    end: int
    format: str
    identity: str


def ends(number: int, offset: int, size: int) -> Iterator[int]:
    """Where ranges of about `size` bytes end in an open file, each behind a line end; what is left over has no end."""
    length = os.fstat(number).st_size
    while (end := _line_end(number, offset + size, length)) is not None:
        yield end
        offset = end


def batches(part: Range, *, clock: TimeSource, source: str | None, select: Select) -> Iterator[tuple[Batch, int]]:
    """What a range comes to, with the place behind each batch; its lines are numbered from 1.

    Raises:
        InputError: The path names another file by now, or it has become shorter.
    """
    with open(part.path, "rb") as file:
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != part.file:
            raise InputError(f"{part.path} is another file by now")
        file.seek(part.offset)
        cutter = Cutter(part.path, offset=part.offset)
        gathered: list[Taken] = []
        weight = 0
        for piece in _pieces(file, part, cutter):
            origin = Origin(received=clock.now(), format=part.format, source=source, identity=part.identity)
            one = taken(piece, origin, select=select, position=None)
            gathered.append(one)
            weight += len(one.lines)
            if weight >= EVENTS or cutter.offset == part.end:
                yield parsed(gathered), cutter.offset
                gathered, weight = [], 0


def _pieces(file: BinaryIO, part: Range, cutter: Cutter) -> Iterator[Piece]:
    left = part.end - part.offset
    while left:
        chunk = file.read(min(BLOCK_SIZE, left))
        if not chunk:
            raise InputError(f"{part.path} has become shorter")
        left -= len(chunk)
        yield from cutter.feed(chunk)


def _line_end(number: int, at: int, length: int) -> int | None:
    """The place behind the first line end at or after `at`."""
    while at < length:
        data = os.pread(number, _LOOK, at)
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        if not data:
            return None
        at += len(data)
    return None
