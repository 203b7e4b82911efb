"""`soc incident`: look at one incident, and do with it what an analyst does."""

import re
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

import click

from soc_core.cli import screen
from soc_core.cli.durations import DURATION
from soc_core.cli.session import Session, current, login
from soc_core.errors import ChangeRefused
from soc_core.model.incident import Change, Incident, Status, Update, Verdict
from soc_core.model.wording import count

if TYPE_CHECKING:  # both bring SQLAlchemy along
    from soc_core.app import Soc
    from soc_core.store.reports import StoreReports

Command = TypeVar("Command", bound=Callable[..., object])
_ID = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*-)?\d+")


class _ByItsId(click.Group):
    """Somebody who types just an id wants to see it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Read `soc incident INC-7` as `soc incident show INC-7`."""
        shown = ["show", *args] if _ID.fullmatch(args[0]) else args
        return super().resolve_command(ctx, shown)


class _Words(click.Choice[str]):
    """A choice of several words, which some join to spare themselves the quotes: false-positive."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read hyphens as blanks."""
        return super().convert(value.replace("-", " "), param, ctx)


@click.group(cls=_ByItsId)
def incident() -> None:
    """Show one incident or change it.

    ID is an incident's (INC-7, or just 7) or its ticket's key.
    """


@incident.command()
@click.argument("id")
@screen.JSON_OPTION
@click.pass_context
def show(ctx: click.Context, id: str, as_json: bool) -> None:  # noqa: A002 - the word users know
    """Show everything about an incident."""
    from soc_core.cli.story import show_facts, show_log, show_past, show_storm, story  # noqa: PLC0415 - only here

    with current(ctx).reports() as reports:
        found = known(reports, id)
        if screen.for_programs(as_json):
            screen.emit(screen.versioned(incident=story(found, reports)))
            return
        show_facts(found, reports)
        show_log(found)
        show_storm(found, reports)
        show_past(found, reports)
        screen.closing(f"Why it exists: soc explain {found.id}")


def _changing(command: Command) -> Command:
    """The options that every change has."""
    for option in (
        screen.JSON_OPTION,
        click.option("--no-deliver", is_flag=True, help="Save it; `soc serve` or the next `soc run` tells others."),
        click.option("--settle", type=DURATION, default="10s", show_default=True, help="How long to tell others."),
        click.option("--by", metavar="NAME", help="Who you are; else SOC_USER, else your login."),
    ):
        command = option(command)
    return command


@incident.command()
@click.argument("id")
@_changing
@click.pass_context
def ack(ctx: click.Context, /, id: str, **how: object) -> None:  # noqa: A002
    """Say that you have seen it; stops the response clock."""
    _change(ctx, id, Change.ACKNOWLEDGED, how)


@incident.command()
@click.argument("id")
@_changing
@click.pass_context
def investigate(ctx: click.Context, /, id: str, **how: object) -> None:  # noqa: A002
    """Begin work on it."""
    _change(ctx, id, Change.STATUS, how, new=Status.IN_PROGRESS)


@incident.command()
@click.argument("id")
@click.argument("text", nargs=-1, required=True)
@_changing
@click.pass_context
def note(ctx: click.Context, /, id: str, text: tuple[str, ...], **how: object) -> None:  # noqa: A002
    """Add a note to it."""
    _change(ctx, id, Change.NOTE, how, text=" ".join(text))


@incident.command()
@click.argument("id")
@click.argument("person")
@_changing
@click.pass_context
def assign(ctx: click.Context, /, id: str, person: str, **how: object) -> None:  # noqa: A002
    """Give it to somebody of [people]; `-` gives it to nobody."""
    people = current(ctx).settings().people
    names = [one.name for one in people]
    chosen = next((name for name in names if name.casefold() == person.casefold()), person)
    if people and chosen not in (*names, "-"):
        near = get_close_matches(person, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise ChangeRefused(f"{person!r} is not in [people]: {hint}")
    _change(ctx, id, Change.ASSIGNEE, how, new="" if chosen == "-" else chosen)


@incident.command()
@click.argument("id")
@click.option("--reason", default="", help="What was done.")
@_changing
@click.pass_context
def resolve(ctx: click.Context, /, id: str, reason: str, **how: object) -> None:  # noqa: A002
    """Say that it is fixed and waits to be verified; stops its clocks."""
    _change(ctx, id, Change.STATUS, how, new=Status.RESOLVED, text=reason)


@incident.command()
@click.argument("id")
@click.option("--reason", default="", help="Why.")
@_changing
@click.pass_context
def reopen(ctx: click.Context, /, id: str, reason: str, **how: object) -> None:  # noqa: A002
    """Go on with it; its clock counts on."""
    _change(ctx, id, Change.STATUS, how, new=Status.OPEN, text=reason)


@incident.command()
@click.argument("id")
@click.option("--reason", default="", help="Why.")
@_changing
@click.pass_context
def close(ctx: click.Context, /, id: str, reason: str, **how: object) -> None:  # noqa: A002
    """Say that it is done."""
    _change(ctx, id, Change.STATUS, how, new=Status.CLOSED, text=reason)


@incident.command()
@click.argument("id")
@click.argument("verdict", type=_Words([*(value.value for value in Verdict)], case_sensitive=False))
@_changing
@click.pass_context
def verdict(ctx: click.Context, /, id: str, verdict: str, **how: object) -> None:  # noqa: A002
    """Say what it turned out to be, such as "false positive"."""
    _change(ctx, id, Change.VERDICT, how, new=verdict)


@incident.command()
@click.argument("id")
@click.argument("other")
@click.option("--reason", default="", help="Why they are one.")
@_changing
@click.pass_context
def merge(ctx: click.Context, /, id: str, other: str, reason: str, **how: object) -> None:  # noqa: A002
    """Make one of two incidents: the younger goes on in the older."""
    session = current(ctx)
    with session.soc() as soc:
        one, two = known(soc.reports, id), known(soc.reports, other)
        update = Update(change=Change.MERGED, origin="soc", at=soc.clock.now(), actor=_by(how), new=two.id, text=reason)
        soc.change(one.id, update)
        _deliver(soc, how)
        merged = known(soc.reports, one.id).merged_into
        _show(session, soc, known(soc.reports, merged or one.id), how)


@incident.command(name="create-ticket")
@click.argument("id")
@_changing
@click.pass_context
def create_ticket(ctx: click.Context, /, id: str, **how: object) -> None:  # noqa: A002
    """Make a ticket for an alert that has none, or in place of one that is gone."""
    session = current(ctx)
    with session.soc() as soc:
        found = known(soc.reports, id)
        if not soc.request_ticket(found.id, actor=_by(how)):
            key = found.ticket.key if found.ticket else "on its way"
            screen.note(f"{found.id} has a ticket already: {key}")
        _deliver(soc, how)
        _show(session, soc, known(soc.reports, found.id), how)


def known(reports: "StoreReports", key: str) -> Incident:
    """The incident that somebody means: by id, number or ticket key, in any case of letters.

    Raises:
        ChangeRefused: There is none.
    """
    wanted = key.strip()
    tries = (f"INC-{wanted}",) if re.fullmatch(r"\d+", wanted) else (wanted, wanted.upper())
    for name in tries:
        found = reports.incident(name)
        if found is not None:
            return found
    raise ChangeRefused(f"there is no incident or ticket {wanted}; see them all with: soc incidents --all")


def _change(
    ctx: click.Context, key: str, change: Change, how: dict[str, object], *, new: str = "", text: str = ""
) -> None:
    session = current(ctx)
    with session.soc() as soc:
        found = known(soc.reports, key)
        update = Update(change=change, origin="soc", at=soc.clock.now(), actor=_by(how), new=new, text=text)
        soc.change(found.id, update)
        _deliver(soc, how)
        _show(session, soc, known(soc.reports, found.id), how)


def _deliver(soc: "Soc", how: dict[str, object]) -> None:
    settle = how["settle"]
    if how["no_deliver"] or not isinstance(settle, timedelta):
        return
    soc.start(services=False)
    left = soc.settle(settle)
    soc.stop()
    if left:
        screen.note(f"{count(left, 'delivery', 'deliveries')} wait in the store for `soc serve` or the next `soc run`.")


def _show(session: Session, soc: "Soc", found: Incident, how: dict[str, object]) -> None:
    from soc_core.cli.story import show_facts  # noqa: PLC0415 - only here
    from soc_core.store.reports import document  # noqa: PLC0415 - brings SQLAlchemy along

    if screen.for_programs(bool(how["as_json"])):
        screen.emit(screen.versioned(incident=document(found, soc.clock.now())))
    elif not session.quiet:
        show_facts(found, soc.reports)


def _by(how: dict[str, object]) -> str:
    return str(how["by"]) if how["by"] else login()
