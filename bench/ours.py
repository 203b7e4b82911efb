"""One measurement of soc-core in a process of its own: `python -m bench.ours '{...}'` prints what it came to.

In a process of its own, so that its memory is its own and nothing is warm from the measurement before.
"""

import gc
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import attrs

from bench.corpus import Rule, rules
from soc_core import Event, Finding, Pattern, hookimpl
from soc_core.app import Soc
from soc_core.model.event import Course
from soc_core.scan import Scanner, engine_named
from soc_core.stages.intake.reading import Reader
from soc_core.stages.intake.workers import Workers

_BLOCK = 256 * 1024


@attrs.frozen(kw_only=True)
class Task:
    """What is measured.

    Args:
        log: The lines.
        rules: How many rules, spread over `plugins` plugins; 0 takes the shipped ones.
        kind: `path` reads, scans, parses, judges and stores; `start` only opens; `bare` is hyperscan alone.
        extra: More patterns for the first plugin, to see what a hostile one costs.
        store: The store's file.
        cache: Folder for compiled patterns.
        workers: Processes that read; their processor time counts in that of none, so compare by the clock.
    """

    log: str
    rules: int = 200
    plugins: int = 1
    engine: str = "hyperscan"
    kind: str = "path"
    extra: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    store: str = ""
    cache: str | None = None
    workers: int = 1


class Watcher:
    """A plugin as people write them: it declares its patterns and confirms each event by itself."""

    def __init__(self, own: Sequence[Rule], extra: Sequence[str], *, first: bool) -> None:
        self._expressions = {f"r{n}": re.compile(rule.expression, re.IGNORECASE) for n, rule in enumerate(own)}
        self._extra = extra
        self._first = first

    @hookimpl
    def register_patterns(self) -> list[Pattern]:
        """What a line must contain."""
        own = [Pattern(name=name, text=found.pattern) for name, found in self._expressions.items()]
        return [*own, *(Pattern(name=f"x{n}", text=text) for n, text in enumerate(self._extra))]

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        """One rule in all opens an incident, the others are counted."""
        for hit in event.hits:
            name = hit.partition(":")[2]
            found = self._expressions.get(name)
            if found is not None and found.search(event.message):
                severity = 9.0 if self._first and name == "r0" else 3.0
                return Finding(event=event, label="Error", severity=severity, rule=name, confidence=0.8)
        return None


def main() -> None:
    """Do what the argument says and print the result as JSON."""
    task = Task(**json.loads(sys.argv[1]))
    gc.set_threshold(50_000, 20, 20)  # this and `freeze` below: as `soc run` does
    result = _bare(task) if task.kind == "bare" else _path(task)
    print(json.dumps({**result, "memory_mb": _memory()}))


def _memory() -> float:
    """The most memory this process has had; `getrusage` would count what its parent had before it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def _path(task: Task) -> dict[str, float]:
    if task.kind == "start":
        patterns = [("w", Pattern(name=rule.text, text=rule.expression)) for rule in rules(task.rules)]
        began = _now()
        Scanner(patterns, engine=engine_named(task.engine), cache=Path(task.cache) if task.cache else None)
        return {"lines": 0, "matched": 0, **_since(began)}
    with opened(task) as soc, _workers(soc, task.workers) as workers:
        _start(soc, Path(task.log))
        gc.freeze()
        began = _now()
        lines = matched = 0
        for batch in Reader([task.log], clock=soc.clock, select=soc.candidates, workers=workers):
            lines += batch.lines
            matched += sum(soc.take(batch).rules.values())
        spent = _since(began)
        incidents = [incident.kind for incident in soc.reports.incidents()]
        return {"lines": lines, "matched": matched, "tickets": incidents.count(Course.TICKET), **spent}


def _start(soc: Soc, log: Path) -> None:
    """Take the first line alone: of the other programs, too, the time for one line is taken off as their start."""
    single = log.with_suffix(".single")
    with log.open("rb") as lines:
        single.write_bytes(lines.readline())
    for batch in Reader([str(single)], clock=soc.clock, select=soc.candidates):
        soc.take(batch)
    single.unlink()


def _workers(soc: Soc, number: int) -> AbstractContextManager[Workers | None]:
    return Workers(number, lambda part: soc.read_range(part, None)) if number > 1 else nullcontext()


@contextmanager
def opened(task: Task) -> Iterator[Soc]:
    """The house with the task's plugins; the scanner is made, which is part of the start."""
    known = rules(task.rules)
    parts = [known[n :: task.plugins] for n in range(task.plugins)]
    plugins = [(f"w{n}", Watcher(part, task.extra if not n else (), first=not n)) for n, part in enumerate(parts)]
    others = ["jira", "slack", *(["rules"] if task.rules else [])]
    overrides: dict[str, object] = {"store": f"sqlite:///{task.store}", "plugins": {"disable": others}}
    cache = Path(task.cache) if task.cache else None
    with Soc.open(env={}, overrides=overrides, plugins=plugins if task.rules else (), scan_cache=cache) as soc:
        if task.rules:
            soc.scanner = Scanner(soc.calls.patterns(), engine=engine_named(task.engine), cache=cache)
        else:
            assert soc.scanner.names  # made now: it is part of the start
        yield soc


def _bare(task: Task) -> dict[str, float]:
    """Hyperscan on blocks, its matches noted and nothing done about them: the limit."""
    import hyperscan  # noqa: PLC0415 - may be absent

    known = rules(task.rules)
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[rule.expression.removesuffix(r"+").encode() for rule in known],
        ids=list(range(len(known))),
        elements=len(known),
        flags=hyperscan.HS_FLAG_CASELESS,
    )
    blocks = list(_blocks(Path(task.log).read_bytes()))
    matches: list[tuple[int, int, int]] = []
    begun = _now()
    for number, block in enumerate(blocks):
        database.scan(block, match_event_handler=_noting(matches, number))
    spent = _since(begun)
    found = {(number, blocks[number].rfind(b"\n", 0, end)) for number, _, end in matches}
    return {"lines": sum(block.count(b"\n") for block in blocks), "matched": len(found), **spent}


def _noting(matches: list[tuple[int, int, int]], number: int) -> Callable[..., None]:
    def note(rule: int, _start: int, end: int, *_: object) -> None:
        matches.append((number, rule, end))

    return note


def _blocks(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + _BLOCK) + 1 or len(data)
        yield data[at:end]
        at = end


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(then: tuple[float, float]) -> dict[str, float]:
    wall, cpu = _now()
    return {"seconds": wall - then[0], "cpu": cpu - then[1]}


if __name__ == "__main__":
    main()
