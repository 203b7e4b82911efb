"""`soc handover`: one page for those who take over: what is open, soon late, escalated, and what makes noise."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import click

from soc_core import codec
from soc_core.cli import screen
from soc_core.cli.durations import DURATION
from soc_core.cli.session import current
from soc_core.model.incident import Incident
from soc_core.model.sla import Clock, ClockState
from soc_core.model.wording import count, due_of, span, who
from soc_core.printable import printable

if TYPE_CHECKING:  # both bring SQLAlchemy along
    from soc_core.model.figures import RuleFigures
    from soc_core.store.reports import StoreReports

_NOISIEST = 5
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")
_LONGEST = 255
_ESCAPED = re.compile(rf"\\{_SPECIAL.pattern}")


@attrs.frozen(kw_only=True)
class Handover:
    """What the next shift has to know.

    Args:
        now: When it was written.
        until: When the next shift ends.
        open: Every incident that needs work, most urgent first.
        overdue: Those whose resolution is late.
        at_risk: Those with a clock that becomes due before the shift ends, the next one first.
        escalated: The rungs that fired within the last shift, by incident.
        noisy: The rules that found most in the last shift.
    """

    now: datetime
    until: datetime
    open: tuple[Incident, ...]
    overdue: tuple[Incident, ...]
    at_risk: tuple[Incident, ...]
    escalated: Mapping[str, tuple[str, ...]]
    noisy: tuple["RuleFigures", ...]


@click.command()
@click.option("--shift", type=DURATION, default="8h", show_default=True, help="How long the next shift is.")
@click.option("--markdown", is_flag=True, help="Write Markdown; a terminal gets it without the escapes.")
@screen.JSON_OPTION
@click.pass_context
def handover(ctx: click.Context, shift: timedelta, markdown: bool, as_json: bool) -> None:
    """Write one page for the next shift.

    What is open, what becomes due before the shift ends, what was escalated and which rules were noisy in a time as
    long as the shift.
    """
    with current(ctx).reports() as reports:
        page = handover_of(reports, shift)
    if as_json or (screen.for_programs(as_json) and not markdown):
        screen.emit(screen.versioned(**document(page)))
    elif markdown:
        click.echo(as_markdown(page), nl=False)
    else:
        click.echo(_ESCAPED.sub(r"\1", as_markdown(page)), nl=False)


def handover_of(reports: "StoreReports", shift: timedelta) -> Handover:
    """What there is to hand over."""
    now = reports.now()
    until, since = now + shift, now - shift
    found = reports.incidents(limit=100_000)
    late = reports.violations()
    risky = [one for one in found if one not in late and (due := _next_due(one, now)) is not None and due <= until]
    return Handover(
        now=now,
        until=until,
        open=found,
        overdue=late,
        at_risk=tuple(sorted(risky, key=lambda one: _next_due(one, now) or until)),
        escalated=reports.escalated(since),
        noisy=tuple(one for one in reports.figures(since=since).rules if one.events)[:_NOISIEST],
    )


def document(page: Handover) -> dict[str, object]:
    """The page for programs; part of the versioned output."""
    from soc_core.store.reports import document as of_incident  # noqa: PLC0415 - brings SQLAlchemy along

    return {
        "now": codec.iso(page.now),
        "until": codec.iso(page.until),
        "open": [of_incident(one, page.now) for one in page.open],
        "overdue": [one.id for one in page.overdue],
        "at_risk": [
            {"id": one.id, "due": codec.iso(_next_due(one, page.now)), "assignee": one.assignee} for one in page.at_risk
        ],
        "escalated": {name: list(rungs) for name, rungs in page.escalated.items()},
        "noisy_rules": [
            {"rule": one.rule, "events": one.events, "incidents": one.incidents, "false_share": one.false_share}
            for one in page.noisy
        ],
    }


def as_markdown(page: Handover) -> str:
    """The page for people."""
    until = f"{page.until:%Y-%m-%d %H:%M} UTC"
    numbers = f"{count(len(page.open), 'incident')} open, {len(page.overdue)} overdue, {len(page.at_risk)} at risk"
    lines = [
        f"# Handover, {page.now:%Y-%m-%d %H:%M} UTC",
        "",
        f"{numbers} before {until}.",
        "",
        *_part("Overdue", [f"{_named(one)}: {due_of(one, page.now)}, {_holder(one)}" for one in page.overdue]),
        *_part("At risk before the shift ends", [_risk(one, page.now) for one in page.at_risk]),
        *_part("Escalated", [f"{name}: {inert(', '.join(rungs))}" for name, rungs in page.escalated.items()]),
        *_part("Open", [f"{_named(one)}: {one.status}, {_holder(one)}{_ticket(one)}" for one in page.open]),
        *_part("Noisy rules", [_noise(one) for one in page.noisy]),
    ]
    return "\n".join(lines).rstrip() + "\n"


def inert(words: str) -> str:
    """Text that stands in Markdown for nothing but itself: log text is hostile."""
    return _SPECIAL.sub(r"\\\1", " ".join(printable(words).split()))


def _part(title: str, entries: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *([f"- {entry}" for entry in entries] or ["Nothing."]), ""]


def _named(one: Incident) -> str:
    about = who(one.user, one.ip)[:_LONGEST]
    return f"**{one.id}** {inert(one.summary)}{f', {inert(about)}' if about else ''}"


def _holder(one: Incident) -> str:
    seen = "" if one.acknowledged_at is not None else ", not acknowledged"
    return f"{inert(one.assignee or 'nobody has it')}{seen}"


def _risk(one: Incident, now: datetime) -> str:
    due = _next_due(one, now)
    return f"{_named(one)}: due in {'-' if due is None else span(due - now)}, {_holder(one)}"


def _ticket(one: Incident) -> str:
    return "" if one.ticket is None else f", {inert(one.ticket.key)}"


def _noise(one: "RuleFigures") -> str:
    false = "" if one.false_share is None else f", {one.false_share:.0%} false"
    return f"{inert(one.rule)}: {count(one.events, 'event')}, {count(one.incidents, 'incident')}{false}"


def _next_due(one: Incident, now: datetime) -> datetime | None:
    running = [clock for clock in one.clocks.values() if _runs(clock, now)]
    return min((due for clock in running if (due := clock.due_at()) is not None), default=None)


def _runs(clock: Clock, now: datetime) -> bool:
    return not clock.ended and clock.state(now) is ClockState.RUNNING
