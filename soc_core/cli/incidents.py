"""`soc incidents`: what has to be worked on, most urgent first."""

from collections.abc import Sequence
from datetime import datetime

import click

from soc_core.cli import screen
from soc_core.cli.session import current
from soc_core.model.incident import Incident
from soc_core.model.wording import count, due_of


@click.command()
@click.option("--all", "everything", is_flag=True, help="Resolved and closed ones as well.")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="At most so many.")
@screen.JSON_OPTION
@click.pass_context
def incidents(ctx: click.Context, everything: bool, limit: int, as_json: bool) -> None:
    """List the incidents that need work, most urgent first."""
    from soc_core.store.reports import document  # noqa: PLC0415 - brings SQLAlchemy along

    with current(ctx).reports() as reports:
        now = reports.now()
        found = reports.incidents(active=not everything, limit=limit)
        if screen.for_programs(as_json):
            screen.emit(screen.versioned(incidents=[document(incident, now) for incident in found]))
        elif found:
            show(found, now)
            screen.closing(f"{_closing(found, limit)}")
        elif everything or not reports.incidents(active=False, limit=1):
            screen.say("No incidents yet. Read a log with: soc run FILE")
        else:
            screen.say("No incident needs work. See the finished ones with: soc incidents --all")


def show(found: Sequence[Incident], now: datetime) -> None:
    """Print a table of incidents."""
    wide = screen.is_wide()
    columns = ("Incident", "Priority", "Status", "What", "Events", "Assignee", "Due", "Ticket")
    rows = [
        (
            incident.id,
            screen.priority(incident.priority),
            incident.status,
            subject(incident, wide=wide),
            f"{incident.count:,}" if wide else "",
            (incident.assignee or "-") if wide else "",
            _due(incident, now),
            incident.ticket.key if incident.ticket else "-",
        )
        for incident in found
    ]
    screen.table(columns, rows, stretch="What", right=("Events",))


def subject(incident: Incident, *, wide: bool) -> str:
    """What it is and whom it is about, as one night of attacks is many lines that are else alike."""
    about = incident.ip or incident.user or incident.host
    named = f"{incident.label} - {incident.source}" if wide or not about else incident.source
    return f"{named}, {about}" if about else named


def _due(incident: Incident, now: datetime) -> object:
    words = due_of(incident, now)
    return screen.text(words, "bold red" if "overdue" in words or words == "missed" else "")


def _closing(found: Sequence[Incident], limit: int) -> str:
    first = found[0].id
    more = f" (the first {limit:,}; more with --limit)" if len(found) == limit else ""
    return f"{count(len(found), 'incident')}{more}. Look closer with: soc incident show {first}"
