"""One ticket per incident, whatever breaks: processes are killed at every statement of the create protocol."""

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from soc_core.stages.delivery import Step
from soc_core.testing.remote import RemoteTracker
from tests.conftest import NOON

WORKER = Path(__file__).parent / "worker.py"
FAILPOINTS = [f"{side}:{step}" for step, side in itertools.product(Step, ("before", "after"))]
FAULTS = ("", "lost after", "lost before")
# Without a lost answer nothing is looked up; an answer that is lost is never received.
UNREACHED = {("before:find", ""), ("after:find", ""), ("after:send", "lost after")}
CASES = [case for case in itertools.product(FAILPOINTS, FAULTS) if case not in UNREACHED]
EVENTS = 3


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), *arguments],
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    return output


def tickets(folder: Path) -> dict[str, int]:
    return RemoteTracker(folder / "remote.db", now=lambda: NOON).open_tickets()


def incidents(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / "soc.db") as store:
        return store.execute("SELECT incident, state FROM ticket ORDER BY incident").fetchall()


def assert_one_ticket_each(folder: Path, number: int = EVENTS) -> None:
    found = tickets(folder)
    assert list(found.values()) == [1] * number, found
    assert [state for _, state in incidents(folder)] == ["made"] * number


@pytest.mark.parametrize(("failpoint", "fault"), CASES)
def test_killed_at_a_failpoint_and_restarted_there_is_one_ticket_each_and_none_lost(tmp_path, failpoint, fault):
    killed = run(tmp_path, str(EVENTS), KILL_AT=failpoint, FAULT=fault)
    killed.communicate(timeout=200)
    assert killed.returncode == -signal.SIGKILL
    finished(run(tmp_path, str(EVENTS), FAULT=fault))
    assert_one_ticket_each(tmp_path)


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_three_workers_one_of_them_killed_make_one_ticket_each(tmp_path, failpoint):
    workers = [
        run(tmp_path, "12", KILL_AT=failpoint if number == 0 else "", FAULT="lost after", REAL_CLOCK="1")
        for number in range(3)
    ]
    for worker in workers[1:]:
        finished(worker)
    workers[0].communicate(timeout=200)
    assert workers[0].returncode in (0, -signal.SIGKILL)
    assert_one_ticket_each(tmp_path, 12)


def test_a_worker_frozen_between_intent_and_send_is_found_out_by_the_reconciler(tmp_path):
    frozen = run(tmp_path, "1", FREEZE_AT="before:send", REAL_CLOCK="1")
    assert frozen.stdout.readline().strip() == "frozen"
    finished(run(tmp_path, "1", REAL_CLOCK="1"))
    frozen.send_signal(signal.SIGCONT)
    finished(frozen)
    finished(run(tmp_path, "1", REAL_CLOCK="1"))
    assert_one_ticket_each(tmp_path, 1)
