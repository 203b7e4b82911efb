"""`soc help`: all commands, those of plugins included."""

import click


@click.command(name="help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help(ctx: click.Context, words: tuple[str, ...]) -> None:  # noqa: A001 - the command's name
    """Show all commands, those of plugins included."""
    # The group is the program's own; it is asked through click, as importing it would go round in a circle.
    top = ctx.find_root()
    ask_plugins = getattr(top.command, "ask_plugins", None)
    if ask_plugins is not None and not words:
        ask_plugins(ctx)
    place: click.Context = top
    rest = list(words)
    while rest and isinstance(place.command, click.Group):
        name, command, rest = place.command.resolve_command(place, rest)
        if command is None:
            break
        place = click.Context(command, info_name=name, parent=place)
    click.echo(place.get_help())
