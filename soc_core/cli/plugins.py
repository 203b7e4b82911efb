"""`soc plugins`: which plugins are installed, what they do, and why one is not at work."""

from difflib import get_close_matches

import click

from soc_core.cli import screen
from soc_core.cli.session import Session, current
from soc_core.registry import Plugin, PluginState, Registry

_STYLES = {
    PluginState.ACTIVE: "green",
    PluginState.NOT_CONFIGURED: "yellow",
    PluginState.DISABLED: "dim",
    PluginState.BROKEN: "bold red",
}


@click.group(invoke_without_command=True)
@screen.JSON_OPTION
@click.pass_context
def plugins(ctx: click.Context, as_json: bool) -> None:
    """List the installed plugins, and why one is not at work."""
    if ctx.invoked_subcommand is not None:
        return
    registry = current(ctx).registry()
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(plugins=[document(plugin) for plugin in registry.plugins]))
        return
    columns = ("Plugin", "Version", "Distribution", "State", "Hooks")
    rows = [
        (
            plugin.name,
            plugin.version,
            plugin.distribution,
            screen.text(plugin.state, _STYLES[plugin.state]),
            ", ".join(plugin.hooks),
        )
        for plugin in registry.plugins
    ]
    screen.table(columns, rows, stretch="Hooks")
    idle = [plugin for plugin in registry.plugins if plugin.cause]
    if idle:
        screen.heading("Why not at work")
        screen.facts((plugin.name, plugin.cause) for plugin in idle)
    screen.closing("Settings of a plugin: soc plugins info NAME")


@plugins.command()
@click.argument("name")
@screen.JSON_OPTION
@click.pass_context
def info(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one plugin with its hooks and settings."""
    session = current(ctx)
    registry = session.registry()
    plugin = _named(registry, name)
    settings = _settings_rows(session, plugin)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(plugin={**document(plugin), "settings": settings}))
        return
    screen.say(f"{plugin.name}  {plugin.distribution} {plugin.version}".rstrip(), "bold")
    screen.facts(
        [
            ("State", screen.text(plugin.state, _STYLES[plugin.state])),
            ("Cause", plugin.cause),
            ("Comes from", plugin.entry_point),
            ("Hooks", ", ".join(plugin.hooks)),
        ]
    )
    if settings:
        screen.heading(f"Settings, in [plugins.{plugin.name}] of soc.toml or by environment")
        columns = ("Key", "Environment", "Meaning")
        screen.table(columns, [(row["key"], row["env"] or "", row["help"]) for row in settings], stretch="Meaning")


def document(plugin: Plugin) -> dict[str, object]:
    """A plugin as part of the versioned output."""
    return {
        "name": plugin.name,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "entry_point": plugin.entry_point,
        "state": plugin.state.value,
        "cause": plugin.cause,
        "hooks": list(plugin.hooks),
    }


def _named(registry: Registry, name: str) -> Plugin:
    names = [plugin.name for plugin in registry.plugins]
    for plugin in registry.plugins:
        if plugin.name == name:
            return plugin
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"installed are {', '.join(names)}"
    raise click.UsageError(f"there is no plugin {name!r}: {hint}")


def _settings_rows(session: Session, plugin: Plugin) -> list[dict[str, str | None]]:
    from soc_core.settings.fields import fields_of  # noqa: PLC0415 - only here

    declared = session.settings_classes().get(plugin.name)
    if declared is None:
        return []
    return [{"key": field.key, "env": field.env, "help": field.help} for field in fields_of(declared)]
