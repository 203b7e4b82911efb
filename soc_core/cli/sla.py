"""`soc sla`: what is due when, and what is late."""

from collections.abc import Sequence
from datetime import datetime

import click

from soc_core import codec
from soc_core.cli import screen
from soc_core.cli.incident import known
from soc_core.cli.incidents import subject
from soc_core.cli.session import current
from soc_core.model.incident import Incident
from soc_core.model.sla import Clock
from soc_core.model.wording import count, due, local, span

_VIOLATIONS = "violations"
_NAMES = ("response", "resolution")


@click.command()
@click.argument("what", metavar="[ID|violations]", required=False)
@screen.JSON_OPTION
@click.pass_context
def sla(ctx: click.Context, what: str | None, as_json: bool) -> None:
    """Show what is due when, and what is late.

    Without an argument of all active incidents, with ID of one, with `violations` of those that are late.
    """
    programs = screen.for_programs(as_json)
    with current(ctx).reports() as reports:
        now = reports.now()
        if what is not None and what != _VIOLATIONS:
            found = known(reports, what)
            if programs:
                screen.emit(screen.versioned(id=found.id, sla=_clocks(found, now, history=True)))
            else:
                _show_one(found, now)
            return
        late = what == _VIOLATIONS
        chosen = reports.violations() if late else _by_due([one for one in reports.incidents() if one.clocks])
        if programs:
            rows = [{"id": one.id, "summary": one.summary, "sla": _clocks(one, now)} for one in chosen]
            screen.emit(screen.versioned(**{_VIOLATIONS if late else "incidents": rows}))
        elif chosen:
            _show_all(chosen, now)
        else:
            screen.say("Nothing is late." if late else "No clock runs. See what there is with: soc incidents")


def _show_all(chosen: Sequence[Incident], now: datetime) -> None:
    wide = screen.is_wide()
    columns = ("Incident", "Priority", "What", "Response", "Resolution", "Used", "Assignee")
    rows = [
        (
            one.id,
            screen.priority(one.priority),
            subject(one, wide=wide),
            _standing(one.clocks.get("response"), now),
            _standing(one.clocks.get("resolution"), now),
            _share(one.clocks.get("resolution"), now),
            (one.assignee or "-") if wide else "",
        )
        for one in chosen
    ]
    screen.table(columns, rows, stretch="What", right=("Used",))
    screen.closing(f"{count(len(chosen), 'incident')}, the most pressing first.")


def _show_one(found: Incident, now: datetime) -> None:
    screen.say(f"{found.id}  {found.summary}", "bold")
    if not found.clocks:
        screen.say("It has no clock: it is an alert without a ticket, or no plugin promises anything.")
    for name, clock in found.clocks.items():
        screen.heading(name.capitalize())
        at = clock.due_at()
        screen.facts(
            [
                ("Stands", _standing(clock, now)),
                ("Promised", span(clock.target.duration)),
                ("Calendar", clock.target.calendar.name if clock.target.calendar else "around the clock"),
                ("Used", f"{span(clock.used(now))} ({_share(clock, now)})"),
                ("Due", local(at) if at else "when the clock runs again"),
                ("Pauses in", ", ".join(sorted(clock.target.pauses))),
            ]
        )
        screen.facts(
            (local(tick.at), f"{tick.move}: {tick.reason}" if tick.reason else tick.move) for tick in clock.history
        )


def _clocks(found: Incident, now: datetime, *, history: bool = False) -> dict[str, object]:
    return {name: _clock(found.clocks.get(name), now, history=history) for name in _NAMES}


def _clock(clock: Clock | None, now: datetime, *, history: bool) -> dict[str, object] | None:
    if clock is None:
        return None
    document: dict[str, object] = {
        "due": codec.iso(clock.due_at()),
        "state": clock.state(now).value,
        "target_seconds": clock.target.duration.total_seconds(),
        "used_seconds": round(clock.used(now).total_seconds(), 3),
    }
    if history:
        document["history"] = [
            {"at": codec.iso(tick.at), "move": tick.move.value, "reason": tick.reason} for tick in clock.history
        ]
    return document


def _standing(clock: Clock | None, now: datetime) -> object:
    words = due(clock, now)
    return screen.text(words, "bold red" if "overdue" in words or words == "missed" else "")


def _share(clock: Clock | None, now: datetime) -> str:
    return "" if clock is None else f"{clock.share_used(now):.0%}"


def _by_due(found: Sequence[Incident]) -> list[Incident]:
    def key(one: Incident) -> tuple[bool, float]:
        at = one.clocks["resolution"].due_at() if "resolution" in one.clocks else None
        return at is None, at.timestamp() if at is not None else 0

    return sorted(found, key=key)
