"""Batches: what some blocks of a log came to, every line accounted for as processed or in quarantine.

First the lines that somebody wants are taken out of a block, then those of several blocks are parsed in one go:
parsing between two scans would find the processor's caches empty each time, and take half as long again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import attrs

from soc_core.errors import InputError
from soc_core.model.event import Event
from soc_core.scan import Candidate
from soc_core.stages.intake.blocks import HEAD_KEPT, Block, Line, Piece
from soc_core.stages.intake.formats import STRICT, LineEvent, Origin, parse
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.misfits import misfits
from soc_core.stages.intake.position import CURSOR

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
    """A block or a refused line, and what is to be parsed of it.

    Args:
        piece: Where the lines are from.
        lines: The lines that become events, and those of a strict format that are not in it.
        format: What to parse them as.
        identity: What the ids of their events begin with; None where lines have no identity.
        received: When the block arrived.
        position: Where reading goes on behind it.
        selected: Whether a scan selected the lines.
    """

    piece: Piece
    lines: Sequence[Line | Candidate] = ()
    format: str = "auto"
    identity: str | None = None
    received: datetime
    position: str | None = None
    selected: bool = False


def taken(
    piece: Piece,
    format: str,  # noqa: A002  # the word users know from --format
    *,
    select: Select | None,
    identity: str | None,
    received: datetime,
    position: str | None,
) -> Taken:
    """Take out of a piece what is to be parsed: what is selected, or all of it where nothing selects."""
    if not isinstance(piece, Block):
        return Taken(piece=piece, received=received, position=position)
    selected = None if select is None else select(piece)
    lines: Iterable[Line | Candidate] = piece.lines() if selected is None else misfits(piece, selected, format)
    return Taken(
        piece=piece,
        lines=tuple(lines),
        format=format,
        identity=identity,
        received=received,
        position=position,
        selected=selected is not None,
    )


def parsed(pieces: Sequence[Taken], *, source: str | None = None, severities: Severities = SEVERITIES) -> Batch:
    """The events of pieces that follow one another in one log."""
    events: list[Event] = []
    quarantined: list[Quarantined] = []
    lines = 0
    for one in pieces:
        piece = one.piece
        if not isinstance(piece, Block):
            quarantined.append(
                Quarantined(line_number=piece.number, offset=piece.offset, reason=piece.reason, data_head=piece.head)
            )
            lines += 1
            continue
        lines += piece.count
        origin = Origin(
            received=one.received, format=one.format, source=source, identity=one.identity, severities=severities
        )
        for line in one.lines:
            if not line.data.strip():
                continue
            try:
                event = _event(line, origin)
                if not one.selected or isinstance(line, Candidate):
                    events.append(event)
            except InputError as error:
                number = piece.line_at(line.offset - piece.offset).number
                quarantined.append(
                    Quarantined(
                        line_number=number, offset=line.offset, reason=str(error), data_head=line.data[:HEAD_KEPT]
                    )
                )
    last = pieces[-1]
    return Batch(
        input=last.piece.input,
        events=tuple(events),
        quarantined=tuple(quarantined),
        lines=lines,
        position=last.position,
        selected=all(one.selected for one in pieces),
    )


def _event(line: Line | Candidate, origin: Origin) -> Event:
    hits = line.hits if isinstance(line, Candidate) else _NO_HITS
    if origin.format not in STRICT:
        return LineEvent.of(line.data, line.offset, origin, hits)
    return parse(
        line.data,
        received=origin.received,
        format=origin.format,
        source=origin.source,
        id=origin.id_of(line.data, line.offset),
        severities=origin.severities,
        hits=hits,
    )
