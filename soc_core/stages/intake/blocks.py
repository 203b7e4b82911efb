"""Blocks: pieces of a log of about 256 KiB, cut at line ends, each knowing where in its log it lies.

A scanner looks at a block's bytes as a whole and takes only some of its lines; nobody else needs to split them all.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import attrs

BLOCK_SIZE = 256 * 1024
LINE_CAP = 1024 * 1024
HEAD_KEPT = 4096  # of a line that is refused, what is kept for people to look at


class Line(NamedTuple):
    """One line of a block: its number in the log, where it begins, and its bytes without the line end."""

    number: int
    offset: int
    data: bytes


@attrs.frozen(kw_only=True)
class Block:
    """Whole lines as they came in.

    Args:
        input: The log they are from.
        data: The bytes, line ends included.
        offset: Where in the log the first of them lies.
        first_line: The number of the first line, counted from 1.
    """

    input: str
    data: bytes = attrs.field(repr=lambda data: f"<{len(data)} bytes>")
    offset: int
    first_line: int

    @property
    def end(self) -> int:
        """The offset behind the last byte."""
        return self.offset + len(self.data)

    @cached_property
    def count(self) -> int:
        """How many lines there are; the last need not have an end."""
        # `bytes.count` looks at one byte after the other and takes twice as long
        ends = len(self.data) - len(self.data.replace(b"\n", b""))
        return ends + (not self.data.endswith(b"\n"))

    def lines(self) -> Iterator[Line]:
        """The lines one by one, empty ones too."""
        offset = self.offset
        for number, data in enumerate(self.data.removesuffix(b"\n").split(b"\n"), start=self.first_line):
            yield Line(number, offset, data)
            offset += len(data) + 1

    def line_at(self, position: int) -> Line:
        """The line that contains the byte at `position` of the block."""
        start = self.data.rfind(b"\n", 0, position) + 1
        end = self.data.find(b"\n", position)
        number = self.first_line + self.data.count(b"\n", 0, start)
        return Line(number, self.offset + start, self.data[start : end if end >= 0 else None])


@attrs.frozen(kw_only=True)
class Refused:
    """A line that cannot be read and goes to quarantine; only its head is kept."""

    input: str
    offset: int
    number: int
    reason: str
    head: bytes = attrs.field(repr=False)


Piece = Block | Refused


class Cutter:
    """Turns chunks of bytes, wherever they were torn, into blocks of whole lines; keeps the torn rest for the next."""

    def __init__(self, name: str, *, offset: int = 0, line: int = 1) -> None:
        self._name = name
        self._rest = b""
        self._skipped = 0  # bytes of a line beyond the cap that were let go already
        self.offset: int = offset
        self.line: int = line

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Cut what can be cut now."""
        end = chunk.rfind(b"\n") + 1
        if end and not self._skipped and len(self._rest) + end < 2 * BLOCK_SIZE:  # one block, put together in one copy
            data, self._rest = b"".join((self._rest, memoryview(chunk)[:end])), chunk[end:]
            yield self._block(data)
            return
        data = self._rest + chunk if self._rest else chunk
        self._rest = b""
        if self._skipped:
            end = chunk.find(b"\n") + 1
            if not end:
                self._skipped += len(chunk)
                self._rest = data[:HEAD_KEPT]
                return
            yield self._long(data, self._skipped + end)
            data = chunk[end:]
        yield from self._cut(data)

    @property
    def rest(self) -> bytes:
        """The beginning of a line whose end is yet to come."""
        return self._rest

    def finish(self) -> Iterator[Piece]:
        """Cut the last line, which has no end."""
        rest, self._rest = self._rest, b""
        if self._skipped:
            yield self._long(rest, self._skipped)
        elif rest:
            yield self._block(rest)

    def _cut(self, data: bytes) -> Iterator[Piece]:
        at = 0
        while (end := self._end(data, at)) > 0:
            if end - at > LINE_CAP:
                yield self._long(data[at : at + HEAD_KEPT], end - at)
            else:
                yield self._block(data[at:end])
            at = end
        rest = data[at:]
        if len(rest) > LINE_CAP:
            self._skipped = len(rest)
            rest = rest[:HEAD_KEPT]
        self._rest = rest

    @staticmethod
    def _end(data: bytes, at: int) -> int:
        """Where the next block ends: at the last line end within its size, else at the first one behind it.

        What is less than another block goes with it: a short one costs as much as a long one.
        """
        size = BLOCK_SIZE if len(data) - at >= 2 * BLOCK_SIZE else len(data) - at
        return (data.rfind(b"\n", at, at + size) + 1) or (data.find(b"\n", at + size) + 1)

    def _block(self, data: bytes) -> Block:
        block = Block(input=self._name, data=data, offset=self.offset, first_line=self.line)
        self.offset += len(data)
        self.line += block.count
        return block

    def torn(self, reason: str) -> Refused:
        """Give up the begun line because its log breaks off; the place stays before it, to go on when it is whole."""
        line = Refused(
            input=self._name, offset=self.offset, number=self.line, reason=reason, head=self._rest[:HEAD_KEPT]
        )
        self._rest, self._skipped = b"", 0
        return line

    def _long(self, head: bytes, length: int) -> Refused:
        reason = f"a line of {length:,} bytes: lines over {LINE_CAP:,} bytes are not read"
        line = Refused(input=self._name, offset=self.offset, number=self.line, reason=reason, head=head[:HEAD_KEPT])
        self.offset += length
        self.line += 1
        self._skipped = 0
        return line
