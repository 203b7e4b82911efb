"""`soc jira`: try the connection, make a test ticket, list what is open or overdue, print a fitting mapping."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from soc_core import Grade, printable
from soc_jira.desk import Desk
from soc_jira.mapping import mapping_toml
from soc_jira.overview import OpenTicket
from soc_jira.trial import trial_incident

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON even on a terminal.")


def add_commands(cli: click.Group, desk: Desk) -> None:
    """Add `soc jira` and what is below it."""

    @cli.group(name="jira")
    def group() -> None:
        """Try and inspect the connection to JIRA."""

    @group.command()
    @_JSON
    @click.pass_context
    def test(ctx: click.Context, as_json: bool) -> None:
        """Prove the connection step by step."""
        results = [(check.name, check.run()) for check in desk.examination.checks(_now)]
        if _wants_json(as_json):
            shown = [
                {"name": name, "grade": result.grade.value, "text": result.text, "cure": result.cure}
                for name, result in results
            ]
            _print_json({"schema": 1, "checks": shown})
        else:
            for name, result in results:
                click.echo(printable(f"{result.grade.value.upper():4}  {name}: {result.text}"))
                if result.cure:
                    click.echo(printable(f"      cure: {result.cure}"))
        ctx.exit(1 if any(result.grade is Grade.FAIL for _, result in results) else 0)

    @group.command(name="test-incident")
    @_JSON
    def test_incident(as_json: bool) -> None:
        """Make a ticket that says it is a test."""
        incident = trial_incident(_now())
        ticket = desk.tickets.create(incident)
        if _wants_json(as_json):
            _print_json(
                {"schema": 1, "ticket_id": ticket.key, "ticket_url": ticket.url, "priority": incident.priority.value}
            )
        else:
            click.echo(printable(f"{ticket.key} was made: {ticket.url}"))

    @group.command(name="open")
    @_JSON
    def open_(as_json: bool) -> None:
        """List our tickets that are not done, by JIRA's own word."""
        _list(desk.open_tickets(), as_json=as_json, nothing="No open tickets.")

    @group.command()
    @_JSON
    def violations(as_json: bool) -> None:
        """List our tickets that are overdue."""
        now = _now()
        late = [ticket for ticket in desk.open_tickets() if ticket.overdue(now)]
        _list(late, as_json=as_json, nothing="No SLA is violated.")

    @group.command(name="mapping")
    def mapping_() -> None:
        """Print the [plugins.jira] table that fits the project."""
        click.echo(mapping_toml(desk.directory, desk.settings), nl=False)


def _now() -> datetime:
    return datetime.now(UTC)


def _list(tickets: Sequence[OpenTicket], *, as_json: bool, nothing: str) -> None:
    if _wants_json(as_json):
        _print_json({"schema": 1, "tickets": [_row(ticket) for ticket in tickets]})
        return
    for ticket in tickets:
        due = "" if ticket.due is None else f"due {ticket.due:%Y-%m-%d %H:%M} UTC"
        parts = (ticket.ticket_id, ticket.priority, ticket.status, ticket.assignee or "nobody", due, ticket.summary)
        click.echo(printable("  ".join(part for part in parts if part)))
    if not tickets:
        click.echo(nothing)


def _row(ticket: OpenTicket) -> dict[str, object]:
    return {
        "ticket_id": ticket.ticket_id,
        "ticket_url": ticket.ticket_url,
        "summary": ticket.summary,
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee": ticket.assignee or None,
        "due": None if ticket.due is None else ticket.due.isoformat(),
    }


def _wants_json(asked: bool) -> bool:
    return asked or not sys.stdout.isatty()


def _print_json(document: dict[str, object]) -> None:
    click.echo(json.dumps(document))
