"""`soc metrics`: plain numbers about incidents, promises and deliveries."""

from collections.abc import Mapping
from datetime import datetime

import click

from soc_core.cli import screen
from soc_core.cli.durations import DAY
from soc_core.cli.session import current
from soc_core.store.numbers import numbers

_HEADINGS = {
    "incidents": "Incidents",
    "priorities": "Priorities",
    "tickets": "Tickets",
    "ticket_creation": "Tickets that were asked for",
    "tickets_per_day": "Tickets per day",
    "seconds_to_ticket": "Seconds from detection to ticket",
    "sla": "Promises kept",
    "sla_by_priority": "Promises kept, by priority",
    "seconds_to_acknowledge": "Seconds from detection to acknowledgement",
    "seconds_to_resolve": "Seconds from detection to resolution",
    "queue": "Time left to resolve",
    "next_breaches": "Due next",
    "escalations": "Escalations",
    "verdicts": "Verdicts",
    "false_positives_by_rule": "False positives by rule, percent of those judged",
    "deliveries": "Deliveries",
    "delivery_tries": "Tries to deliver",
    "seconds_to_deliver": "Seconds a try took",
    "shelves": "Shelves",
    "heartbeat": "Sign of life",
    "events_by_rule": "Events by rule",
}


@click.command()
@click.option(
    "--since",
    metavar="YYYY-MM-DD",
    type=DAY,
    help="Count from this day on (UTC). What stands now, such as the queue, is always whole.",
)
@screen.JSON_OPTION
@click.pass_context
def metrics(ctx: click.Context, since: datetime | None, as_json: bool) -> None:
    """Show numbers about incidents, promises and deliveries."""
    with current(ctx).reports() as reports:
        found = reports.figures(since=since)
    shown = numbers(found)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(**shown))
        return
    for heading, values in shown.items():
        if values:
            screen.heading(_HEADINGS[heading])
            screen.facts((name.replace("_", " "), _plain(value)) for name, value in values.items())
    if not shown["incidents"]:
        screen.say("No numbers yet. Read a log with: soc run FILE")


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in value.items())
    return "-" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)
