"""`soc run`: read logs, decide, deliver what is due, and say what came of it."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from soc_core.cli import screen
from soc_core.cli.durations import DURATION
from soc_core.cli.exits import INPUT, INTERRUPTED, OK, PARTLY
from soc_core.cli.inputs import (
    FORMAT_OPTION,
    SOURCE_OPTION,
    STDIN,
    Interrupts,
    Rejects,
    chosen,
    tell_broken,
    tell_formats,
)
from soc_core.cli.session import current
from soc_core.cli.summary import DONE, REFUSED, STOPPED, Summary
from soc_core.cli.summary import show as show_summary
from soc_core.errors import InputError
from soc_core.model.event import Course
from soc_core.model.incident import Incident
from soc_core.model.job import JobState
from soc_core.model.wording import count

if TYPE_CHECKING:  # the house brings SQLAlchemy along
    from soc_core.app import Soc
    from soc_core.stages.intake.batch import Batch
    from soc_core.stages.intake.reading import Reader
    from soc_core.stages.intake.workers import Workers
    from soc_core.stages.triage import Outcome

_TICKET_MADE = ("ticket.made", "ticket.adopted")
_GZIP = b"\x1f\x8b"
_Show = Callable[[str, int | None], None]


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--follow", is_flag=True, help="Wait for new lines, through rotation, until Ctrl-C.")
@FORMAT_OPTION
@SOURCE_OPTION
@click.option("--dry-run", is_flag=True, help="Show what would happen: nothing is kept, nothing is delivered.")
@click.option("--no-deliver", is_flag=True, help="Store what is decided, let `soc serve` or a later run deliver it.")
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that read large files."
)
@click.option("--settle", type=DURATION, default="10s", show_default=True, help="How long to wait for deliveries.")
@screen.JSON_OPTION
@click.pass_context
def run(
    ctx: click.Context,
    paths: tuple[str, ...],
    follow: bool,
    log_format: str,
    source: str | None,
    dry_run: bool,
    no_deliver: bool,
    workers: int,
    settle: timedelta,
    as_json: bool,
) -> None:
    """Read logs, open incidents, deliver tickets and messages.

    PATH is a log file, compressed or not, or - for standard input. A file that was read before is read on from where
    reading stopped.
    """
    from soc_core.stages.intake.reading import Reader  # noqa: PLC0415 - only once something is read

    if follow and workers > 1:
        raise click.UsageError("--follow reads what comes, which one process does: leave --workers out")
    session, names = current(ctx), chosen(paths, log_format)
    began = time.monotonic()
    with session.soc(in_memory=dry_run) as soc, _workers(soc, workers, source) as helpers:
        stdin = sys.stdin.buffer if STDIN in names else None
        reader = Reader(
            names,
            clock=soc.clock,
            format=log_format,
            source=source,
            saved=soc.positions(),
            stdin=stdin,
            select=soc.candidates,
            workers=helpers,
        )
        delivers = not (dry_run or no_deliver)
        work = _Work(soc, reader, tell=not session.quiet)
        if delivers:
            soc.start(services=follow)
        if follow and not session.quiet and sys.stderr.isatty():
            screen.note("Waiting for new lines; end with Ctrl-C.")
        with _progress(_size(names), quiet=session.quiet or follow) as show:
            broken, interrupted = work.read(follow=follow, show=show)
            if delivers and not interrupted:
                interrupted = not _settled(soc, settle, show)
            if delivers and not interrupted and work.outcome is not None:
                soc.batch_processed(work.outcome)
                interrupted = not _settled(soc, settle, show)
        soc.stop()
        work.rejects.close()
        ending = STOPPED if interrupted else REFUSED if broken is not None else DONE
        result = work.result(ending, dry_run=dry_run, seconds=time.monotonic() - began)
        if screen.for_programs(as_json):
            screen.emit(result.document())
        else:
            show_summary(result, soc.clock.now())
    if broken is not None:
        tell_broken(broken)
    if interrupted:
        screen.note("Interrupted: the block at hand was finished, the next run goes on from there.")
    ctx.exit(_exit_code(result, broken, interrupted=interrupted, delivers=delivers))


def _workers(soc: "Soc", number: int, source: str | None) -> "AbstractContextManager[Workers | None]":
    """Processes to read with, forked while there is no thread yet; one alone is this process."""
    from soc_core.stages.intake.workers import Workers  # noqa: PLC0415 - only once something is read

    if number == 1:
        return nullcontext()
    _ = soc.scanner  # compiled once, before the workers inherit it
    return Workers(number, lambda part: soc.read_range(part, source))


class _Work:
    """One run: reads batch after batch and keeps count."""

    def __init__(self, soc: "Soc", reader: "Reader", *, tell: bool) -> None:
        self.rejects = Rejects()
        self._soc = soc
        self._reader = reader
        self._tell = tell
        self.outcome: Outcome | None = None
        self._told: set[str] = set()
        self._tally: Counter[str] = Counter()
        self._rules: Counter[str] = Counter()
        self._opened: list[str] = []
        self._offsets: dict[str, int] = {}
        # Incidents whose ticket may be this run's doing: those it is due for from before, those it opens or adds to.
        waiting = soc.reports.jobs(JobState.READY, JobState.LEASED)
        self._touched = {job.incident for job in waiting if job.kind == "create_ticket"}
        self._entries = self._count_entries()
        self._dead = self._count_dead()

    def read(self, *, follow: bool, show: _Show) -> tuple[InputError | None, bool]:
        """Read everything; answers what could not be read, and whether somebody broke it off."""
        interrupts = Interrupts()
        try:
            with interrupts.listening():
                for batch in self._reader.follow(threading.Event()) if follow else self._reader:
                    with interrupts.held_back():
                        outcome = self._soc.take(batch)
                        self.outcome = outcome if self.outcome is None else self.outcome.plus(outcome)
                        self._count(batch, outcome)
                    words = f"{count(self._tally['read'], 'line')}, {count(len(self._opened), 'incident')}"
                    show(words, self._bytes_read(batch))
        except InputError as error:
            return error, False
        except KeyboardInterrupt:
            return None, True
        return None, False

    def result(self, ending: str, *, dry_run: bool, seconds: float) -> Summary:
        """What has come of it by now."""
        reports = self._soc.reports
        opened = [found for name in self._opened if (found := reports.incident(name)) is not None]
        due = [one for one in opened if one.kind is Course.TICKET]
        waiting = [job for job in reports.jobs(JobState.READY, JobState.LEASED) if job.dest != "core"]
        return Summary(
            tally=self._tally,
            rules=self._rules,
            opened=tuple(opened),
            tickets=tuple(due) if dry_run else self._with_new_ticket(),
            pending=0 if dry_run else len(waiting),
            missing=sum(one.ticket is None for one in due),
            dead=self._count_dead() - self._dead,
            inputs=tuple(self._told),
            ending=ending,
            dry_run=dry_run,
            seconds=seconds,
        )

    def _with_new_ticket(self) -> tuple[Incident, ...]:
        """The incidents that this run has to do with and that got their ticket since it began."""
        from soc_core.store import audit  # noqa: PLC0415 - brings SQLAlchemy along

        written = self._count_entries() - self._entries
        if not written:
            return ()
        with self._soc.database.read() as tx:
            since = audit.entries(tx, last=written)
        made = dict.fromkeys(
            entry.incident for entry in since if entry.what in _TICKET_MADE and entry.incident in self._touched
        )
        found = (self._soc.reports.incident(name) for name in made if name is not None)
        return tuple(one for one in found if one is not None and one.ticket is not None)

    def _count(self, batch: "Batch", outcome: "Outcome") -> None:
        self._tally.update(
            read=batch.lines,
            processed=batch.processed,
            quarantined=len(batch.quarantined),
            joined=outcome.joined,
            repeated=outcome.repeated,
            held=outcome.held,
        )
        self._rules.update(outcome.rules)
        new = [incident.id for incident in outcome.opened]
        self._opened += new
        self._touched.update(outcome.incident_of.values())
        self.rejects.see(batch)
        if self._tell:
            tell_formats(self._reader, (batch.input,), self._told)

    def _bytes_read(self, batch: "Batch") -> int:
        from soc_core.stages.intake.position import Position  # noqa: PLC0415 - only once something is read

        position = Position.of(batch.position) if batch.position is not None else None
        if position is not None:
            self._offsets[batch.input] = position.offset
        return sum(self._offsets.values())

    def _count_entries(self) -> int:
        from soc_core.store import audit  # noqa: PLC0415 - brings SQLAlchemy along

        with self._soc.database.read() as tx:
            return int(audit.head(tx).partition(":")[0])

    def _count_dead(self) -> int:
        return sum(number for (_, state), number in self._soc.reports.job_counts().items() if state == JobState.DEAD)


def _settled(soc: "Soc", limit: timedelta, show: _Show) -> bool:
    """Deliver what is due; False if somebody broke it off."""
    try:
        soc.settle(limit, progress=lambda left: show(f"delivering, {count(left, 'job')} left", None))
    except KeyboardInterrupt:
        return False
    return True


@contextmanager
def _progress(size: int | None, *, quiet: bool) -> Iterator[_Show]:
    """A bar that shows how far it is, where a person watches; without a size it only shows that it moves."""
    if quiet or not sys.stderr.isatty():
        yield lambda words, done: None
        return
    from rich import progress as bars  # noqa: PLC0415 - only for people
    from rich.console import Console  # noqa: PLC0415 - the same

    columns = (bars.BarColumn(), bars.TextColumn("{task.description}", markup=False), bars.TimeElapsedColumn())
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=size)
        yield lambda words, done: progress.update(task, description=words, completed=done)


def _size(names: tuple[str, ...]) -> int | None:
    """How many bytes there are to read; None where nobody can know."""
    total = 0
    for name in names:
        path = Path(name)
        if name == STDIN or not path.is_file():
            return None
        with path.open("rb") as log:
            if log.read(len(_GZIP)) == _GZIP:
                return None
        total += path.stat().st_size
    return total


def _exit_code(result: Summary, broken: InputError | None, *, interrupted: bool, delivers: bool) -> int:
    if interrupted:
        return INTERRUPTED
    if broken is not None:
        return PARTLY if result.tally["read"] else INPUT
    return PARTLY if delivers and (result.missing or result.dead) else OK
