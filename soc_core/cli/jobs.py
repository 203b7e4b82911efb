"""`soc jobs`: what waits to be delivered, what was given up, and another try for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import click

from soc_core import codec
from soc_core.cli import screen
from soc_core.cli.exits import FINDINGS
from soc_core.cli.session import Session, current, login
from soc_core.model.job import Job, JobState
from soc_core.model.wording import count, span

if TYPE_CHECKING:  # brings SQLAlchemy along
    from datetime import datetime

    from sqlalchemy import Connection

_LIVE = (JobState.READY, JobState.LEASED, JobState.DEAD)
_TIMERS = "core"


class _Settle(Protocol):
    def __call__(self, tx: "Connection", ids: Iterable[int], now: "datetime", *, actor: str) -> tuple[int, ...]: ...


@click.group()
def jobs() -> None:
    """Show, retry or discard deliveries that were given up."""


@jobs.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Those that are done and the house's own timers as well.")
@screen.JSON_OPTION
@click.pass_context
def list_jobs(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List what was given up and what waits."""
    with current(ctx).reports() as reports:
        now = reports.now()
        found = reports.jobs(*(() if everything else _LIVE))
        chosen = [job for job in found if everything or job.dest != _TIMERS]
        if screen.for_programs(as_json):
            screen.emit(screen.versioned(jobs=[_document(job) for job in chosen]))
        elif chosen:
            _show(chosen, now)
        else:
            screen.say("Nothing waits and nothing was given up.")


@jobs.command()
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every one that was given up.")
@screen.JSON_OPTION
@click.pass_context
def retry(ctx: click.Context, ids: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Give dead letters another chance: `soc serve` or the next `soc run` delivers them."""
    from soc_core.store import letters  # noqa: PLC0415 - brings SQLAlchemy along

    _settle(ctx, ids, everything=everything, as_json=as_json, what="retried", how=letters.retry)


@jobs.command()
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every one that was given up.")
@screen.JSON_OPTION
@click.pass_context
def discard(ctx: click.Context, ids: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Drop dead letters for good."""
    from soc_core.store import letters  # noqa: PLC0415 - brings SQLAlchemy along

    _settle(ctx, ids, everything=everything, as_json=as_json, what="discarded", how=letters.discard)


def _settle(
    ctx: click.Context,
    ids: tuple[int, ...],
    *,
    everything: bool,
    as_json: bool,
    what: str,
    how: "_Settle",
) -> None:
    if bool(ids) == everything:
        raise click.UsageError("Name the ids of dead letters (soc jobs list), or say --all.")
    session = current(ctx)
    with session.reports() as reports:
        now = reports.now()
        wanted = [job.id for job in reports.jobs(JobState.DEAD)] if everything else list(dict.fromkeys(ids))
        with reports.database.write() as tx:
            changed = list(how(tx, wanted, now, actor=login()))
    missed = [number for number in wanted if number not in changed]
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(**{what: changed, "unknown": missed}))
    else:
        _tell(session, changed, missed, what)
    ctx.exit(FINDINGS if missed else 0)


def _tell(session: Session, changed: list[int], missed: list[int], what: str) -> None:
    if missed:
        screen.say(f"No dead letter: {', '.join(map(str, missed))}. See them with: soc jobs list", "red")
    if not session.quiet:
        screen.say(f"{count(len(changed), 'dead letter')} {what}.")
        if changed and what == "retried":
            screen.say("Deliver now with: soc run /dev/null", "dim")


def _show(chosen: list[Job], now: "datetime") -> None:
    columns = ("Job", "State", "Incident", "For", "What", "Tries", "When", "Why")
    rows = [
        (
            job.id,
            screen.text(
                "given up" if job.state is JobState.DEAD else job.state,
                "bold red" if job.state is JobState.DEAD else "",
            ),
            job.incident or "",
            job.dest,
            job.kind,
            job.attempts,
            _when(job, now),
            job.last_error,
        )
        for job in chosen
    ]
    screen.table(columns, rows, stretch="Why", right=("Job", "Tries"), wrap=True)
    dead = sum(job.state is JobState.DEAD for job in chosen)
    screen.closing(f"{count(len(chosen), 'job')}, {dead} given up.")
    if dead:
        screen.say("Try them again when the cause is cured: soc jobs retry --all", "dim")


def _when(job: Job, now: "datetime") -> str:
    if job.state is not JobState.READY:
        return ""
    return "due" if job.not_before <= now else f"in {span(job.not_before - now)}"


def _document(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "state": job.state.value,
        "incident": job.incident,
        "dest": job.dest,
        "kind": job.kind,
        "attempts": job.attempts,
        "not_before": codec.iso(job.not_before),
        "maybe_sent_at": codec.iso(job.maybe_sent_at),
        "last_error": job.last_error,
    }
