"""`python -m bench` (`make bench`): soc-core beside other programs on the same lines, in one run; `--quick` for a look.

Prints ratios, as they travel between machines and times do not, writes everything as JSON to `bench/out/` and draws the
rates side by side into `docs/`. All rates are lines in a second of processor time of one run, so that other work on the
machine does not count.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from bench import classify, corpus, latency, plot
from bench.rivals import RIVALS

OUT = Path(__file__).parent / "out"
PLOT = Path(__file__).parents[1] / "docs" / "performance.svg"
# Beside the 200 rules: an open end, repeats within repeats between open ends, words without end, letters with gaps.
HOSTILE = ("mifova.*", ".*(?:[a-z]+)+ mifova .*", "(?:[^ ]+ )+mifova.+", "m[a-z]*i[a-z]*f[a-z]*ova.*")
SHARE = 0.01
BESIDE = ("bare hyperscan", "path", "path, JSON lines", "path by re2", "path by plain", *RIVALS)
RULES = 200
ROUNDS = 5  # a virtual machine is slow for seconds at a time: what is as quick as this takes turns, and the best counts
QUICK = ("ripgrep -f", "grep -E -f")

# What the design promises, as (name of the ratio, at least or at most, how much).
GOALS: tuple[tuple[str, Callable[[float, float], bool], str, float], ...] = (
    ("path to ripgrep -f", float.__ge__, ">=", 1.0),
    ("path to grep -E -f", float.__ge__, ">=", 20.0),
    ("path to fail2ban filter", float.__ge__, ">=", 150.0),
    ("path to bare hyperscan", float.__ge__, ">=", 0.22),
    ("path by re2 to fail2ban filter", float.__ge__, ">=", 35.0),
    ("cost of 1,000 rules to 10", float.__le__, "<=", 2.5),
    ("cost of 10,000 rules to 100", float.__le__, "<=", 4.0),
    ("cost of 30 plugins to 1", float.__le__, "<=", 1.3),
    ("cost of hostile rules", float.__le__, "<=", 2.0),
    ("microseconds a line, all hits", float.__le__, "<=", 10.0),
    ("thousand lines/s by soc classify", float.__ge__, ">=", 30.0),
    ("memory of many lines to few", float.__le__, "<=", 1.1),
    ("memory in MB", float.__le__, "<=", 120.0),
    ("milliseconds to durable, p99 at 20,000 lines/s", float.__le__, "<=", 20.0),
    ("warm start of 10,000 rules, more seconds", float.__le__, "<=", 1.0),
)


class Disagreement(Exception):
    """Two programs do not count the same matches: one of them is wrong, and no time counts."""


class Bench:
    """One run: makes what is measured, measures it, keeps the rows."""

    def __init__(self, folder: Path, *, lines: int) -> None:
        self.folder = folder
        self.lines = lines
        self.rows: dict[str, dict[str, float]] = {}
        self.ratios: dict[str, float] = {}

    def ours(self, name: str, log: Path, expected: int | None, **task: object) -> dict[str, float]:
        """Measure soc-core twice, and keep the better run."""
        return self._best(name, [self._run(log, **task) for _ in range(2)], expected, by_clock="workers" in task)

    def in_turns(self, tasks: Mapping[str, Mapping[str, object]], rivals: Mapping[str, str], log: Path) -> None:
        """Measure soc-core in several ways, and other programs by the names of their rows, round after round."""
        runs: dict[str, list[dict[str, float]]] = {}
        for _ in range(ROUNDS):
            for name, task in tasks.items():
                runs.setdefault(name, []).append(self._run(log, **task))
            for row, name in rivals.items():
                if (found := RIVALS[name](log, corpus.rules(RULES), self.folder)) is not None:
                    runs.setdefault(row, []).append(attrs.asdict(found))
        for name, some in runs.items():
            self._best(name, some, _planted(log))

    def latency(self, *, seconds: int) -> None:
        """Measure how long a line takes until what follows from it is durable, at a rate that leaves room."""
        found = latency.measure(str(self.folder / "latency.db"), rate=20_000, seconds=seconds)
        self.rows["latency"] = found
        self.ratios["milliseconds to durable, p99 at 20,000 lines/s"] = found["p99_ms"]
        print(f"  median {found['median_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms over {found['matched']:,} hits")

    def judging(self, log: Path) -> None:
        """Measure how many lines `soc classify` judges in full and answers."""
        one = self.folder / "one"
        corpus.shipped(one, 1)
        row = self._row("soc classify", classify.measure(log, one), None)
        self.ratios["thousand lines/s by soc classify"] = row["rate"] / 1000

    def slow_rivals(self, lines: int) -> None:
        """Measure the slow ones of the other programs on a few lines."""
        log = self.log("few", lines=lines)
        for name in [name for name in RIVALS if name not in QUICK]:
            if (found := RIVALS[name](log, corpus.rules(RULES), self.folder)) is not None:
                self._row(name, attrs.asdict(found), _planted(log))

    def log(
        self, name: str, *, share: float = SHARE, rules: int = RULES, lines: int = 0, as_json: bool = False
    ) -> Path:
        """A log to measure on; how many of its lines match is its suffix."""
        path = self.folder / name
        number = corpus.write(path, lines or self.lines, share=share, rules=corpus.rules(rules), as_json=as_json)
        return path.rename(path.with_suffix(f".{number}"))

    def cost(self, name: str) -> float:
        """Microseconds of processor time for a line."""
        return self.rows[name]["cpu"] / self.rows[name]["lines"] * 1e6

    def _run(self, log: Path, **task: object) -> dict[str, float]:
        """One measurement in a process of its own."""
        for old in self.folder.glob("store.db*"):
            old.unlink()
        argument = json.dumps({"log": str(log), "store": str(self.folder / "store.db"), **task})
        done = subprocess.run(
            [sys.executable, "-m", "bench.ours", argument], check=True, capture_output=True, text=True
        )
        figures: dict[str, float] = json.loads(done.stdout)
        return figures

    def _best(
        self, name: str, runs: Sequence[dict[str, float]], expected: int | None, *, by_clock: bool = False
    ) -> dict[str, float]:
        return self._row(name, min(runs, key=lambda run: run["seconds" if by_clock else "cpu"]), expected)

    def _row(self, name: str, figures: dict[str, float], expected: int | None) -> dict[str, float]:
        if expected is not None and figures["matched"] != expected:
            raise Disagreement(f"{name} finds {figures['matched']:,} lines where {expected:,} were planted")
        rate = figures["lines"] / figures["cpu"] if figures["cpu"] and figures["lines"] else 0
        self.rows[name] = {**figures, "rate": rate}
        memory = f"{figures['memory_mb']:>7.0f} MB" if "memory_mb" in figures else ""
        print(f"  {name:<44} {rate:>12,.0f} lines/s  {figures['matched']:>9,.0f} matched {memory}", flush=True)
        return self.rows[name]


def measure(bench: Bench, *, quick: bool) -> None:
    """Everything there is to measure, in groups."""
    few = bench.lines // 10
    print("side by side: 200 rules, 1 % of the lines match, the whole path with the store")
    text = bench.log("text")
    ours = {"bare hyperscan": {"kind": "bare"}, "path": {}, "hostile rules beside the others": {"extra": HOSTILE}}
    bench.in_turns(ours, {name: name for name in QUICK}, text)
    bench.ours("path by re2", text, _planted(text), engine="re2")
    small = bench.log("small", lines=few)
    bench.ours("path by plain", small, _planted(small), engine="plain")
    bench.slow_rivals(2_000 if quick else 10_000)
    events = bench.log("json", lines=bench.lines // 2, as_json=True)
    bench.ours("path, JSON lines", events, _planted(events))
    _rules(bench, quick=quick)
    print("plugins: 200 rules spread over them")
    bench.in_turns({f"{number} plugins": {"plugins": number} for number in (1, 3, 10, 30)}, {}, text)
    print("hits")
    for share in (0.0001, 0.001, 0.1, 1.0):
        log = bench.log("hits", share=share, lines=few if share >= 0.1 else bench.lines)
        bench.ours(f"{share:.2%} hits", log, _planted(log))
        log.unlink()
    print("the shipped rules as they are")
    shipped = bench.folder / "shipped"
    corpus.shipped(shipped, few // 2)
    bench.ours("shipped rules", shipped, None, rules=0)
    bench.judging(shipped)
    shipped.unlink()
    print("workers: the shipped rules, by the clock")
    corpus.shipped(shipped, max(2 * few, 150_000))  # large enough to be shared
    for number in (1, 2):
        bench.ours(f"workers: {number}", shipped, None, rules=0, workers=number)
    print("latency: 20,000 lines a second through a pipe, each hundredth a hit")
    bench.latency(seconds=5 if quick else 20)
    print("memory")
    times = 4 if quick else 10
    many = f"{times} times as many lines"
    long = bench.log("long", lines=bench.lines * times)
    bench.in_turns({many: {}}, {f"ripgrep -f, {many}": "ripgrep -f"}, long)
    bench.ratios["memory of many lines to few"] = bench.rows[many]["memory_mb"] / bench.rows["path"]["memory_mb"]


def _rules(bench: Bench, *, quick: bool) -> None:
    print("rules: as many as named, 0.1 % of the lines match")
    for number in (10, 100, 1_000, *(() if quick else (10_000,))):
        log = bench.log("rules", share=0.001, rules=number)
        cache = str(bench.folder / "cache")
        bench.ours(f"{number:,} rules", log, _planted(log), rules=number, cache=cache)
        if number in (10, 10_000):
            name = f"start with {number:,} rules, warm"
            bench.ours(name, log, 0, rules=number, cache=cache, kind="start")  # the better of two runs is warm
        log.unlink()


def ratios(bench: Bench) -> Iterator[tuple[str, float]]:
    """What is compared, from the rows that were measured."""
    rows = bench.rows
    for name in ("bare hyperscan", *RIVALS):
        if name in rows:
            yield f"path to {name}", rows["path"]["rate"] / rows[name]["rate"]
    if "fail2ban filter" in rows:
        yield "path by re2 to fail2ban filter", rows["path by re2"]["rate"] / rows["fail2ban filter"]["rate"]
        yield "path by plain to fail2ban filter", rows["path by plain"]["rate"] / rows["fail2ban filter"]["rate"]
    for name in rows:
        if name.startswith("ripgrep -f, "):  # where fixed costs weigh less
            yield f"path to {name}", rows[name.removeprefix("ripgrep -f, ")]["rate"] / rows[name]["rate"]
    yield "JSON to text", rows["path, JSON lines"]["rate"] / rows["path"]["rate"]
    yield "cost of 1,000 rules to 10", bench.cost("1,000 rules") / bench.cost("10 rules")
    if "10,000 rules" in rows:
        yield "cost of 10,000 rules to 100", bench.cost("10,000 rules") / bench.cost("100 rules")
        warm = "start with {} rules, warm"
        more = rows[warm.format("10,000")]["seconds"] - rows[warm.format("10")]["seconds"]
        yield "warm start of 10,000 rules, more seconds", more
    yield "cost of 30 plugins to 1", bench.cost("30 plugins") / bench.cost("1 plugins")
    yield "two workers to one, by the clock", rows["workers: 1"]["seconds"] / rows["workers: 2"]["seconds"]
    yield "cost of hostile rules", bench.cost("hostile rules beside the others") / bench.cost("path")
    yield "microseconds a line, all hits", bench.cost("100.00% hits")
    yield "memory in MB", rows["path"]["memory_mb"]
    yield from bench.ratios.items()


def machine() -> Mapping[str, str | int | None]:
    """What it ran on."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def main() -> int:
    """Run everything; 1 if a count disagrees, 2 if there is nothing to measure on."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer lines, no 10,000 rules: about a minute")
    options.add_argument("--lines", type=int, help="how many lines the main log has")
    chosen = options.parse_args()
    if not corpus.STREAMS.is_dir():
        print(f"bench: the lines come from {corpus.STREAMS}, which is not there", file=sys.stderr)
        return 2
    about = machine()
    print(", ".join(str(value) for value in about.values()))
    with tempfile.TemporaryDirectory(prefix="soc-bench-") as folder:
        bench = Bench(Path(folder), lines=chosen.lines or (100_000 if chosen.quick else 1_000_000))
        try:
            measure(bench, quick=chosen.quick)
        except Disagreement as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    found = dict(ratios(bench))
    _show(found)
    OUT.mkdir(exist_ok=True)
    document = {"schema": 1, "machine": about, "quick": chosen.quick, "rows": bench.rows, "ratios": found}
    (OUT / "speed.json").write_text(json.dumps(document, indent=2) + "\n")
    if not chosen.quick:
        beside = {name: bench.rows[name]["rate"] for name in BESIDE if name in bench.rows}
        PLOT.write_text(plot.svg(beside, f"Lines a second: {RULES} rules, {SHARE:.0%} of the lines match"))
    return 0


def _show(found: Mapping[str, float]) -> None:
    goals = {name: (holds, sign, much) for name, holds, sign, much in GOALS}
    print("\nratios")
    for name, value in found.items():
        if name in goals:
            holds, sign, much = goals[name]
            verdict = f"goal {sign} {much:g}: {'held' if holds(float(value), much) else 'MISSED'}"
        else:
            verdict = ""
        print(f"  {name:<44} {value:>10.2f}  {verdict}")


def _planted(log: Path) -> int:
    return int(log.suffix.removeprefix("."))


if __name__ == "__main__":
    sys.exit(main())
