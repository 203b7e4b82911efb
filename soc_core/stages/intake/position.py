"""Where reading of a log file stopped, and how the same file is known again under another name."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, Self

import attrs
import msgspec

HEAD = 1024  # bytes at the beginning that tell one log from another
TAIL = 256  # bytes before the position that must still be the ones that were read
CURSOR = "file:"  # what the names of saved positions begin with


class Readable(Protocol):
    """A log that can be read from any place."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go to a place."""
        ...


@lru_cache(maxsize=64)  # a log's beginning is asked for with each of its blocks
def fingerprint(data: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(data).hexdigest()[:20]


@attrs.frozen(kw_only=True)
class Position:
    """Everything needed to go on where reading stopped; kept as text under the cursor name `file:<path>`.

    Args:
        offset: The next byte to read; in a compressed file, of what is inside.
        line: The number of the line there.
        head, head_length: What the file begins with.
        tail, tail_length: What was read last.
        device, inode: Which file it was then.
        identity: What the ids of this file's events begin with; it stays when the file grows.
    """

    offset: int = attrs.field(validator=attrs.validators.ge(0))
    line: int = attrs.field(validator=attrs.validators.ge(1))
    head: str
    head_length: int = attrs.field(validator=attrs.validators.ge(0))
    tail: str
    tail_length: int = attrs.field(validator=attrs.validators.ge(0))
    device: int
    inode: int
    identity: str

    def text(self) -> str:
        """As it is saved."""
        return msgspec.json.encode(attrs.asdict(self)).decode()

    @classmethod
    def of(cls, text: str) -> Self | None:
        """A saved position, or None if the text is none: then reading starts at the beginning."""
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, ValueError):
            return None

    def fits(self, log: Readable, head: bytes) -> bool:
        """Whether `log`, which begins with `head`, is this file, grown or not."""
        if self.head_length > len(head) or fingerprint(head[: self.head_length]) != self.head:
            return False
        start = self.offset - self.tail_length
        return log.seek(start) == start and fingerprint(log.read(self.tail_length)) == self.tail


def resume(
    path: str, log: Readable, head: bytes, status: os.stat_result, saved: Mapping[str, Position]
) -> Position | None:
    """The position to go on from: of the same file under this path, a name it had before, or a copy of it."""
    own = [saved[path]] if path in saved else []
    same = [old for old in saved.values() if (old.device, old.inode) == (status.st_dev, status.st_ino)]
    for old in (*own, *_furthest(same), *_furthest(saved.values())):
        if old.offset and old.fits(log, head):
            return old
    return None


def saved_positions(cursors: Mapping[str, str]) -> dict[str, Position]:
    """The positions among saved cursors, by path."""
    return {
        name.removeprefix(CURSOR): position
        for name, text in cursors.items()
        if name.startswith(CURSOR) and (position := Position.of(text)) is not None
    }


def _furthest(positions: Iterable[Position]) -> list[Position]:
    return sorted(positions, key=lambda position: position.offset, reverse=True)
