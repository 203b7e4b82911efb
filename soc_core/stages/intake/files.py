"""Log files, compressed or not, and standard input, read as they are and never further than they go."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import attrs

from soc_core.errors import InputError
from soc_core.stages.intake.blocks import BLOCK_SIZE, Block, Cutter, Piece
from soc_core.stages.intake.position import HEAD, TAIL, Position, fingerprint, resume
from soc_core.stages.intake.ranges import Range, ends
from soc_core.stages.intake.unrolled import Broken, Unrolled, is_document

STDIN = "-"

_GZIP = b"\x1f\x8b"
_KINDS = (  # what is taken for a log by mistake, and what to do about it
    (b"\x28\xb5\x2f\xfd", "zstd-compressed: run `zstdcat FILE | soc run -`"),
    (b"\xfd7zXZ", "xz-compressed: run `xzcat FILE | soc run -`"),
    (b"BZh", "bzip2-compressed: run `bzcat FILE | soc run -`"),
    (b"PK\x03\x04", "a ZIP archive: unpack it first"),
    (b"ElfFile\0", "a Windows event log: turn it into JSON lines with evtx_dump first"),
    (b"\xff\xfe", "UTF-16 text: run `iconv -f UTF-16 -t UTF-8 FILE | soc run -`"),
    (b"\xfe\xff", "UTF-16 text: run `iconv -f UTF-16 -t UTF-8 FILE | soc run -`"),
    (b"SQLite format 3", "an SQLite database"),
    (b"LPKSHHRH", "a systemd journal: run `journalctl -o json | soc run -`"),
)
_NOT_TEXT = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1b")


@attrs.frozen(kw_only=True)
class Limits:
    """How much a compressed file may swell before reading stops.

    Args:
        size: Bytes that one file may hold.
        ratio: How many bytes each compressed byte may become, once `free` bytes are out.
    """

    size: int = 64 << 30
    ratio: int = 300
    free: int = 64 << 20


class LogFile:
    """One open log; `pieces` gives what is there now, and can be asked again when the log has grown."""

    def __init__(
        self,
        path: str,
        *,
        saved: Mapping[str, Position] | None = None,
        stdin: BinaryIO | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Open a log and find the place to go on from.

        Raises:
            InputError: It is missing, unreadable, a directory or no log.
        """
        self.name = path
        self._limits = limits or Limits()
        self._raw = _standard_input(stdin) if path == STDIN else _opened(path)
        status = None if path == STDIN else os.fstat(self._raw.fileno())
        self._status = status if status and stat.S_ISREG(status.st_mode) else None
        self._log: BinaryIO | gzip.GzipFile | Unrolled = self._raw
        self.packed: bool = False
        self._ended = False
        self._out = 0
        self._head = b""
        self._tail = b""
        self._identity = ""
        self._cutter = Cutter(path)
        if self._status:
            self._find_place(self._status, saved or {})

    @property
    def position(self) -> Position | None:
        """The place behind the last piece that was given out; standard input and pipes have none."""
        if self._status is None:
            return None
        head = self._head[: self._cutter.offset]
        return Position(
            offset=self._cutter.offset,
            line=self._cutter.line,
            head=fingerprint(head),
            head_length=len(head),
            tail=fingerprint(self._tail),
            tail_length=len(self._tail),
            device=self._status.st_dev,
            inode=self._status.st_ino,
            identity=self.identity or "",
        )

    @property
    def identity(self) -> str | None:
        """What the ids of this log's events begin with; None where lines have no identity."""
        if self._status is None:
            return None
        self._identity = self._identity or fingerprint(self._head)
        return self._identity

    def pieces(self) -> Iterator[Piece]:
        """What is there now, in whole lines.

        Raises:
            InputError: It is no log but something binary.
        """
        begun = self._cutter.offset > 0
        while chunk := self._read():
            if isinstance(chunk, str):
                yield self._cutter.torn(chunk)
                return
            if not begun:
                _check_text(self.name, chunk)
                begun = True
            if len(self._head) < HEAD:
                self._head = (self._head + chunk)[:HEAD]
            for piece in self._cutter.feed(chunk):
                yield self._given(piece)

    def finish(self) -> Iterator[Piece]:
        """The last line, if it has no end and none will come."""
        for piece in self._cutter.finish():
            yield self._given(piece)

    def large(self, size: int) -> bool:
        """Whether this is a file with several ranges of such a size ahead; a pipe or a packed file has none."""
        return (
            self._status is not None
            and not self.packed
            and os.fstat(self._raw.fileno()).st_size - self._cutter.offset > 2 * size
        )

    def parts(self, size: int, format: str) -> Iterator[Range]:  # noqa: A002  # the word users know from --format
        """What lies ahead, in ranges that others may read; what is left over at the end is in none."""
        assert self._status is not None  # noqa: S101 - a regular file, see `large`
        file, start = (self._status.st_dev, self._status.st_ino), self._cutter.offset
        for end in ends(self._raw.fileno(), start, size):
            yield Range(path=self.name, file=file, offset=start, end=end, format=format, identity=self.identity or "")
            start = end

    def passed(self, end: int | None = None, lines: int = 0) -> int:
        """Go on at `end`, as others have read so many lines up to there; answers how many lines there were before.

        Without an end, go on behind the last piece that was given out, and forget what was read ahead.
        """
        before, end = self._cutter.line - 1, self._cutter.offset if end is None else end
        length = min(TAIL, end)
        self._tail = os.pread(self._raw.fileno(), length, end - length)
        self._cutter = Cutter(self.name, offset=end, line=before + lines + 1)
        self._log.seek(end)
        return before

    def moved(self) -> bool:
        """Whether the path names another file by now, as after a rotation."""
        try:
            now = os.stat(self.name)
        except OSError:
            return False  # between the rename and the new file; look again later
        return self._status is None or (now.st_dev, now.st_ino) != (self._status.st_dev, self._status.st_ino)

    def cut_short(self) -> bool:
        """Whether the file was emptied under us (copytruncate), even if it has outgrown its old size since."""
        if self._status is None or self.packed:
            return False
        number = self._raw.fileno()
        read = self._cutter.offset + len(self._cutter.rest)
        return os.fstat(number).st_size < read or os.pread(number, len(self._head), 0) != self._head

    def close(self) -> None:
        """Let go of the file; standard input stays open, as it is not ours."""
        if self.name != STDIN:
            self._raw.close()

    def _find_place(self, status: os.stat_result, saved: Mapping[str, Position]) -> None:
        self.packed = self._raw.read(2) == _GZIP
        self._raw.seek(0)
        log: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=self._raw) if self.packed else self._raw
        self._log = log
        try:
            head = _read_full(log, HEAD)
            if is_document(head):
                self.packed, self._log = True, Unrolled(log, head)
                head = _read_full(self._log, HEAD)
            place = resume(self.name, self._log, head, status, saved)
            self._log.seek(place.offset if place else 0)
        except (OSError, EOFError, zlib.error, Broken):  # damaged: read from the start as far as it goes
            self._log.seek(0)
            return
        if place:
            self._head = head
            self._identity = place.identity
            self._out = place.offset
            self._cutter = Cutter(self.name, offset=place.offset, line=place.line)

    def _read(self) -> bytes | str:
        """The next bytes; empty at the end; a sentence where the rest cannot be read."""
        if self._ended:
            return b""
        try:
            chunk = _read_some(self._log)
            if self._status is None and not self._head and is_document(chunk):
                self._log = Unrolled(self._raw, chunk)
                chunk = _read_some(self._log)
        except Broken as error:
            self._ended = True
            return str(error)
        except (EOFError, OSError, zlib.error) as error:
            if not self.packed:
                raise InputError(f"reading {self.name} failed: {error}") from error
            self._ended = True
            return f"the compressed file is damaged or was cut short ({error}): what could be read was, fetch it again"
        if self.packed and chunk:
            self._out += len(chunk)
            out, packed = self._out, max(self._raw.tell(), 1)
            if out > self._limits.size or (out > self._limits.free and out / packed > self._limits.ratio):
                self._ended = True
                return f"stopped at {out:,} bytes out of {packed:,}: this looks like a compression bomb"
        return chunk

    def _given(self, piece: Piece) -> Piece:
        self._tail = piece.data[-TAIL:] if isinstance(piece, Block) else b""
        return piece


def check(paths: tuple[str, ...]) -> None:
    """Refuse paths that cannot be read, before anything is.

    Raises:
        InputError: The first one that cannot, and what to do.
    """
    for path in paths:
        if path != STDIN:
            _opened(path).close()


def _opened(path: str) -> BinaryIO:
    try:
        if os.path.isdir(path):
            raise InputError(f"{path} is a directory: name the files in it, such as {os.path.join(path, '*.log')}")
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the path and the working directory") from error
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read by this user: change its mode or run as a member of its group"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path!r} cannot be opened: {error}") from error


def _standard_input(stdin: BinaryIO | None) -> BinaryIO:
    if stdin is None:
        raise InputError("there is no standard input to read: name a file")
    return stdin


def _check_text(name: str, chunk: bytes) -> None:
    for magic, what in ((_GZIP, "gzip-compressed: run `zcat FILE | soc run -`"), *_KINDS):
        if chunk.startswith(magic):
            raise InputError(f"{name} is no log of text lines: it is {what}")
    sample = chunk.lstrip(b"\0")[:8192]  # a log that was cut short while it was written may begin with zeros
    if len(sample) - len(sample.translate(None, _NOT_TEXT)) > len(sample) // 10 or not sample:
        raise InputError(f"{name} is a binary file, no log of text lines: give the log itself")


def _read_some(log: BinaryIO | gzip.GzipFile | Unrolled) -> bytes:
    """What is there, up to a block: never waits to fill one."""
    read1 = getattr(log, "read1", None)
    data: bytes = read1(BLOCK_SIZE) if read1 else log.read(BLOCK_SIZE)
    return data


def _read_full(log: BinaryIO | gzip.GzipFile | Unrolled, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := log.read(size - len(data))):
        data += more
    return data
