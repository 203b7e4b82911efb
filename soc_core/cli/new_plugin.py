"""`soc new-plugin`: a complete distribution to begin with, for each kind of plugin; no network is needed."""

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from string import Template

import attrs
import click

from soc_core.cli import screen
from soc_core.errors import InputError

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


@attrs.frozen
class _Kind:
    """A kind of plugin: what it does, the hooks that ask for it, and whether it talks over HTTP."""

    what: str
    hooks: tuple[str, ...]
    talks: bool = False


_KINDS: Mapping[str, _Kind] = {
    "rule": _Kind("decides which findings become tickets", ("should_create_ticket",)),
    "classifier": _Kind("says what events are", ("classify_event", "register_patterns")),
    "model": _Kind("says what whole batches of events are, by a model", ("classify_events",)),
    "tracker": _Kind("makes tickets and finds them again", ("create_ticket", "find_ticket"), talks=True),
    "notifier": _Kind(
        "tells people about incidents",
        ("on_incident_opened", "on_ticket_created", "on_incident_updated", "on_escalation", "on_batch_processed"),
        talks=True,
    ),
    "sla": _Kind("promises response and resolution times", ("compute_sla",)),
    "escalation": _Kind("lays out who is told when time runs out", ("plan_escalation",)),
    "source": _Kind("takes events in", ("register_services",)),
    "assignment": _Kind("says who gets an incident", ("choose_assignee",)),
    "endpoint": _Kind("takes events in over HTTP", ("register_endpoints",)),
    "check": _Kind("adds a line to soc doctor", ("register_checks",)),
    "command": _Kind("adds a command to soc", ("register_commands",)),
}
_HOOKS: Mapping[str, str] = {hook: name for name, kind in _KINDS.items() for hook in kind.hooks}
_SECTION = re.compile(r"^%% (.+)\n((?:.*\n)*?)%%\n", re.MULTILINE)


_EPILOG = "\b\nHooks:\n" + "\n".join(f"  {hook:<20}  {_KINDS[name].what}" for hook, name in _HOOKS.items())


@click.command("new-plugin", epilog=_EPILOG)
@click.argument("name")
@click.option(
    "--hook",
    "hooks",
    multiple=True,
    type=click.Choice(list(_HOOKS)),
    metavar="HOOK",
    help="What it implements, of those below; may be given again. Else should_create_ticket.",
)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Where to write it; else ./soc-NAME.")
@screen.JSON_OPTION
def new_plugin(name: str, hooks: Sequence[str], directory: Path | None, as_json: bool) -> None:
    """Write a new plugin, with settings and tests.

    NAME is what settings and reports will call it, such as night-shift. Hooks of several kinds make several plugins in
    one distribution.
    """
    files = distribution(name, hooks or ("should_create_ticket",))
    folder = directory or Path(f"soc-{name}")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} is not empty: nothing was written; choose another place with --dir")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from error
    if screen.for_programs(as_json):
        screen.emit(screen.versioned(directory=str(folder), written=list(files)))
        return
    screen.table(("", "File"), [(screen.text("wrote", "green"), str(folder / path)) for path in files], stretch="File")
    screen.heading("Next")
    screen.facts(
        [
            (f"cd {folder}", "settings, code, tests and a README"),
            ('pip install -e ".[dev]"', "soc finds it by its entry point"),
            ("pytest", "its tests pass; change them first, then the code"),
            ("soc plugins", "lists it"),
        ]
    )


def distribution(name: str, hooks: Iterable[str]) -> dict[str, str]:
    """The files of a new distribution by path: pure, and the same for the same question."""
    package = f"soc_{name.replace('-', '_')}"
    if _NAME.fullmatch(name) is None or keyword.iskeyword(name):
        raise click.UsageError(
            f"{name!r} is no name for a plugin: small letters, digits and hyphens, such as night-shift"
        )
    wanted = set(hooks)
    kinds = [name for name, kind in _KINDS.items() if wanted & set(kind.hooks)]
    plugins = {kind: name if len(kinds) == 1 else f"{name}-{kind}" for kind in kinds}
    classes = {kind: "".join(part.title() for part in f"{name}-{kind}".split("-")) for kind in kinds}
    values = {
        "dist": f"soc-{name}",
        "package": package,
        "first": plugins[kinds[0]],
        "entry_points": "\n".join(f'{plugins[kind]} = "{package}.{kind}:{classes[kind]}"' for kind in kinds),
        "what": "\n".join(f"- `{plugins[kind]}` {_KINDS[kind].what}." for kind in kinds),
        "tables": "\n".join(f"[plugins.{plugins[kind]}]" for kind in kinds),
    }
    files = {
        "pyproject.toml": _filled("pyproject.toml", values),
        "README.md": _filled("README.md", values),
        f"{package}/__init__.py": _filled("init.py", values),
        f"{package}/py.typed": "",
    }
    if any(_KINDS[kind].talks for kind in kinds):
        files[f"{package}/client.py"] = _filled("client.py", values)
        files["tests/conftest.py"] = _filled("conftest.py", values)
    for kind in kinds:
        more = {**values, "plugin": plugins[kind], "klass": classes[kind]}
        more["env"] = plugins[kind].replace("-", "_").upper()
        files[f"{package}/{kind}.py"] = _filled(f"{kind}.py", more, wanted)
        files[f"tests/test_{kind}.py"] = _filled(f"test_{kind}.py", more, wanted)
    return files


def _filled(template: str, values: Mapping[str, str], wanted: Set[str] = frozenset()) -> str:
    """A template with its values; between `%% HOOK …` and `%%` stands what only those hooks need."""
    text = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    kept = _SECTION.sub(lambda section: section[2] if wanted & set(section[1].split()) else "", text)
    return Template(kept).substitute(values)
