"""How good the judgement is: tickets, security and severity against labelled events, and noise on quiet ones.

    python bench/quality/score.py [--data FOLDER] [--families] [--json] [FILE ...]

Without files it scores the open files of the data folder (by default `shared/data` next to the checkout). Rows whose
truth is null are a grey zone and count neither way. Files below a folder called `aside` are scored in totals only.
"""

import argparse
import gzip
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from soc_core import Course, Event, Finding
from soc_core.builtin.rules import Rules
from soc_core.builtin.triggers import Triggers
from soc_core.stages.intake.formats import event_of, parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = ("events_dev_permissive.jsonl", "events_dev_gpl2.jsonl")
STREAMS = (("apache_access.log.gz", "apache"), ("auth.log.gz", "auth"), ("kafka.log.gz", "kafka"))
QUIET = ("kafka", "op_")


@attrs.frozen(kw_only=True)
class Scored:
    """One row with its truth and with what was found."""

    family: str
    corpus: str
    truth: dict[str, object]
    severity: float
    security: bool
    ticket: bool
    rule: str
    row: str


@attrs.frozen(kw_only=True)
class Tally:
    """Hits and misses of one yes-or-no question."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0

    def text(self) -> str:
        low, high = interval(self)
        return (
            f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f} [{low:.2f}..{high:.2f}]"
            f"  (tp {self.tp} fp {self.fp} fn {self.fn} tn {self.tn})"
        )


@attrs.frozen(kw_only=True)
class Summary:
    """The figures of a set of rows; `false_tickets` is per 10,000 quiet rows."""

    rows: int
    ticket: Tally
    security: Tally
    spearman: float
    quiet: int
    false_tickets: float | None


class Judge:
    """Classifies and decides, as the product does by itself."""

    def __init__(self) -> None:
        self._rules = Rules()
        self._triggers = Triggers()

    def look(self, event: Event) -> tuple[Finding | None, bool]:
        """What is found, and whether it becomes a ticket."""
        finding = self._rules.classify_event(event)
        if finding is None:
            return None, False
        return finding, self._triggers.should_create_ticket(finding).course is Course.TICKET


def interval(tally: Tally) -> tuple[float, float]:
    """A rough 95 % interval of F1: the normal approximation on its number of decisive rows."""
    n = tally.tp + (tally.fp + tally.fn) / 2
    if n == 0:
        return 0.0, 0.0
    half = 1.96 * math.sqrt(max(tally.f1 * (1 - tally.f1), 1e-9) / n)
    return max(0.0, tally.f1 - half), min(1.0, tally.f1 + half)


def tally(pairs: Iterable[tuple[bool, bool]]) -> Tally:
    """Count (truth, answer) pairs."""
    counts = Counter(pairs)
    return Tally(tp=counts[True, True], fp=counts[False, True], fn=counts[True, False], tn=counts[False, False])


def spearman(pairs: Sequence[tuple[float, float]]) -> float:
    """Rank correlation with ties."""
    if len(pairs) < 3:
        return float("nan")
    left, right = _ranks([a for a, _ in pairs]), _ranks([b for _, b in pairs])
    mean = (len(pairs) + 1) / 2
    cov = sum((a - mean) * (b - mean) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(sum((a - mean) ** 2 for a in left) * sum((b - mean) ** 2 for b in right))
    return cov / spread if spread else float("nan")


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda n: values[n])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for n in order[start:end]:
            ranks[n] = (start + end + 1) / 2
        start = end
    return ranks


def rows(file: Path) -> Iterator[dict[str, object]]:
    """The rows of a JSONL file, compressed or not."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for line in content.splitlines():
        yield json.loads(line)


def score_file(judge: Judge, file: Path) -> list[Scored]:
    """Judge every row of a labelled file."""
    scored = []
    for row in rows(file):
        event = event_of({key: row[key] for key in ("id", "source", "message")}, received=NOW)
        finding, ticket = judge.look(event)
        scored.append(
            Scored(
                family=str(row["family"]),
                corpus=str(row.get("corpus", "")),
                truth=row["truth"],  # type: ignore[arg-type]
                severity=1.0 if finding is None else finding.severity,
                security=finding is not None and finding.security,
                ticket=ticket,
                rule="" if finding is None else finding.rule,
                row=str(row["id"]),
            )
        )
    return scored


def summary(scored: Sequence[Scored]) -> Summary:
    """The figures of a set of rows."""
    tickets = tally((row.truth["ticket"] is True, row.ticket) for row in scored if row.truth["ticket"] is not None)
    security = tally(
        (row.truth["security"] is True, row.security) for row in scored if row.truth["security"] is not None
    )
    ranked = [(float(row.truth["severity"]), row.severity) for row in scored if row.truth["severity"] is not None]  # type: ignore[arg-type]
    quiet = [row for row in scored if row.family.startswith(QUIET)]
    false = sum(row.ticket for row in quiet)
    return Summary(
        rows=len(scored),
        ticket=tickets,
        security=security,
        spearman=round(spearman(ranked), 3),
        quiet=len(quiet),
        false_tickets=round(1e4 * false / len(quiet), 1) if quiet else None,
    )


def near_misses(scored: Sequence[Scored]) -> tuple[int, int]:
    """Rows a rule of their authors must stay silent on, and how many of them became tickets all the same."""
    near = [
        row
        for row in scored
        if row.corpus == "panther" and row.truth["ticket"] is False and row.truth["severity"] is None
    ]
    return len(near), sum(row.ticket for row in near)


def score_streams(judge: Judge, folder: Path) -> None:
    """Tickets on real logs without labels."""
    for name, source in STREAMS:
        file = folder / name
        if not file.exists():
            print(f"  {name}: absent")
            continue
        count = tickets = alerts = 0
        began = time.perf_counter()
        with gzip.open(file, "rt", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                finding, ticket = judge.look(parse(line.rstrip("\n"), source=source, received=NOW))
                count += 1
                tickets += ticket
                alerts += finding is not None and finding.severity >= 6 and not ticket
        seconds = time.perf_counter() - began
        rate = count / seconds
        share = f"{tickets} tickets ({1e4 * tickets / count:.1f} per 10,000)"
        print(f"  {name}: {count} lines, {share}, {alerts} alerts, {rate:,.0f} lines/s")


def score_recordings(judge: Judge, file: Path) -> None:
    """Recorded attacks: how many raise a ticket, and how many of their events do."""
    per: dict[str, Counter[str]] = defaultdict(Counter)
    rules: Counter[str] = Counter()
    for row in rows(file):
        event = event_of({key: row[key] for key in ("id", "source", "message")}, received=NOW)
        finding, ticket = judge.look(event)
        recording = str(row["recording"])
        per[recording]["events"] += 1
        per[recording]["tickets"] += ticket
        if ticket and finding is not None:
            rules[finding.rule] += 1
    events = sum(count["events"] for count in per.values())
    tickets = sum(count["tickets"] for count in per.values())
    seen = sum(bool(count["tickets"]) for count in per.values())
    share = f"{tickets} of {events} events ({100 * tickets / events:.2f} %)"
    print(f"  {seen} of {len(per)} recordings with a ticket; {share}")
    print(f"  rules: {dict(rules.most_common(12))}")
    print(f"  silent: {', '.join(sorted(name for name, count in per.items() if not count['tickets']))}")


def show(title: str, scored: Sequence[Scored], *, families: bool) -> None:
    """Print the figures of a set of rows, and by family where asked."""
    figures = summary(scored)
    print(f"{title}: {figures.rows} rows")
    print(f"  ticket   {figures.ticket.text()}")
    print(f"  security {figures.security.text()}")
    print(f"  spearman {figures.spearman}")
    print(f"  false tickets on {figures.quiet} quiet rows: {figures.false_tickets} per 10,000")
    near, wrong = near_misses(scored)
    print(f"  near misses: {wrong} of {near} became tickets")
    if not families:
        return
    by: dict[str, list[Scored]] = defaultdict(list)
    for row in scored:
        by[f"{row.corpus}/{row.family}"].append(row)
    for name, part in sorted(by.items()):
        figures = summary(part)
        counts = "   ".join(
            f"{question} tp {part_tally.tp:3} fp {part_tally.fp:3} fn {part_tally.fn:3}"
            for question, part_tally in (("ticket", figures.ticket), ("security", figures.security))
        )
        print(f"    {name:32} {len(part):5}  {counts}   spearman {figures.spearman}")


def main(arguments: Sequence[str]) -> int:
    """Score what the command line names."""
    parser = argparse.ArgumentParser(description="Score the judgement on labelled events.")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2].parent / "shared" / "data")
    parser.add_argument("--families", action="store_true", help="figures by family (open files only)")
    parser.add_argument("--wrong", action="store_true", help="list wrong rows (open files only)")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    if not options.data.is_dir() and not options.files:
        print(f"{options.data}: no such folder", file=sys.stderr)
        return 3
    judge = Judge()
    files = options.files or [options.data / name for name in OPEN]
    everything: list[Scored] = []
    for file in files:
        scored = score_file(judge, file)
        closed = "aside" in file.resolve().parts
        show(file.name, scored, families=options.families and not closed)
        everything += scored
        if options.wrong and not closed:
            for row in scored:
                if row.truth["ticket"] is not None and row.truth["ticket"] is not row.ticket:
                    print(
                        "   ticket wrong:",
                        row.row,
                        row.family,
                        row.truth["ticket"],
                        row.severity,
                        row.rule,
                        row.truth["rule_ids"],
                    )
    if len(files) > 1:
        show("all", everything, families=False)
    if not options.files:
        print("streams:")
        score_streams(judge, options.data / "streams")
        print("recordings:")
        score_recordings(judge, options.data / "recordings_dev.jsonl.gz")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
