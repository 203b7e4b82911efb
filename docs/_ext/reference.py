"""Writes the reference pages from the code: hooks, the desk, commands, settings.

A page says where: the comment `<!-- soc: hooks -->` is replaced while the site is built. On a code host the comment
does not show, and the sentence above it says where the same can be read.
"""

import ast
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import attrs
import click
from desk import desk
from pieces import arguments, code, table
from pygments.lexers import BashLexer

from soc_core import hookspecs
from soc_core.calls import Calls
from soc_core.cli.program import soc
from soc_core.registry import GROUP, build
from soc_core.registry.checks import HOOKS
from soc_core.settings import Settings, describe, environment_names, load, plugin_settings
from soc_core.settings.fields import Field, fields_of
from soc_core.settings.house import APART

if typing.TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
MARK = re.compile(r"^<!-- soc: (\w+) -->$", re.MULTILINE)
PAGES = re.compile(r"^<!-- soc: pages (\S+) -->$", re.MULTILINE)
_SHIPPED = ("soc-core", "soc-jira", "soc-slack", "soc-sla", "soc-escalation", "soc-metrics", "soc-dashboard")
_KIND = re.compile(r"^# -- (\w+): (.+?) -*$")


def setup(app: "Sphinx") -> Mapping[str, bool]:
    """Called by Sphinx."""
    app.add_lexer("dotenv", BashLexer)
    app.connect("source-read", lambda _app, _page, source: source.__setitem__(0, filled(source[0])))
    return {"parallel_read_safe": True}


def filled(page: str) -> str:
    """A page with what its marks stand for; `<!-- soc: pages * -->` puts pages below it in the navigation."""
    page = PAGES.sub("```{toctree}\n:hidden:\n:glob:\n\n\\1\n```", page)
    return MARK.sub(lambda mark: WRITERS[mark[1]](), page)


# -- hooks ----------------------------------------------------------------------------------------------------------


def hooks() -> str:
    """Every hook with its kind, signature and sentence, in the order of `hookspecs.py`."""
    lines: list[str] = []
    for kind, rule, functions in _kinds():
        lines += [f"## {kind.capitalize()}", "", f"{rule[0].upper()}{rule[1:]}.", ""]
        for function in functions:
            signature = inspect.cleandoc(ast.unparse(function)).replace("'", "").split("\n")[1]
            said = inspect.cleandoc(ast.get_docstring(function) or "")
            page = f"[{function.name}](../hooks/{function.name}.md)"
            lines += [f"### {function.name}", "", "```python", f"{signature} ...", "```", "", said, ""]
            lines += [f"A complete plugin: {page}.", ""]
    return "\n".join(lines)


def _kinds() -> Iterator[tuple[str, str, list[ast.FunctionDef]]]:
    """The sections of `hookspecs.py`: kind, rule, hooks."""
    source = inspect.getsource(hookspecs)
    tree = ast.parse(source)
    begins = [(at, found) for at, line in enumerate(source.splitlines(), 1) if (found := _KIND.match(line))]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in HOOKS]
    for (start, found), end in zip(begins, [at for at, _ in begins[1:]] + [10**6], strict=True):
        yield found[1], found[2], [one for one in functions if start < one.lineno < end]


# -- commands -------------------------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its arguments and options, those of the shipped plugins included."""
    top = click.Context(soc, info_name="soc", **soc.context_settings)
    brought = click.Group()
    _with_plugins(lambda calls: calls.commands(brought))
    lines = ["## soc", "", *_usage(soc, top)]
    for name in soc.list_commands(top):
        lines += _command(soc.get_command(top, name), name, top, depth=2)
    for name, command in sorted(brought.commands.items()):
        lines += _command(command, name, top, depth=2)
    return "\n".join(lines)


def _command(command: click.Command | None, name: str, parent: click.Context, *, depth: int) -> list[str]:
    if command is None or command.hidden:
        return []
    ctx = click.Context(command, info_name=name, parent=parent)
    lines = [f"{'#' * depth} {ctx.command_path}", "", *_usage(command, ctx)]
    for below in command.list_commands(ctx) if isinstance(command, click.Group) else ():
        lines += _command(command.get_command(ctx, below), below, ctx, depth=depth + 1)
    return lines


def _usage(command: click.Command, ctx: click.Context) -> list[str]:
    pieces = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    records = [record for one in command.get_params(ctx) if (record := one.get_help_record(ctx)) is not None]
    rows = [(code(names), meaning) for names, meaning in records if meaning and "--help" not in names]
    options = [*table(("option", "meaning"), rows), ""] if rows else []
    return ["```text", pieces, "```", "", inspect.cleandoc(command.help or ""), "", *options]


# -- settings -------------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every key of `soc.toml`: type, default, environment name and meaning."""
    lines = ["## The house", "", *_tables(Settings, "")]
    for entry in shipped():
        declared = getattr(entry.load(), "Settings", None)
        if declared is not None:
            lines += [f"## The plugin {entry.name}", "", *_tables(declared, f"plugins.{entry.name}")]
    return "\n".join(lines)


def environment() -> str:
    """Every environment name, in the order of the alphabet."""
    plugins = {one.name: kind for one in shipped() if (kind := getattr(one.load(), "Settings", None)) is not None}
    named = sorted(environment_names(plugins), key=lambda row: row.env or "")
    return "\n".join(table(("name", "setting", "meaning"), [(code(row.env), code(row.key), row.help) for row in named]))


def _tables(cls: type, path: str, said: str = "", form: str = "[{}]") -> list[str]:
    """The table of a class, then those of the classes that its fields hold."""
    fields = [one for one in fields_of(cls) if cls is not Settings or one.key not in APART]
    held = {one.key: (one, *found) for one in fields if (found := _held(one)) is not None}
    told = arguments(cls)
    rows = [
        (code(row.key), row.kind, code(row.default), code(row.env), row.help or told.get(row.key, ""))
        for row in describe(cls)
        if row.key.partition(".")[0] not in held and (row.key != "name" or not path.endswith("NAME"))
    ]
    lines: list[str] = []
    if rows:
        heading = f"### `{form.format(path)}`" if path else "### At the top"
        lines = [
            heading,
            "",
            *([f"{said}.", ""] if said else []),
            *table(("key", "type", "default", "environment", "meaning"), rows),
            "",
        ]
    for key, (field, inner, below, brackets) in held.items():
        sentence = field.help or _first_paragraph(inner).rstrip(".")
        lines += _tables(inner, ".".join(filter(None, (path, key, below))), sentence, brackets)
    return lines


def _held(field: Field) -> tuple[type, str, str] | None:
    """The class of the tables that a field holds, the last part of their path, and how they are written."""
    if field.table is not None:
        return field.table, "", "[{}]"
    inner = next((one for one in typing.get_args(field.kind) if attrs.has(one)), None)
    if inner is None:
        return None
    listed = typing.get_origin(field.kind) is tuple and not any(
        o.name == "name" and o.required for o in fields_of(inner)
    )
    return (inner, "", "[[{}]]") if listed else (inner, "NAME", "[{}]")


def _first_paragraph(cls: type) -> str:
    text = " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())
    return re.sub(r"^`\S+`: (\w)", lambda found: found[1].upper(), text)


# -- the shipped plugins --------------------------------------------------------------------------------------------


def shipped() -> list[EntryPoint]:
    """The plugins of this repository, whatever else is installed."""
    found = [one for one in entry_points(group=GROUP) if one.dist is not None and one.dist.name in _SHIPPED]
    return sorted(found, key=lambda one: (one.dist is not None and one.dist.name != "soc-core", one.name))


def _with_plugins(ask: Callable[[Calls], object]) -> None:
    """Ask the shipped plugins, set up as the first `dotenv` block of their pages says."""
    env = {"SOC_STORE": "sqlite://"}
    for page in sorted((DOCS / "plugins").glob("*.md")):
        env |= _first_dotenv(page.read_text(encoding="utf-8"))
    house = load(config=None, env=env)
    skipping = attrs.evolve(house.plugins, on_broken="skip")
    registry = build(skipping, lambda name, kind: plugin_settings(name, kind, house, env), entry_points=shipped())
    calls = Calls(registry, monotonic=lambda: 0.0)
    try:
        ask(calls)
    finally:
        calls.close()


def _first_dotenv(page: str) -> dict[str, str]:
    found = re.search(r"^```dotenv\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return dict(line.split("=", 1) for line in found[1].splitlines() if "=" in line) if found else {}


WRITERS: Mapping[str, Callable[[], str]] = {
    "desk": desk,
    "hooks": hooks,
    "commands": commands,
    "settings": settings,
    "environment": environment,
}
