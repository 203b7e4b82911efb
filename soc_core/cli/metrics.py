"""`soc metrics`: plain numbers about incidents, promises and deliveries."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from soc_core.cli import screen
from soc_core.cli.session import current
from soc_core.model.incident import Incident, Verdict
from soc_core.model.sla import ClockState

if TYPE_CHECKING:  # brings SQLAlchemy along
    from soc_core.store.reports import StoreReports

_MOST = 100_000
_NOISY = 10
_HEADINGS = {
    "incidents": "Incidents",
    "priorities": "Priorities",
    "tickets": "Tickets",
    "sla": "Promises kept",
    "seconds_to_resolve": "Seconds from detection to resolution, on average",
    "verdicts": "Verdicts",
    "deliveries": "Deliveries",
    "shelves": "Shelves",
    "events_by_rule": "Events by rule",
}


@click.command()
@click.option("--since", metavar="YYYY-MM-DD", default="", help="Count rules from this day on.")
@screen.JSON_OPTION
@click.pass_context
def metrics(ctx: click.Context, since: str, as_json: bool) -> None:
    """Show numbers about incidents, promises and deliveries."""
    with current(ctx).reports() as reports:
        numbers = _numbers(reports, since)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(**numbers))
        return
    for heading, values in numbers.items():
        if values:
            screen.heading(_HEADINGS[heading])
            screen.facts((name.replace("_", " "), _plain(value)) for name, value in values.items())
    if not numbers["incidents"]:
        screen.say("No numbers yet. Read a log with: soc run FILE")


def _numbers(reports: "StoreReports", since: str) -> Mapping[str, Mapping[str, object]]:
    found = reports.incidents(active=False, limit=_MOST)
    now = reports.now()
    ended = [
        one.clocks["resolution"].state(now) for one in found if "resolution" in one.clocks and not one.status.active
    ]
    late = sum(1 for _ in reports.violations())
    held, quarantined = reports.shelf_sizes()
    kept = [state for state in ended if state in (ClockState.MET, ClockState.BREACHED)]
    deliveries: dict[str, object] = {
        f"{dest} {state}": number for (dest, state), number in sorted(reports.job_counts().items()) if dest != "core"
    }
    return {
        "incidents": dict(Counter(one.status.value for one in found)),
        "priorities": dict(Counter(one.priority.value for one in found)),
        "tickets": {"made": sum(one.ticket is not None for one in found)} if found else {},
        "sla": {
            "within": sum(state is ClockState.MET for state in kept),
            "missed": sum(state is ClockState.BREACHED for state in kept),
            "within_percent": round(100 * sum(state is ClockState.MET for state in kept) / len(kept), 1)
            if kept
            else None,
            "overdue_now": late,
        }
        if found
        else {},
        "seconds_to_resolve": _times(found),
        "verdicts": dict(Counter(one.verdict.value for one in found if isinstance(one.verdict, Verdict))),
        "deliveries": deliveries,
        "shelves": {"held": held, "quarantined": quarantined} if held or quarantined else {},
        "events_by_rule": dict(list(reports.noisy_rules(since).items())[:_NOISY]),
    }


def _times(found: tuple[Incident, ...]) -> Mapping[str, object]:
    """The mean time from detection to resolution, by priority."""
    spent: dict[str, list[float]] = {}
    for one in found:
        if one.resolved_at is not None:
            spent.setdefault(one.priority.value, []).append((one.resolved_at - one.detected_at).total_seconds())
    return {priority: round(sum(times) / len(times), 1) for priority, times in spent.items()}


def _plain(value: object) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)
