"""What leaves by standard output: one JSON document for programs, tables for people, never a control character.

Event text is hostile: all text passes `printable` on its way to a terminal, and nothing is taken for markup.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from soc_core.model.event import Priority
from soc_core.printable import printable

if TYPE_CHECKING:  # rich costs 50 ms and is only needed for people
    from rich.console import Console
    from rich.text import Text

SCHEMA = 1
JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")

_STYLES = {
    Priority.HIGHEST: "bold red",
    Priority.HIGH: "red",
    Priority.MEDIUM: "yellow",
    Priority.LOW: "cyan",
    Priority.LOWEST: "dim",
}
_WIDE = 100
_NAME_WIDTH = 22
_GAP = 2
_WIDEST = 40  # of a column that does not give way
_LEAST = 12  # of the one that does


def for_programs(as_json: bool) -> bool:
    """Whether the output is read by a program: it was asked for, or standard output is no terminal."""
    return as_json or not sys.stdout.isatty()


def emit(document: Mapping[str, object]) -> None:
    """Write a JSON document on one line; every character outside ASCII is escaped, so it is safe on a terminal."""
    click.echo(_escaped(json.dumps(document, allow_nan=False)))


def as_line(document: Mapping[str, object]) -> str:
    """The same without blanks, for thousands of lines: where nothing is to be escaped, ten times quicker."""
    try:
        quick = msgspec.json.encode(document).decode("ascii")
    except UnicodeError:
        return _escaped(json.dumps(document, allow_nan=False, separators=(",", ":")))
    return _escaped(quick)


def _escaped(text: str) -> str:
    return text.replace("\x7f", "\\u007f")


def versioned(**parts: object) -> dict[str, object]:
    """A document of the versioned output."""
    return {"schema": SCHEMA, **parts}


def note(text: str) -> None:
    """Tell the person at the keyboard something beside the output."""
    for line in text.splitlines():
        sys.stderr.write(f"{printable(line)}\n")  # not by click, which writes past a progress bar into its line
    sys.stderr.flush()


def console() -> "Console":
    """Where people read; colours follow NO_COLOR and the terminal."""
    from rich.console import Console  # noqa: PLC0415 - see above

    return Console(markup=False, highlight=False, emoji=False)


def is_wide() -> bool:
    """Whether there is room for the less important columns."""
    return console().width >= _WIDE


def text(value: object, style: str = "", *, lines: bool = False) -> "Text":
    """A piece of text that shows what it is and does nothing; `lines` keeps its line ends, which are else shown."""
    from rich.text import Text  # noqa: PLC0415 - see above

    return Text(printable(str(value), lines=lines), style=style)


def priority(value: Priority) -> "Text":
    """A priority in its colour."""
    return text(value, _STYLES[value])


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    stretch: str = "",
    right: Sequence[str] = (),
    wrap: bool = False,
) -> None:
    """Print aligned columns; empty ones are left out.

    Args:
        columns: The names above them.
        rows: Their cells.
        stretch: The column that gives way where there is no room; `wrap` breaks its text instead of cutting it.
        right: The columns of numbers.
        wrap: See `stretch`.
    """
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    cells = [[cell if isinstance(cell, Text) else text(cell) for cell in row] for row in rows]
    kept = [number for number in range(len(columns)) if any(row[number].plain for row in cells)]
    widths = {number: max(len(columns[number]), *(row[number].cell_len for row in cells)) for number in kept}
    screen = console()
    grid = Table(box=None, padding=(0, _GAP, 0, 0), header_style="bold", pad_edge=False)
    for number in kept:
        name = columns[number]
        width = min(widths[number], _WIDEST)
        if name == stretch:
            others = sum(min(widths[other], _WIDEST) + _GAP for other in kept if other != number)
            width = min(widths[number], max(_LEAST, screen.width - others))
        grid.add_column(
            Text(name),
            width=width,
            justify="right" if name in right else "left",
            no_wrap=not (wrap and name == stretch),
            overflow="fold" if wrap and name == stretch else "ellipsis",
        )
    for row in cells:
        grid.add_row(*(row[number] for number in kept))
    screen.print(grid)


def facts(rows: Iterable[tuple[str, object]]) -> None:
    """Print names and values below each other; long values wrap beside their name."""
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in rows:
        if value not in ("", None):
            grid.add_row(name, value if isinstance(value, Text) else text(value))
    console().print(grid)


def graded(word: str, style: str, name: str, words: str, cure: str) -> None:
    """Print how a check came out; what it saw and its cure wrap beside its name."""
    from rich.table import Table  # noqa: PLC0415 - see above

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=5)
    grid.add_column(width=_NAME_WIDTH, overflow="fold")
    grid.add_column(overflow="fold")
    grid.add_row(text(word, style), text(name), text(words, lines=True))
    if cure:
        grid.add_row("", "", text(f"-> {cure}", "cyan"))
    console().print(grid)


def heading(words: str) -> None:
    """Print the line above a part of the output."""
    console().print()
    say(words, "bold")


def closing(words: str) -> None:
    """Print what follows from the output, such as what to do next."""
    console().print()
    say(words, "dim")


def quote(words: str) -> None:
    """Print text that is not ours, set in so that no line of it can be taken for one of ours."""
    from rich.padding import Padding  # noqa: PLC0415 - see above

    console().print(Padding(text(words, lines=True), (0, 0, 0, 4)))


def say(words: str, style: str = "") -> None:
    """Print a line for people."""
    console().print(text(words, style), soft_wrap=True)
