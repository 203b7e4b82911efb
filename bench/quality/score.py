"""How good the judgement is: tickets, security and severity against labelled events, and noise on quiet ones.

    python bench/quality/score.py [--data FOLDER] [--families] [--wrong] [--unseen] [FILE ...]

Without files it scores the open files of the data folder (by default `shared/data` next to the checkout). Rows whose
truth is null are a grey zone and count neither way. Files below a folder called `aside` are scored in totals only.
With `--unseen` each family is judged without the rules that know it (`unseen.py`).
"""

import argparse
import gzip
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from figures import Scored, best_rank, near_misses, pairs, summary
from judging import NOW, Judge, event_in, rows, score_rows
from unseen import score_unseen

from soc_core.stages.intake.formats import parse

OPEN = ("events_dev_permissive.jsonl", "events_dev_gpl2.jsonl")
STREAMS = (("apache_access.log.gz", "apache"), ("auth.log.gz", "auth"), ("kafka.log.gz", "kafka"))


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
        finding, ticket = judge.look(event_in(row))
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
    family, rule = best_rank(scored, lambda row: row.family), best_rank(scored, lambda row: row.rule)
    print(f"  spearman {figures.spearman}  (with the true mean of each family {family}, of each rule or row {rule})")
    print(f"  false tickets on {figures.quiet} quiet rows: {figures.false_tickets} per 10,000")
    near, wrong = near_misses(scored)
    number, right, level = pairs(scored)
    print(f"  near misses: {wrong} of {near} became tickets; of {number} pairs {right} are ranked right, {level} level")
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
    parser.add_argument("--unseen", action="store_true", help="judge each family without the rules that know it")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    if not options.data.is_dir() and not options.files:
        print(f"{options.data}: no such folder", file=sys.stderr)
        return 3
    files = options.files or [options.data / name for name in OPEN]
    closed = any("aside" in file.resolve().parts for file in files)
    if options.unseen:
        scored = score_unseen([row for file in files for row in rows(file)])
        show("unseen", scored, families=not closed)
        return 0
    judge = Judge()
    everything: list[Scored] = []
    for file in files:
        scored = score_rows(judge, rows(file))
        show(file.name, scored, families=options.families and not closed)
        everything += scored
    if len(files) > 1:
        show("all", everything, families=False)
    if options.wrong and not closed:
        show_wrong(everything)
    if not options.files:
        print("streams:")
        score_streams(judge, options.data / "streams")
        print("recordings:")
        score_recordings(judge, options.data / "recordings_dev.jsonl.gz")
    return 0


def show_wrong(scored: Sequence[Scored]) -> None:
    """Name the rows whose ticket is wrong or missing."""
    for row in scored:
        if row.truth["ticket"] is not None and row.truth["ticket"] is not row.ticket:
            print(f"  ticket {row.ticket}: {row.row} {row.family} {row.severity:g} {row.rule} {row.truth['rule_ids']}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
