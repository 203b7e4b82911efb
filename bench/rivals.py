"""Other programs that look for the same rules in the same lines, each where it is installed."""

import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

from bench.corpus import Rule
from bench.sqlite_rules import search


@attrs.frozen(kw_only=True)
class Timed:
    """What a program came to.

    Args:
        lines: How many lines it read.
        matched: How many of them it says match.
        seconds: By the clock, without what the program takes for no lines at all.
        cpu: The same in processor time, of all its threads.
    """

    lines: int
    matched: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Lines in a second of processor time: other work on the machine does not count."""
        return self.lines / self.cpu


def ripgrep(log: Path, rules: Sequence[Rule], folder: Path) -> Timed | None:
    """`rg -f`, in one thread."""
    patterns = _patterns(rules, folder)
    return _counting(["rg", "-j1", "-a", "-i", "-c", "-f", str(patterns)], log, int)


def grep(log: Path, rules: Sequence[Rule], folder: Path) -> Timed | None:
    """`grep -E -f`, byte by byte as the quickest way it has."""
    patterns = _patterns(rules, folder)
    return _counting(["grep", "-a", "-i", "-c", "-E", "-f", str(patterns)], log, int, {"LC_ALL": "C"})


def fail2ban(log: Path, rules: Sequence[Rule], folder: Path) -> Timed | None:
    """fail2ban's filter with one failregex for each rule."""
    own = folder / "rules.conf"
    failures = "\n            ".join(f"{rule.before} from <HOST>" for rule in rules)
    own.write_text(f"[Definition]\nfailregex = {failures}\n")
    command = ["fail2ban-regex", "--usedns=no", "--no-check-all", "--print-no-missed"]

    def matched(said: str) -> int:
        found = re.search(r"(\d+) matched", said)
        return int(found[1]) if found else 0

    return _counting(command, log, matched, after=[str(own)])


def sec(log: Path, rules: Sequence[Rule], folder: Path) -> Timed | None:
    """The Simple Event Correlator with one rule for each."""
    own = folder / "rules.sec"
    own.write_text(
        "\n".join(
            f"type=Single\nptype=RegExp\npattern=(?i){rule.expression}\ndesc=rule {n}\naction=write - hit\n"
            for n, rule in enumerate(rules)
        )
    )
    command = ["sec", f"--conf={own}", "--notail", "--fromstart", "--nointevents", "--log=/dev/null"]
    return _counting(command, log, lambda said: len(re.findall("^hit$", said, re.MULTILINE)), before="--input=")


def sqlite(log: Path, rules: Sequence[Rule], folder: Path) -> Timed:
    """Rules as SQL over a table in memory."""
    lines, matched, seconds, cpu = search(log, rules)
    return Timed(lines=lines, matched=matched, seconds=seconds, cpu=cpu)


RIVALS: Mapping[str, Callable[[Path, Sequence[Rule], Path], Timed | None]] = {
    "ripgrep -f": ripgrep,
    "grep -E -f": grep,
    "fail2ban filter": fail2ban,
    "SEC": sec,
    "rules in SQLite": sqlite,
}


def _patterns(rules: Sequence[Rule], folder: Path) -> Path:
    file = folder / "patterns.txt"
    file.write_text("".join(rule.expression + "\n" for rule in rules))
    return file


def _counting(
    command: Sequence[str],
    log: Path,
    matched: Callable[[str], int],
    environment: Mapping[str, str] | None = None,
    *,
    before: str = "",
    after: Sequence[str] = (),
) -> Timed | None:
    """Run a program on the log and on one line of it, and take the difference; None if it is not installed."""
    program = shutil.which(command[0])
    if program is None:
        return None
    single = log.with_suffix(".single")
    with log.open("rb") as lines, single.open("wb") as out:
        out.write(lines.readline())
    runs = [
        _timed([program, *command[1:], f"{before}{path}", *after], {"PATH": "/usr/bin:/bin", **(environment or {})})
        for path in (single, log)
    ]
    (_, idle, idle_cpu), (said, seconds, cpu) = runs
    return Timed(
        lines=log.read_bytes().count(b"\n"),
        matched=matched(said),
        seconds=max(seconds - idle, 1e-3),
        cpu=max(cpu - idle_cpu, 1e-3),
    )


def _timed(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(command, env=environment, capture_output=True, check=False, text=True, errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return said.stdout, time.perf_counter() - began, cpu
