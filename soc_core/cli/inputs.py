"""Where `run`, `classify` and `explain` read from: files, or standard input where nothing is named."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from soc_core.cli.screen import note
from soc_core.errors import InputError
from soc_core.model.wording import count

if TYPE_CHECKING:  # the reader is only needed once something is read
    from soc_core.stages.intake.batch import Batch
    from soc_core.stages.intake.reading import Reader

STDIN = "-"
FORMAT_OPTION = click.option(
    "--format", "log_format", default="auto", show_default=True, help="auto, mixed, plain, syslog, json, cef or leef."
)
SOURCE_OPTION = click.option("--source", metavar="NAME", help="The source of all events, whatever the lines say.")
_TOLD = 5


def chosen(paths: tuple[str, ...], log_format: str) -> tuple[str, ...]:
    """What to read; refused before anything is opened or made.

    Raises:
        UsageError: Nothing was named and nothing is piped in.
        InputError: A path cannot be read.
        SettingsError: There is no such format.
    """
    from soc_core.stages.intake.files import check  # noqa: PLC0415 - only once something is read
    from soc_core.stages.intake.formats import known_format  # noqa: PLC0415 - the same

    if not paths and sys.stdin.isatty():
        raise click.UsageError("Name a log file to read, or - for standard input.")
    names = paths or (STDIN,)
    known_format(log_format)
    check(names)
    return names


def name_of(path: str) -> str:
    """An input as people call it."""
    return "standard input" if path == STDIN else path


def tell_formats(reader: "Reader", names: tuple[str, ...], told: set[str]) -> None:
    """Say once for each input which format it was taken for."""
    for name in names:
        form = reader.format_chosen(name)
        if form is not None and name not in told:
            told.add(name)
            note(f"{name_of(name)}: reading as {form}")


class Rejects:
    """Tells about lines that could not be read: the first few one by one, the rest as a number."""

    def __init__(self) -> None:
        self.number: int = 0

    def see(self, batch: "Batch") -> None:
        """Tell about the lines of a batch."""
        for line in batch.quarantined:
            self.number += 1
            if self.number <= _TOLD:
                note(f"{name_of(batch.input)}, line {line.line_number}: {line.reason}")

    def close(self) -> None:
        """Tell how many more there were."""
        if self.number > _TOLD:
            note(f"and {count(self.number - _TOLD, 'more line')} that could not be read")


class Interrupts:
    """Ctrl-C, held back while a block is being stored: what was begun is finished."""

    def __init__(self) -> None:
        self._asked = False
        self._busy = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into KeyboardInterrupt at a good moment."""
        before = {number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """The stretch that is not broken off."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._asked:
            raise KeyboardInterrupt

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if not self._busy:
            raise KeyboardInterrupt


def tell_broken(error: InputError) -> None:
    """Tell the person at the keyboard what could not be read, a line for each log."""
    for line in str(error).splitlines():
        note(f"Error: {line}")
