"""Processes that read ranges of a large log side by side; what they found comes back in the order of the log.

They are forked once plugins and patterns are loaded, before any thread is started, and end with the process that
forked them, however that ends. One that breaks off is not replaced: the reader goes on by itself from there. The pipes
have no names and carry what this very process and its forks write; nothing from outside comes through them.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from soc_core.errors import InputError, SettingsError
from soc_core.logs import get_logger
from soc_core.stages.intake.batch import Batch
from soc_core.stages.intake.ranges import RANGE, Range

Read = Callable[[Range], Iterable[tuple[Batch, int]]]
_AHEAD = 2  # ranges that a worker is given before its first answer is asked for


class Workers:
    """Some forked processes, each with a pipe.

    Args:
        number: How many.
        read: What they do with a range; it runs in the workers.
        size: About how long a range is.

    Raises:
        SettingsError: This system cannot fork.
    """

    def __init__(self, number: int, read: Read, *, size: int = RANGE) -> None:
        if "fork" not in multiprocessing.get_all_start_methods():
            raise SettingsError("this system cannot fork processes: leave --workers out")
        self.size = size
        self._pipes: list[Connection] = []
        self._processes = []
        context = multiprocessing.get_context("fork")
        for _ in range(number):
            ours, theirs = context.Pipe()
            self._pipes.append(ours)
            process = context.Process(target=_serve, args=(theirs, tuple(self._pipes), read), daemon=True)
            process.start()
            theirs.close()
            self._processes.append(process)

    def __call__(self, ranges: Iterator[Range]) -> Iterator[tuple[Batch, int]]:
        """What ranges come to, in their order; ends early where a worker cannot go on."""
        given: deque[Connection] = deque()
        try:
            for part in islice(ranges, _AHEAD * len(self._pipes)):
                given.append(self._gave(self._pipes[len(given) % len(self._pipes)], part))
            while given:
                pipe = given.popleft()
                answer: list[tuple[Batch, int]] | None = pipe.recv()
                given.extend(self._gave(pipe, part) for part in islice(ranges, 1))
                if answer is None:
                    return
                yield from answer
        except (EOFError, OSError):
            get_logger().warning("intake.worker_lost", cure="what is left of this log is read by one process")
        finally:
            for pipe in given:  # what nobody waits for any more must not be taken for the answer to a later range
                with suppress(EOFError, OSError):
                    pipe.recv()

    def __enter__(self) -> Self:
        """Use it as a context manager to have the processes ended."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes: a closed pipe tells them."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()

    @staticmethod
    def _gave(pipe: Connection, part: Range) -> Connection:
        pipe.send(part)
        return pipe


def _serve(pipe: Connection, others: Iterable[Connection], read: Read) -> None:
    """The life of a worker: a range in, what it comes to out, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits for the answers
    for other in others:
        other.close()  # or a pipe would stay open when the process that holds it is gone
    try:
        while True:
            part = pipe.recv()
            try:
                answer = list(read(part))
            except (InputError, OSError):  # another file by now: the reader has the old one open
                answer = None
            pipe.send(answer)
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)  # what was inherited, such as the store's connections, is not ours to close
