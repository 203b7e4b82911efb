"""`soc settings`: what is set, under which names, and where each value comes from; secrets never show."""

import click

from soc_core.cli import screen
from soc_core.cli.session import Session, current

_DEFAULT = "default"


@click.command()
@click.option("--env", "by_environment", is_flag=True, help="The names in the environment, and whether they are set.")
@click.option("--origin", is_flag=True, help="Only what is no default, and where it was written.")
@screen.JSON_OPTION
@click.pass_context
def settings(ctx: click.Context, by_environment: bool, origin: bool, as_json: bool) -> None:
    """Show the settings in force, those of plugins included."""
    session, programs = current(ctx), screen.for_programs(as_json)
    if by_environment:
        _show_environment(session, programs=programs)
    else:
        _show_settings(session, only_set=origin, programs=programs)


def _show_settings(session: Session, *, only_set: bool, programs: bool) -> None:
    from soc_core.settings import origins  # noqa: PLC0415 - only here

    rows = origins(session.settings(), session.settings_classes(), session.environment())
    chosen = [row for row in rows if row.where != _DEFAULT] if only_set else list(rows)
    if programs:
        found = [{"key": row.key, "value": row.value, "origin": row.where} for row in chosen]
        screen.emit(screen.versioned(settings=found))
    elif chosen:
        screen.table(("Setting", "Value", "From"), [(row.key, row.value, row.where) for row in chosen], stretch="Value")
        screen.closing("What they mean: soc plugins info NAME")
    else:
        screen.say("Everything is a default. Write settings with: soc init")


def _show_environment(session: Session, *, programs: bool) -> None:
    from soc_core.settings import environment_names  # noqa: PLC0415 - only here

    environment, named = session.environment(), environment_names(session.settings_classes())
    if programs:
        found = [
            {"name": row.env, "setting": row.key, "set": bool(environment.get(row.env or "")), "help": row.help}
            for row in named
        ]
        screen.emit(screen.versioned(environment=found))
        return
    wide = screen.is_wide()
    rows = [
        (
            row.env,
            screen.text("set", "green") if environment.get(row.env or "") else screen.text("-", "dim"),
            row.key if wide else "",
            row.help,
        )
        for row in named
    ]
    screen.table(("Name", "Now", "Setting", "Meaning"), rows, stretch="Meaning")
