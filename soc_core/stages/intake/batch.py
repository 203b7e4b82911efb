"""Batches: what some blocks of a log came to, every line accounted for as processed or in quarantine.

First the lines that somebody wants are taken out of a block, then those of several blocks are parsed in one go:
parsing between two scans would find the processor's caches empty each time, and take half as long again.
"""

from collections.abc import Callable, Iterable, Sequence

import attrs

from soc_core.errors import InputError
from soc_core.model.event import Event
from soc_core.scan import Candidate
from soc_core.stages.intake.blocks import HEAD_KEPT, Block, Line, Piece, Refused
from soc_core.stages.intake.formats import STRICT, Origin, line_events
from soc_core.stages.intake.misfits import misfits
from soc_core.stages.intake.position import CURSOR, Position

Select = Callable[[Block], Sequence[Candidate] | None]
_NO_HITS: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Quarantined:
    """A line that could not be read, where it is, and why."""

    line_number: int
    offset: int
    reason: str
    data_head: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Batch:
    """What some blocks of a log came to.

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


@attrs.frozen(kw_only=True)
class Taken:
    """What is to be parsed of a block, or a line that was refused before.

    Args:
        input: Where it is from.
        origin: What the events of the lines have in common.
        count: How many lines there were.
        lines: The lines that become events, and those of a strict format that are not in it.
        refused: The line that was refused.
        block: The whole block, to number the lines of a strict format by; other formats refuse none.
        position: Where reading goes on behind it.
        selected: Whether a scan selected the lines.
    """

    input: str
    origin: Origin
    count: int = 1
    lines: Sequence[Line | Candidate] = ()
    refused: Refused | None = None
    block: Block | None = None
    position: Position | None = None
    selected: bool = False


def taken(piece: Piece, origin: Origin, *, select: Select | None, position: Position | None) -> Taken:
    """Take out of a piece what is to be parsed: what is selected, or all of it where nothing selects."""
    if not isinstance(piece, Block):
        return Taken(input=piece.input, origin=origin, refused=piece, position=position)
    selected = None if select is None else select(piece)
    lines: Iterable[Line | Candidate] = piece.lines() if selected is None else misfits(piece, selected, origin.format)
    return Taken(
        input=piece.input,
        origin=origin,
        count=piece.count,
        lines=tuple(lines),
        block=piece if origin.format in STRICT else None,
        position=position,
        selected=selected is not None,
    )


def parsed(pieces: Sequence[Taken]) -> Batch:
    """The events of pieces that follow one another in one log."""
    events: list[Event] = []
    quarantined: list[Quarantined] = []
    for one in pieces:
        if (bad := one.refused) is not None:
            quarantined.append(
                Quarantined(line_number=bad.number, offset=bad.offset, reason=bad.reason, data_head=bad.head)
            )
        origin, block = one.origin, one.block
        lines = [line for line in one.lines if line.data and not line.data.isspace()]
        # Where every line is wanted, so are its parts.
        for line, event in _read(lines, origin, whole=block is not None or not one.selected):
            if isinstance(event, InputError):
                if block is None:  # no strict format, so none refuses
                    raise event
                quarantined.append(_quarantined(line, block, str(event)))
            elif isinstance(line, Candidate) or block is None or not one.selected:
                events.append(event)
    last = pieces[-1]
    return Batch(
        input=last.input,
        events=tuple(events),
        quarantined=tuple(quarantined),
        lines=sum(one.count for one in pieces),
        position=None if last.position is None else last.position.text(),
        selected=all(one.selected for one in pieces),
    )


def _read(
    lines: Sequence[Line | Candidate], origin: Origin, *, whole: bool
) -> Sequence[tuple[Line | Candidate, Event | InputError]]:
    """Lines with their events, read kind by kind where in full: each kind takes its own way through the code."""
    alike = sorted(lines, key=lambda line: line.data[:1]) if whole else lines
    hits = [line.hits if isinstance(line, Candidate) else _NO_HITS for line in alike]
    events = line_events([line.data for line in alike], [line.offset for line in alike], hits, origin, whole=whole)
    read = list(zip(alike, events, strict=True))
    return sorted(read, key=lambda one: one[0].offset) if whole else read


def _quarantined(line: Line | Candidate, block: Block, reason: str) -> Quarantined:
    number = block.line_at(line.offset - block.offset).number
    return Quarantined(line_number=number, offset=line.offset, reason=reason, data_head=line.data[:HEAD_KEPT])
