"""Reading logs into batches of events, with every line accounted for: processed or in quarantine, none lost between.

One batch is one block, and is stored in one transaction together with its position: whatever happens, reading goes on
behind what was stored.
"""

import glob
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import BinaryIO

import attrs

from soc_core.errors import InputError
from soc_core.model.event import Event
from soc_core.ports import Stop, TimeSource
from soc_core.scan import Candidate
from soc_core.stages.intake.blocks import HEAD_KEPT, Block, Line, Piece
from soc_core.stages.intake.files import STDIN, Limits, LogFile, check
from soc_core.stages.intake.formats import STRICT, detect, known_format, parse
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.misfits import misfits
from soc_core.stages.intake.position import CURSOR, saved_positions

SAMPLE = 20  # lines that a log's format is told by
POLL = 0.5  # seconds between looks at a log that is followed
_NO_HITS: frozenset[str] = frozenset()
_PIECES = 64  # that are gathered into one batch at most
_EVENTS = 500  # from which on a batch is worth a transaction of its own


@attrs.frozen(kw_only=True)
class Quarantined:
    """A line that could not be read, where it is, and why."""

    line_number: int
    offset: int
    reason: str
    data_head: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Batch:
    """What one block of a log came to.

    Args:
        input: The log, as it was named.
        events: The events of the lines that were asked for; an empty line makes none.
        quarantined: The lines that could not be read.
        lines: How many lines there were, empty ones and those not asked for included.
        position: Where reading goes on, to be saved under `cursor` in the transaction that stores the events.
        selected: Whether a scan selected the lines, so that each event names the patterns that fired.
    """

    input: str
    events: tuple[Event, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    lines: int
    position: str | None = None
    selected: bool = False

    @property
    def processed(self) -> int:
        """Lines that were read; with the quarantined ones they make up all lines."""
        return self.lines - len(self.quarantined)

    @property
    def cursor(self) -> str | None:
        """The name to save the position under; standard input has none."""
        return None if self.position is None else CURSOR + self.input


class Reader:
    """Reads logs in the order they are named, once to their end or for ever.

    Args:
        paths: Files, `.gz` files, or `-` for `stdin`.
        clock: Says when a block arrived.
        format: One of `FORMATS`; `auto` looks at each log's first lines, and `format_chosen` tells what it took.
        source: The source of all events, whatever the lines say.
        select: Finds the lines of a block that become events; None from it, or without it, takes them all.
        saved: Cursors by name, as they were saved; what was read before is not read again.

    Raises:
        InputError: One of the paths cannot be read; nothing was.
        SettingsError: There is no such format.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        clock: TimeSource,
        format: str = "auto",  # noqa: A002  # the word users know from --format
        source: str | None = None,
        saved: Mapping[str, str] | None = None,
        stdin: BinaryIO | None = None,
        limits: Limits | None = None,
        severities: Severities = SEVERITIES,
        select: Callable[[Block], Sequence[Candidate] | None] | None = None,
    ) -> None:
        self._paths = tuple(dict.fromkeys(str(path) for path in paths))
        self._clock = clock
        self._format = known_format(format)
        self._source = source
        self._saved = saved_positions(saved or {})
        self._stdin = stdin
        self._limits = limits
        self._severities = severities
        self._select = select
        self._chosen: dict[str, str] = {}
        self._log: LogFile | None = None
        check(self._paths)

    def __iter__(self) -> Iterator[Batch]:
        """Everything that is there, to the end."""
        return self._gathered(self.pieces())

    def follow(self, stop: Stop, *, poll: float = POLL) -> Iterator[Batch]:
        """Everything that is there and everything that comes, through rotation, until `stop`."""
        return self._gathered(self.pieces_as_they_come(stop, poll=poll))

    def format_chosen(self, name: str) -> str | None:
        """The format that a log was taken for; None before its first line."""
        return self._chosen.get(name)

    def pieces(self) -> Iterator[Piece]:
        """The logs' blocks, and the lines that cannot be in one; `batch` must see each before the next is asked for."""
        for path in self._paths:
            log = self._open(path)
            try:
                yield from self._whole(log)
            finally:
                log.close()

    def pieces_as_they_come(self, stop: Stop, *, poll: float = POLL) -> Iterator[Piece | None]:
        """Like `pieces`, but a log that ends is looked at again until `stop`; None before each wait."""
        logs = [log for path in self._paths for log in (*self._rotated_away(path), self._open(path))]
        try:
            while logs and not stop.is_set():
                moved = False
                for log in tuple(logs):
                    cut_short = log.cut_short()  # asked before reading: behind the cut lies another log's middle
                    for piece in () if cut_short else self._there(log):
                        yield piece
                        moved = True
                        if stop.is_set():
                            return
                    if log.position is None or log.compressed or log.name not in self._paths:
                        yield from self._rest(log)
                        logs.remove(log)
                        log.close()
                    elif cut_short or log.moved():
                        # what was written between the last look and the rotation
                        yield from self._rest(log) if cut_short else self._whole(log)
                        log.close()
                        logs[logs.index(log)] = self._open(log.name)
                        moved = True
                if not moved and logs:
                    yield None
                    stop.wait(poll)
        finally:
            for log in logs:
                log.close()

    def batch(self, piece: Piece, lines: Iterable[Line] | None = None) -> Batch:
        """The events of a piece, of all its lines, of those that are given or of those that are selected."""
        log = self._log
        position = None if log is None or log.position is None else log.position.text()
        if not isinstance(piece, Block):
            refused = Quarantined(
                line_number=piece.number, offset=piece.offset, reason=piece.reason, data_head=piece.head
            )
            return Batch(input=piece.input, quarantined=(refused,), lines=1, position=position)
        name = self._format_of(piece)
        identity = log.identity if log is not None else None
        received = self._clock.now()
        events: list[Event] = []
        quarantined: list[Quarantined] = []
        selected = self._select(piece) if self._select is not None and lines is None else None
        chosen: Iterable[Line | Candidate] = piece.lines() if lines is None else lines
        for line in chosen if selected is None else misfits(piece, selected, name):
            if not line.data.strip():
                continue
            try:
                event = self._event(line, name, identity, received)
                if selected is None or isinstance(line, Candidate):
                    events.append(event)
            except InputError as error:
                quarantined.append(
                    Quarantined(
                        line_number=line.number,
                        offset=line.offset,
                        reason=str(error),
                        data_head=line.data[:HEAD_KEPT],
                    )
                )
        return Batch(
            input=piece.input,
            events=tuple(events),
            quarantined=tuple(quarantined),
            lines=piece.count,
            position=position,
            selected=selected is not None,
        )

    def _gathered(self, pieces: Iterable[Piece | None]) -> Iterator[Batch]:
        """One batch for several pieces in which a scan found little: a transaction for each would take most time.

        Nothing is held back while reading waits for more, as it may with standard input.
        """
        gathered: list[Batch] = []
        weight = 0
        try:
            for piece in pieces:
                batch = None if piece is None else self.batch(piece)
                if gathered and (batch is None or batch.input != gathered[0].input):
                    yield _joined(gathered)
                    gathered, weight = [], 0
                if batch is None:
                    continue
                gathered.append(batch)
                weight += len(batch.events) + len(batch.quarantined)
                waits = self._log is None or self._log.identity is None
                if waits or not batch.selected or len(gathered) == _PIECES or weight >= _EVENTS:
                    yield _joined(gathered)
                    gathered, weight = [], 0
        except InputError:
            if gathered:  # what was read before the trouble is kept
                yield _joined(gathered)
            raise
        if gathered:
            yield _joined(gathered)

    def _event(self, line: Line | Candidate, name: str, identity: str | None, received: datetime) -> Event:
        # the checksum keeps lines apart where two logs begin alike
        own = None if identity is None else f"{identity}:{line.offset}:{zlib.crc32(line.data):08x}"
        return parse(
            line.data,
            received=received,
            format=name,
            source=self._source,
            id=own,
            severities=self._severities,
            hits=line.hits if isinstance(line, Candidate) else _NO_HITS,
        )

    def _format_of(self, block: Block) -> str:
        """What to parse a block's lines as: strictly only where the log is of a strict format."""
        if self._format != "auto":
            return self._chosen.setdefault(block.input, self._format)
        if block.input not in self._chosen:
            self._chosen[block.input] = detect(
                list(islice((line.data for line in block.lines() if line.data.strip()), SAMPLE))
            )
        chosen = self._chosen[block.input]
        return chosen if chosen in STRICT else "auto"

    def _open(self, path: str) -> LogFile:
        return LogFile(path, saved=self._saved, stdin=self._stdin, limits=self._limits)

    def _rotated_away(self, path: str) -> Iterator[LogFile]:
        """The file that had this name when reading stopped, if rotation has given it another one."""
        old = self._saved.get(path)
        if old is None or path == STDIN:
            return
        for name in sorted(glob.glob(glob.escape(path) + "?*")):
            try:
                status = os.stat(name)
            except OSError:
                continue
            if (status.st_dev, status.st_ino) == (old.device, old.inode):
                yield self._open(name)

    def _there(self, log: LogFile) -> Iterator[Piece]:
        self._log = log
        yield from log.pieces()

    def _rest(self, log: LogFile) -> Iterator[Piece]:
        self._log = log
        yield from log.finish()

    def _whole(self, log: LogFile) -> Iterator[Piece]:
        yield from self._there(log)
        yield from self._rest(log)


def _joined(batches: Sequence[Batch]) -> Batch:
    """Batches that follow one another in one log, as one."""
    if len(batches) == 1:
        return batches[0]
    return attrs.evolve(
        batches[-1],
        events=tuple(event for batch in batches for event in batch.events),
        quarantined=tuple(bad for batch in batches for bad in batch.quarantined),
        lines=sum(batch.lines for batch in batches),
        selected=all(batch.selected for batch in batches),
    )
