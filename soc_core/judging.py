"""From lines to what leaves a trace: scan, parse and ask. Nothing is stored, so that any process may do it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from soc_core.calls import Calls
from soc_core.ports import TimeSource
from soc_core.scan import Candidate, Scanner
from soc_core.stages.intake.batch import Batch
from soc_core.stages.intake.blocks import Block
from soc_core.stages.intake.ranges import Range, batches
from soc_core.stages.triage import judgement
from soc_core.stages.triage.judgement import Weighed


@attrs.frozen(kw_only=True)
class JudgedBatch(Batch):
    """A batch that is judged already; it brings no events along, only what leaves a trace."""

    weighed: Weighed


def scanner_of(calls: Calls, *, cache: Path | None) -> Scanner:
    """The declared patterns of all classifiers, compiled; those that declare none see every line."""
    classifiers = calls.classifiers()
    patterns = [(plugin, pattern) for plugin, pattern in calls.patterns() if plugin in classifiers]
    undeclared = set(classifiers) - {plugin for plugin, _ in patterns}
    return Scanner(patterns, undeclared=sorted(undeclared), cache=cache)


def candidates(scanner: Scanner, block: Block) -> Sequence[Candidate] | None:
    """The lines of a block that a plugin wants to see; None where all are wanted and there is nothing to find."""
    if not scanner.names and scanner.sees_all:
        return None
    return scanner.candidates(block.data, offset=block.offset)


def weighed(calls: Calls, scanner: Scanner, batch: Batch) -> Weighed:
    """What a batch leaves behind."""
    if isinstance(batch, JudgedBatch):
        return batch.weighed
    found = judgement.judge(calls, batch.events, see_all=scanner.sees_all if batch.selected else None)
    # Lines that nobody wants to see become no events, but they were read.
    return attrs.evolve(judgement.weighed(found), processed=batch.processed)


def judged(
    part: Range, *, calls: Calls, scanner: Scanner, clock: TimeSource, source: str | None
) -> Iterator[tuple[JudgedBatch, int]]:
    """Read and judge a part of a log; with each batch comes the place behind it."""
    for batch, end in batches(part, clock=clock, source=source, select=lambda block: candidates(scanner, block)):
        kept = JudgedBatch(
            input=batch.input,
            quarantined=batch.quarantined,
            lines=batch.lines,
            selected=batch.selected,
            weighed=weighed(calls, scanner, batch),
        )
        yield kept, end
