"""`soc plugins`: which plugins are installed, what they do, and why one is not at work."""

from collections.abc import Mapping
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
_ASKED = {True: "all events", False: "patterns", None: ""}
_SEES = {
    True: "asked about every event: it declares no patterns",
    False: "asked about events in which one of its patterns occurs",
    None: "",
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
    columns = ("Plugin", "Version", "Distribution", "State", "Asked about", "Hooks")
    rows = [
        (
            plugin.name,
            plugin.version,
            plugin.distribution or "-",
            screen.text(plugin.state, _STYLES[plugin.state]),
            _ASKED[plugin.sees_all],
            ", ".join(plugin.hooks),
        )
        for plugin in registry.plugins
    ]
    screen.table(columns, rows, stretch="Hooks")
    for heading, told in (
        ("Why not at work", [(plugin.name, plugin.cause) for plugin in registry.plugins if plugin.cause]),
        ("Warnings", [(plugin.name, plugin.warning) for plugin in registry.plugins if plugin.warning]),
    ):
        if told:
            screen.heading(heading)
            screen.facts(told)
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
            ("Warning", plugin.warning),
            ("Comes from", plugin.entry_point),
            ("Hooks", ", ".join(plugin.hooks)),
            ("Events", _SEES[plugin.sees_all]),
        ]
    )
    if settings:
        screen.heading(f"Settings, in [plugins.{plugin.name}] of soc.toml or by environment")
        if screen.is_wide():
            columns = ("Key", "Default", "Environment", "Meaning")
            rows = [[row[key] or "" for key in ("key", "default", "env", "help")] for row in settings]
            screen.table(columns, rows, stretch="Meaning", wrap=True)
        else:
            screen.facts((row["key"] or "", _in_words(row)) for row in settings)


def document(plugin: Plugin) -> dict[str, object]:
    """A plugin as part of the versioned output."""
    return {
        "name": plugin.name,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "entry_point": plugin.entry_point,
        "state": plugin.state.value,
        "cause": plugin.cause,
        "warning": plugin.warning,
        "hooks": list(plugin.hooks),
        "patterns": None if plugin.sees_all is None else not plugin.sees_all,
    }


def _named(registry: Registry, name: str) -> Plugin:
    names = [plugin.name for plugin in registry.plugins]
    for plugin in registry.plugins:
        if plugin.name == name:
            return plugin
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"installed are {', '.join(names)}"
    raise click.UsageError(f"there is no plugin {name!r}: {hint}")


def _in_words(row: Mapping[str, str | None]) -> str:
    """A setting beside its key, where there is no room for columns."""
    default, variable = row["default"], row["env"]
    parts = (row["help"], f"default {default}" if default else "", variable and f"or by {variable}")
    return "; ".join(part for part in parts if part)


def _settings_rows(session: Session, plugin: Plugin) -> list[dict[str, str | None]]:
    from soc_core.settings import describe  # noqa: PLC0415 - only here

    declared = session.settings_classes().get(plugin.name)
    described = () if declared is None else describe(declared)
    return [
        {"key": row.key, "type": row.kind, "default": row.default, "env": row.env, "help": row.help}
        for row in described
    ]
