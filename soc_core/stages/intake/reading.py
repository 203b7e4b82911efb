"""Reading logs into batches of events, with every line accounted for: processed or in quarantine, none lost between.

A batch is stored in one transaction together with its position: whatever happens, reading goes on behind what was
stored.
"""

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import BinaryIO, TypeVar

import attrs

from soc_core.errors import InputError
from soc_core.ports import Stop, TimeSource
from soc_core.stages.intake.batch import Batch, Select, Taken, parsed, taken
from soc_core.stages.intake.blocks import Block, Piece
from soc_core.stages.intake.files import STDIN, Limits, LogFile, check
from soc_core.stages.intake.formats import STRICT, Origin, detect, known_format
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.position import saved_positions
from soc_core.stages.intake.ranges import EVENTS
from soc_core.stages.intake.workers import Workers

SAMPLE = 20  # lines that a log's format is told by
POLL = 0.5  # seconds between looks at a log that is followed
_T = TypeVar("_T")
_PIECES = 512  # that are gathered into one batch at most
_BLOCKS = 32  # the same where each is kept whole, to number its lines by


class Reader:
    """Reads logs in the order they are named, once to their end or for ever.

    Args:
        paths: Files, `.gz` files, or `-` for `stdin`.
        clock: Says when a block arrived.
        format: One of `FORMATS`; `auto` looks at each log's first lines, and `format_chosen` tells what it took.
        source: The source of all events, whatever the lines say.
        select: Finds the lines of a block that become events; None from it, or without it, takes them all.
        workers: Read the bulk of large files side by side; what they answer comes in order all the same.
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
        select: Select | None = None,
        workers: Workers | None = None,
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
        self._workers = workers
        self._chosen: dict[str, str] = {}
        self._log: LogFile | None = None
        check(self._paths)

    def __iter__(self) -> Iterator[Batch]:
        """Everything that is there, to the end."""
        workers = self._workers
        if workers is None:
            return self._gathered(self.pieces())
        return self._one_by_one(lambda log: self._shared(log, workers))

    def follow(self, stop: Stop, *, poll: float = POLL) -> Iterator[Batch]:
        """Everything that is there and everything that comes, through rotation, until `stop`."""
        return self._gathered(self.pieces_as_they_come(stop, poll=poll))

    def format_chosen(self, name: str) -> str | None:
        """The format that a log was taken for; None before its first line."""
        return self._chosen.get(name)

    def pieces(self) -> Iterator[Piece]:
        """The logs' blocks, and the lines that cannot be in one; `batch` must see each before the next is asked for."""
        return self._one_by_one(self._whole)

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
                    if log.position is None or log.packed or log.name not in self._paths:
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

    def batch(self, piece: Piece) -> Batch:
        """The events of one piece, of all its lines or of those that are selected."""
        return parsed([self._taken(piece)])

    def _one_by_one(self, read: Callable[[LogFile], Iterator[_T]]) -> Iterator[_T]:
        """What each log holds; one that turns out to be no log keeps no other from being read, and is told of then."""
        refused: list[str] = []
        for path in self._paths:
            log = self._open(path)
            try:
                yield from read(log)
            except InputError as error:
                refused.append(str(error))
            finally:
                log.close()
        if refused:
            raise InputError("\n".join(refused))

    def _shared(self, log: LogFile, workers: Workers) -> Iterator[Batch]:
        """A log in batches, most of what a large one holds read by workers."""
        large = log.large(workers.size)
        if large:  # the first block says what kind of log it is
            yield from self._gathered(islice(self._there(log), 1))
            log.passed()
        if large and log.name in self._chosen:
            for batch, end in workers(log.parts(workers.size, self._parsed_as(log.name))):
                before = log.passed(end, batch.lines)
                yield attrs.evolve(
                    batch,
                    position=None if log.position is None else log.position.text(),
                    quarantined=tuple(
                        attrs.evolve(bad, line_number=before + bad.line_number) for bad in batch.quarantined
                    ),
                )
        yield from self._gathered(self._whole(log))

    def _gathered(self, pieces: Iterable[Piece | None]) -> Iterator[Batch]:
        """One batch for several pieces in which a scan found little: a transaction for each would take most time.

        Nothing is held back while reading waits for more, as it may with standard input.
        """
        gathered: list[Taken] = []
        weight = 0
        try:
            for piece in pieces:
                one = None if piece is None else self._taken(piece)
                if gathered and (one is None or one.input != gathered[0].input):
                    yield parsed(gathered)
                    gathered, weight = [], 0
                if one is None:
                    continue
                gathered.append(one)
                weight += len(one.lines)
                waits = self._log is None or self._log.identity is None
                most = _PIECES if one.block is None else _BLOCKS
                if waits or not one.selected or len(gathered) >= most or weight >= EVENTS:
                    yield parsed(gathered)
                    gathered, weight = [], 0
        except InputError:
            if gathered:  # what was read before the trouble is kept
                yield parsed(gathered)
            raise
        if gathered:
            yield parsed(gathered)

    def _taken(self, piece: Piece) -> Taken:
        log = self._log
        origin = Origin(
            received=self._clock.now(),
            format=self._format_of(piece) if isinstance(piece, Block) else "auto",
            source=self._source,
            identity=None if log is None else log.identity,
            severities=self._severities,
        )
        return taken(piece, origin, select=self._select, position=None if log is None else log.position)

    def _format_of(self, block: Block) -> str:
        """What to parse a block's lines as: strictly only where the log is of a strict format."""
        if self._format != "auto":
            return self._chosen.setdefault(block.input, self._format)
        if block.input not in self._chosen:
            self._chosen[block.input] = detect(
                list(islice((line.data for line in block.lines() if line.data.strip()), SAMPLE))
            )
        return self._parsed_as(block.input)

    def _parsed_as(self, name: str) -> str:
        chosen = self._chosen[name]
        return chosen if self._format != "auto" or chosen in STRICT else "auto"

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
