"""soc-core inside other programs: two houses in one process, many threads, and servers that fork their workers."""

import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from soc_core import Event, Finding, StoreError, hookimpl
from soc_core.app import Soc

THREADS, ROUNDS, TROUBLES = 8, 10, 5
ROOT = Path(__file__).parents[2]
FORK = multiprocessing.get_context("fork")


class EveryTroubleIsOne:
    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        if "trouble" not in event.message:
            return None
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)


def house(store: Path) -> Soc:
    overrides = {"store": f"sqlite:///{store}", "plugins": {"disable": ["rules", "jira", "slack", "console"]}}
    return Soc.open(env={}, overrides=overrides, plugins=[("house", EveryTroubleIsOne())])


def send(soc: Soc, rounds: int = ROUNDS) -> None:
    for number in range(rounds):
        soc.submit([*(("app", f"trouble {n}") for n in range(TROUBLES)), ("app", f"all is well {number}")])


def in_a_child(work: Callable[[], None]) -> int:
    child = FORK.Process(target=work)
    child.start()
    child.join(100)
    return child.exitcode if child.exitcode is not None else -1


def test_two_houses_in_one_process_and_eight_threads_into_each(tmp_path: Path) -> None:
    with house(tmp_path / "one.db") as one, house(tmp_path / "other.db") as other:
        threads = [threading.Thread(target=send, args=(soc,)) for soc in (one, other) for _ in range(THREADS)]
        one.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for soc in (one, other):
            counted = {incident.message: incident.count for incident in soc.reports.incidents()}
            assert counted == {f"trouble {n}": THREADS * ROUNDS for n in range(TROUBLES)}
        assert not any(incident.ticket for incident in other.reports.incidents())  # nobody delivers there


def serve_with_three_workers(store: Path) -> None:
    """What a server does that opens its house and forks; the locks of a test process's threads would be forked too."""

    def work() -> None:
        with house(store) as soc:
            soc.start()
            send(soc)

    with house(store):
        workers = [FORK.Process(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        sys.exit(any(worker.exitcode for worker in workers))


def test_workers_that_open_after_the_fork_share_one_store(tmp_path: Path) -> None:
    store = tmp_path / "soc.db"
    program = f"from pathlib import Path; from {__name__} import *; serve_with_three_workers(Path({str(store)!r}))"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=200)
    with house(store) as soc:
        soc.work()
        found = soc.reports.incidents()
        assert {one.message: one.count for one in found} == {f"trouble {n}": 3 * ROUNDS for n in range(TROUBLES)}
        assert len({one.ticket.key for one in found}) == TROUBLES


def test_a_house_that_was_opened_before_the_fork_refuses_to_work_in_the_child(tmp_path: Path) -> None:
    with house(tmp_path / "soc.db") as soc:

        def work() -> None:
            with pytest.raises(StoreError, match="open one in each process"):
                soc.submit([("app", "trouble 1")])
            with pytest.raises(StoreError, match="open one in each process"):
                soc.reports.incidents()
            soc.close()

        soc.submit([("app", "trouble 0")])
        assert in_a_child(work) == 0
        soc.submit([("app", "trouble 0")])
        assert [(one.message, one.count) for one in soc.reports.incidents()] == [("trouble 0", 2)]
