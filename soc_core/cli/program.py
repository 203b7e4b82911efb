"""The program `soc`: its options, its commands by what they are for, and how every error ends.

Commands are imported when they are called, so that `soc --help` stays quick; plugins are built only when a name is
not one of ours, or when all commands are to be listed.
"""

import os
import sys
import time
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import attrs
import click

from soc_core.cli.exits import INTERRUPTED, OK, SERVICE, code_of
from soc_core.cli.session import Session, current
from soc_core.errors import PluginError, SettingsError, SocError, StoreError

# Where each command lies, in the order and under the headings people look for it.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Begin": ("demo", "init", "doctor", "validate"),
    "Process": ("run", "serve", "classify", "explain"),
    "Work on incidents": ("incidents", "incident", "sla", "handover"),
    "Look after it": ("jobs", "audit", "metrics", "settings", "plugins"),
    "Extend": ("new-plugin", "help"),
}
_HOMES: Mapping[str, str] = {"incident": "incident", "new-plugin": "new_plugin", "help": "help_pages"}
# Of these the short help is known without building the plugin that brings them.
_KNOWN: Mapping[str, str] = {"rules": "Show the rules in force and how well they do."}
# What we know about what plugins bring: such a command joins the plugin's group.
_JOINING: Mapping[str, tuple[str, ...]] = {"rules": ("verdicts", "noisy")}
# What brings a command that people look for before they have installed it.
_APART: Mapping[str, str] = {"dashboard": "soc-dashboard"}
_PLUGINS = "soc_core.plugins"


@attrs.frozen
class _Brought:
    """What plugins add to one call of the program, and a sentence about each plugin that is not at work."""

    commands: click.Group
    idle: Mapping[str, str] = attrs.field(factory=dict)
    broken: tuple[str, ...] = ()


class Program(click.Group):
    """The group of all commands, those of plugins included."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our own commands first, then those that plugins have brought so far."""
        return [*_own_names(), *sorted(set(_brought_by(ctx).commands.commands) - set(_own_names()))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command, imported if it is ours, else brought by a plugin; no plugin can replace one of ours."""
        if cmd_name in _own_names():
            command = getattr(import_module(_home(cmd_name)), cmd_name.replace("-", "_"))
            return command if isinstance(command, click.Command) else None
        return _brought_by(ctx).commands.get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one may be a plugin's, or nearly one of ours."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = get_close_matches(name, _own_names())
            try:
                self.ask_plugins(ctx)
            except SettingsError:
                if not near:
                    raise
            if self.get_command(ctx, name) is None:
                brought = _brought_by(ctx)
                if name in brought.idle:
                    raise PluginError(brought.idle[name])
                if brought.broken and not near:
                    raise PluginError("\n".join([f"{name!r} is no command of a plugin at work", *brought.broken]))
                if name in _APART:
                    raise PluginError(
                        f"soc {name} comes with a plugin that is not installed: pip install {_APART[name]}"
                    )
                raise click.NoSuchCommand(name, possibilities=self.list_commands(ctx), ctx=ctx)
        return super().resolve_command(ctx, args)

    def ask_plugins(self, ctx: click.Context) -> None:
        """Have the plugins add their commands to this call of the program, once."""
        root = ctx.find_root()
        if _PLUGINS in root.meta:
            return
        from soc_core.calls import Calls  # noqa: PLC0415 - plugins bring their libraries along
        from soc_core.registry import PluginState  # noqa: PLC0415 - the same

        registry = current(ctx).registry()
        group = click.Group("plugins")
        calls = Calls(registry, monotonic=time.monotonic)
        try:
            calls.commands(group)
        finally:
            calls.close()
        for name, joining in _JOINING.items():
            if isinstance(brought := group.get_command(ctx, name), click.Group):
                for one in joining:
                    brought.add_command(getattr(import_module(_home(one)), one))
        cures = {PluginState.NOT_CONFIGURED: "; what cures it: soc doctor"}
        idle = {
            one.name: one.sentence + cures.get(one.state, "")
            for one in registry.plugins
            if one.state is not PluginState.ACTIVE
        }
        broken = tuple(one.sentence for one in registry.plugins if one.state is PluginState.BROKEN)
        root.meta[_PLUGINS] = _Brought(group, idle, broken)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands under their headings."""
        limit = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        listed = {
            name: command.get_short_help_str(limit)
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None
        }
        for heading, names in _SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, listed.pop(name)) for name in names if name in listed])
        with formatter.section("Brought by plugins"):
            formatter.write_dl(sorted({**_KNOWN, **listed}.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; whatever goes wrong on purpose ends in a sentence and its exit code."""
        ctx.obj = _session(**ctx.params)  # before the command is looked for: plugins that bring it read the settings
        try:
            return super().invoke(ctx)
        except SocError as error:
            _complain(error)
            raise click.exceptions.Exit(code_of(error)) from error
        except KeyboardInterrupt as error:
            click.echo("Interrupted.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:  # the reader has seen enough
            _give_up_output()
            raise click.exceptions.Exit(OK) from error
        except OSError as error:
            _give_up_output()
            _complain(StoreError(f"the system refused: {error}"))
            raise click.exceptions.Exit(SERVICE) from error


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Settings file; else SOC_CONFIG, else soc.toml in this directory.",
)
@click.option("--store", metavar="URL", help="Where everything is kept; else SOC_STORE, else sqlite:///soc.db.")
@click.option(
    "--plugins-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of plugins, one file each; else SOC_PLUGINS_DIR.",
)
@click.option("-v", "--verbose", count=True, help="More log lines; twice for all.")
@click.option("-q", "--quiet", is_flag=True, help="Results and errors only.")
@click.option("--log-json", is_flag=True, help="Log lines as JSON.")
@click.version_option(package_name="soc-core", prog_name="soc")
def soc(**_options: object) -> None:
    """Security log events in, tracked incidents out: one ticket per incident, every decision explained.

    Results go to standard output (as JSON where it is no terminal), everything else to standard error.
    """


def _session(
    config: Path | None, store: str | None, plugins_dir: Path | None, verbose: int, quiet: bool, log_json: bool
) -> Session:
    return Session(
        config=config,
        store=store,
        plugins_dir=plugins_dir,
        verbosity=-1 if quiet else verbose,
        log_json=log_json,
    )


def _give_up_output() -> None:
    """What is left in the buffer of standard output must not complain once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own_names() -> tuple[str, ...]:
    return tuple(name for names in _SECTIONS.values() for name in names if _exists(name))


def _brought_by(ctx: click.Context) -> _Brought:
    found = ctx.find_root().meta.get(_PLUGINS)
    return found if isinstance(found, _Brought) else _Brought(click.Group("plugins"))


def _home(name: str) -> str:
    return f"soc_core.cli.{_HOMES.get(name, name)}"


def _exists(name: str) -> bool:
    return find_spec(_home(name)) is not None


def _complain(error: SocError) -> None:
    from soc_core.cli.screen import note  # noqa: PLC0415 - only when something went wrong

    first, *more = str(error).splitlines() or [type(error).__name__]
    note("\n".join([f"Error: {first}", *(f"       {line}" for line in more)]))
