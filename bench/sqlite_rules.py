"""Rules as SQL over a table in memory, as engines do that translate Sigma for SQLite: one query for each rule."""

import re
import sqlite3
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bench.corpus import Rule

_ROWS = 10_000


def search(log: Path, rules: Sequence[Rule]) -> tuple[int, int, float, float]:
    """Lines, lines that match, seconds and processor seconds, the filling of the table included.

    `LIKE` finds the words of a rule and a function for `REGEXP` confirms, as SQLite has none of its own.
    """
    tables = sqlite3.connect(":memory:")
    compiled = {rule.expression: re.compile(rule.expression, re.IGNORECASE) for rule in rules}
    tables.create_function("regexp", 2, lambda text, line: compiled[text].search(line) is not None, deterministic=True)
    tables.execute("CREATE TABLE logs (line INTEGER PRIMARY KEY, message TEXT)")
    lines = matched = 0
    began, cpu = time.perf_counter(), time.process_time()
    with log.open("rb") as file:
        while rows := [(line.decode("utf-8", "replace"),) for line in islice(file, _ROWS)]:
            tables.execute("DELETE FROM logs")
            tables.executemany("INSERT INTO logs (message) VALUES (?)", rows)
            found: set[int] = set()
            for rule in rules:
                query = "SELECT line FROM logs WHERE message LIKE ? AND message REGEXP ?"
                found.update(line for (line,) in tables.execute(query, (f"%{rule.word}%", rule.expression)))
            lines += len(rows)
            matched += len(found)
    return lines, matched, time.perf_counter() - began, time.process_time() - cpu
