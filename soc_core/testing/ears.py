"""Hears everything that a plugin says beside its answers, to see whether a secret is in it."""

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from types import TracebackType
from typing import Self

from structlog.testing import capture_logs


class Ears(logging.Handler):
    """Hears everything that a plugin says beside its answers."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []
        self._notes: list[str] = []
        self._output = io.StringIO()
        self._stack = ExitStack()
        self._facts: Sequence[object] = ()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log line."""
        self._lines.append(f"{record.getMessage()} {record.exc_info and record.exc_info[1]!r}")

    def note(self, *texts: str) -> None:
        """Keep what somebody could print."""
        self._notes += texts

    def heard(self) -> Iterator[tuple[str, str]]:
        """Everything that was said, by where."""
        yield "its errors or repr", "\n".join(self._notes)
        yield "its log", "\n".join([*self._lines, *map(repr, self._facts)])
        yield "its output", self._output.getvalue()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._stack.callback(root.setLevel, root.level)
        self._stack.callback(root.removeHandler, self)
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        captured = self._stack.enter_context(capture_logs())
        self._facts = captured
        self._stack.enter_context(redirect_stdout(self._output))
        self._stack.enter_context(redirect_stderr(self._output))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
