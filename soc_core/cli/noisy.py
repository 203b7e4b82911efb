"""`soc rules noisy`: which rules make the work, by their shares of events, incidents and tickets."""

from datetime import datetime

import click

from soc_core.cli import screen
from soc_core.cli.durations import DAY
from soc_core.cli.session import current
from soc_core.model.wording import count


@click.command()
@click.option(
    "--since",
    metavar="YYYY-MM-DD",
    type=DAY,
    help="Count from this day on (UTC).",
)
@screen.JSON_OPTION
@click.pass_context
def noisy(ctx: click.Context, since: datetime | None, as_json: bool) -> None:
    """Show each rule's share of the tickets and incidents.

    The rules with the most tickets come first, then those with the most incidents and events.
    """
    with current(ctx).reports() as reports:
        rules = sorted(
            reports.figures(since=since).rules,
            key=lambda one: (-one.tickets, -one.incidents, -one.events, one.rule),
        )
    tickets, incidents = sum(one.tickets for one in rules), sum(one.incidents for one in rules)
    if screen.for_programs(as_json):
        rows = [
            {
                "rule": one.rule,
                "events": one.events,
                "incidents": one.incidents,
                "tickets": one.tickets,
                "share_of_incidents": _share(one.incidents, incidents),
                "share_of_tickets": _share(one.tickets, tickets),
                "false_share": one.false_share,
            }
            for one in rules
        ]
        screen.emit(screen.versioned(rules=rows))
        return
    cells = [
        (
            one.rule,
            f"{one.events:,}",
            f"{one.incidents:,}",
            _percent(_share(one.incidents, incidents)),
            f"{one.tickets:,}",
            _percent(_share(one.tickets, tickets)),
            _percent(one.false_share),
        )
        for one in rules
    ]
    columns = ("Rule", "Events", "Incidents", "Share", "Tickets", "Share", "False")
    screen.table(columns, cells, stretch="Rule", right=columns[1:])
    screen.closing(
        f"{count(tickets, 'ticket')} of {count(incidents, 'incident')}. Switch a rule off in soc.toml: "
        '[plugins.rules] disable = ["RULE"]'
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"
