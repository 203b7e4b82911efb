"""`soc audit`: the trail of everything that changed, and whether it is intact."""

import click

from soc_core.cli import screen
from soc_core.cli.exits import FINDINGS
from soc_core.cli.incident import known
from soc_core.cli.session import current
from soc_core.model.wording import local


@click.group()
def audit() -> None:
    """Show the audit trail, or verify that nobody changed it."""


@audit.command()
@click.argument("incident", required=False)
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help="Only so many, the latest.")
@screen.JSON_OPTION
@click.pass_context
def show(ctx: click.Context, incident: str | None, last: int, as_json: bool) -> None:
    """Show the latest entries, of all incidents or of one."""
    from soc_core.cli.story import entry_document  # noqa: PLC0415 - only here
    from soc_core.store import audit as trail  # noqa: PLC0415 - brings SQLAlchemy along
    from soc_core.store.story import line_of  # noqa: PLC0415 - the same

    with current(ctx).reports() as reports:
        about = known(reports, incident).id if incident else None
        with reports.database.read() as tx:
            entries = trail.entries(tx, incident=about, last=last)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(entries=[entry_document(entry) for entry in entries]))
    elif entries:
        rows = [
            (entry.seq, local(entry.at), entry.incident or "", entry.what, entry.actor, line_of(entry).details)
            for entry in entries
        ]
        columns = ("No.", "When", "Incident", "What", "Who", "Details")
        screen.table(columns, rows, stretch="Details", right=("No.",))
    else:
        screen.say("Nothing has happened yet.")


@audit.command()
@click.option("--anchor", metavar="NUMBER:HASH", help="A head that was kept elsewhere; shows a rewritten or cut trail.")
@click.option("--head", is_flag=True, help="Print the head to keep elsewhere, after verifying.")
@screen.JSON_OPTION
@click.pass_context
def verify(ctx: click.Context, anchor: str | None, head: bool, as_json: bool) -> None:
    """Verify the chain of hashes; ends with 1 and names the first entry that is wrong."""
    from soc_core.store import audit as trail  # noqa: PLC0415 - brings SQLAlchemy along

    number, _, digest = (anchor or "").partition(":")
    if anchor is not None and not (number.isdecimal() and digest):
        raise click.UsageError("--anchor is NUMBER:HASH, as `soc audit verify --head` prints it.")
    with current(ctx).reports() as reports:
        flaw = reports.audit_flaw(anchor)
        with reports.database.read() as tx:
            last = trail.head(tx)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(intact=flaw is None, flaw=flaw, head=last))
    else:
        entries = int(last.partition(":")[0])
        screen.say(
            f"The audit trail is intact: {entries:,} entries." if flaw is None else flaw,
            "" if flaw is None else "bold red",
        )
        if head:
            screen.say(last)
        elif flaw is None:
            screen.say("Keep its head elsewhere, and a rewritten trail shows as well: soc audit verify --head", "dim")
    ctx.exit(0 if flaw is None else FINDINGS)
