"""`soc init`: the files of a new installation, ready to be filled in."""

from collections.abc import Mapping
from pathlib import Path

import click

from soc_core.cli import screen
from soc_core.errors import InputError

_STARTER = Path(__file__).parent / "starter"
# What each file is called in the new place, and what it is for.
_FILES: Mapping[str, tuple[str, str]] = {
    "soc.toml": ("soc.toml", "settings"),
    ".env.example": ("env.example", "credentials: copy it to .env and fill it in"),
    "rules/own.toml": ("rules/own.toml", "a rule of your own, as an example"),
    ".gitignore": ("gitignore", "keeps .env and the store out of version control"),
}


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.option("--from-jira", is_flag=True, help="Write nothing; print the settings that fit your JIRA project.")
@screen.JSON_OPTION
@click.pass_context
def init(ctx: click.Context, directory: Path, force: bool, from_jira: bool, as_json: bool) -> None:
    """Write the files of a new installation into DIR.

    These are soc.toml, .env.example, an example rule and .gitignore. Files that are there already are kept.
    """
    if from_jira:
        _ask_plugin(ctx, "jira", "mapping")
        return
    try:
        written = tuple(name for name in _FILES if _write(directory, name, force=force))
    except OSError as error:
        raise InputError(f"{directory} cannot be written: {error.strerror}") from error
    kept = tuple(name for name in _FILES if name not in written)
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(directory=str(directory), written=list(written), kept=list(kept)))
        return
    rows = [(screen.text("wrote", "green"), str(directory / name), _FILES[name][1]) for name in written]
    rows += [
        (screen.text("kept", "yellow"), str(directory / name), "it was there; --force overwrites") for name in kept
    ]
    screen.table(("", "File", "What for"), rows, stretch="What for")
    screen.heading("Next")
    if directory != Path():
        screen.facts([(f"cd {directory}", "the settings count where soc is started")])
    screen.facts(
        [
            ("soc validate", "check what you set"),
            ("soc run FILE", "read a log"),
            ("soc doctor", "what is missing for JIRA and Slack"),
        ]
    )


def _ask_plugin(ctx: click.Context, plugin: str, command: str) -> None:
    """Run a command that a plugin brought: only the plugin knows its side."""
    root = ctx.find_root()
    group = root.command
    for name in (plugin, command):
        if isinstance(group, click.Group):
            _, group, _ = group.resolve_command(root, [name])  # type: ignore[assignment]  # it raises where none is
    ctx.invoke(group)


def _write(directory: Path, name: str, *, force: bool) -> bool:
    """Write one file; False if it was there and is kept."""
    target = directory / name
    if target.exists() and not force:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((_STARTER / _FILES[name][0]).read_bytes())
    return True
