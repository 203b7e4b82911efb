"""How long the figures take with many incidents: one figure after the other, and all together.

python bench/reports.py [--incidents 100000] [--store sqlite:///FILE]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soc_core.store.database import Database
from soc_core.store.reports import StoreReports
from soc_core.testing.clock import HandClock
from soc_core.testing.month import keep, month

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def main() -> None:
    """Fill a store and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--store", help="An empty database; a file of its own if left out.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(chosen.store or f"sqlite:///{Path(folder) / 'soc.db'}")
        database.open()
        _timed(f"fill with {chosen.incidents} incidents", lambda: keep(database, month(chosen.incidents, NOW)))
        reports = StoreReports(database=database, clock=HandClock(NOW))
        _timed("all figures", reports.figures)
        _timed("all figures, once more", reports.figures)
        _timed("figures of a week", lambda: reports.figures(since=NOW - timedelta(days=7)))
        _timed("figures of a day", lambda: reports.figures(since=NOW - timedelta(days=1)))
        _timed("the 1000 most urgent", reports.incidents)
        database.close()


def _timed(name: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    print(f"{name:40} {time.perf_counter() - began:8.2f} s")


if __name__ == "__main__":
    main()
