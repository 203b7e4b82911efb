"""Several processes read one log: what comes of it is what one process makes of it, also when one of them dies."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from soc_core import Finding, Pattern, Threshold, hookimpl
from soc_core.app import Soc
from soc_core.cli.program import soc as program
from soc_core.stages.intake.reading import Reader
from soc_core.stages.intake.workers import Workers

IN_MEMORY = {
    "store": "sqlite://",
    "plugins": {"disable": ["rules", "jira", "slack"]},
    "storm": {"limit": 100_000},
}
SIZE = 3_000
ROOT = Path(__file__).parents[3]
BAD = re.compile(r"failed for (\w+)")


class Counting:
    """Counts failed logins by user and takes some for worse at once."""

    @hookimpl
    def register_patterns(self):
        return [Pattern(name="failed", text="failed")]

    @hookimpl
    def classify_event(self, event):
        found = BAD.search(event.message)
        if found is None:
            return None
        count = Threshold(
            rule="many", count=7, within=timedelta(hours=1), key=found[1], label="Security Alert", severity=9
        )
        severity = 9 if found[1] == "root" else 6 if found[1] == "admin" else 3
        return Finding(event=event, label="Error", severity=severity, rule=found[1], thresholds=[count])


def lines(number):
    users = ["root", "admin", *(f"u{n}" for n in range(20))]
    for n in range(number):
        yield (
            f"line {n} failed for {users[n // 3 % len(users)]}"
            if n % 3 == 0
            else f"line {n} says nothing {'x' * (n % 90)}"
        )


def text_log(folder):
    data = [line.encode() for line in lines(2_000)]
    data[700] = b"x" * 1_100_000 + b" failed for root"  # too long to be read
    data[900] = b""
    data[901] = b"a\0b failed for root\xff"
    path = folder / "app.log"
    path.write_bytes(b"\n".join(data) + b"\nthe last line has no end: failed for root")
    return path


def json_log(folder):
    rows = [json.dumps({"level": "info", "message": line}).encode() for line in lines(2_000)]
    rows[500] = b"{broken failed for root"
    rows[1500] = b"not json"
    rows[1501] = b'{"message": "f\\u0061iled for root"}'
    path = folder / "app.json"
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


def opened():
    return Soc.open(env={}, overrides=IN_MEMORY, plugins=[("counting", Counting())])


def came_to(soc, reader):
    """Read everything; answers how many lines, those in quarantine, and the incidents."""
    read, quarantined, positions = 0, [], []
    for batch in reader:
        soc.take(batch)
        read += batch.lines
        quarantined += [(bad.line_number, bad.offset, bad.reason, bad.data_head[:20]) for bad in batch.quarantined]
        positions.append(batch.position)
    return read, quarantined, incidents_of(soc), positions[-1]


def incidents_of(soc):
    return sorted((i.label, i.severity, i.rule, i.source, i.count, i.kind, i.message) for i in soc.reports.incidents())


@pytest.mark.parametrize("make", [text_log, json_log])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_comes_of_a_log_does_not_depend_on_how_many_read_it(tmp_path, make, number):
    path = make(tmp_path)
    with opened() as soc:
        alone = came_to(soc, Reader([str(path)], clock=soc.clock, select=soc.candidates))
    with opened() as soc:
        assert soc.scanner.names
        asked = []
        with Workers(number, lambda part: soc.read_range(part, None), size=SIZE) as workers:

            def counted(ranges):
                for answer in workers(ranges):
                    asked.append(answer)
                    yield answer

            counted.size = SIZE
            together = came_to(soc, Reader([str(path)], clock=soc.clock, select=soc.candidates, workers=counted))
    assert len(asked) > 10
    assert alone[1], "something is in quarantine"
    assert together[:3] == alone[:3]
    told, expected = json.loads(together[3]), json.loads(alone[3])
    assert (told["offset"], told["line"], told["head"]) == (expected["offset"], expected["line"], expected["head"])


def test_a_worker_that_dies_is_done_without_and_told_of(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("soc_core"), "handlers", [caplog.handler])
    paths = [str(text_log(tmp_path)), str(json_log(tmp_path))]
    with opened() as soc:
        alone = came_to(soc, Reader(paths, clock=soc.clock, select=soc.candidates))
    with opened() as soc:
        assert soc.scanner.names
        main = os.getpid()

        def dies(part):
            if part.offset > 20_000 and os.getpid() != main:
                os.kill(os.getpid(), signal.SIGKILL)
            return soc.read_range(part, None)

        with Workers(2, dies, size=SIZE) as workers:
            together = came_to(soc, Reader(paths, clock=soc.clock, select=soc.candidates, workers=workers))
    assert together[:3] == alone[:3]
    assert "intake.worker_lost" in caplog.text


def test_a_file_that_was_moved_away_is_read_to_its_end_by_the_one_who_has_it_open(tmp_path):
    path = text_log(tmp_path)
    with opened() as soc:
        alone = came_to(soc, Reader([str(path)], clock=soc.clock, select=soc.candidates))
    with opened() as soc:
        assert soc.scanner.names
        with Workers(2, lambda part: soc.read_range(part, None), size=SIZE) as workers:
            reader = Reader([str(path)], clock=soc.clock, select=soc.candidates, workers=workers)
            with closing(iter(reader)) as batches:
                first = next(batches)
                path.rename(path.with_suffix(".1"))
                path.write_bytes(b"another log\n" * 10)
                again = came_to(soc, [first, *batches])
    assert again[0] == alone[0]


KILLED = """
import os, signal, sys
from tests.stages.intake.test_workers import SIZE, Counting, IN_MEMORY, Reader, Soc, Workers

path, store, number, takes = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with Soc.open(env={}, overrides={**IN_MEMORY, "store": store}, plugins=[("counting", Counting())]) as soc:
    assert soc.scanner.names
    with Workers(number, lambda part: soc.read_range(part, None), size=SIZE) as workers:
        print(*(process.pid for process in workers._processes), flush=True)
        saved = soc.positions()
        for batch in Reader([path], clock=soc.clock, select=soc.candidates, saved=saved, workers=workers):
            soc.take(batch)
            takes -= 1
            if not takes:
                os.kill(os.getpid(), signal.SIGKILL)
"""


def run_until(path, store, number, takes):
    """Read in a process that ends itself after so many batches; answers how it ended, and its workers."""
    command = [sys.executable, "-c", KILLED, str(path), store, str(number), str(takes)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return ended.returncode, [int(pid) for pid in ended.stdout.split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end while we look
        return False


def test_killed_again_and_again_and_started_with_other_workers_nothing_is_lost_or_doubled(tmp_path):
    path = text_log(tmp_path)
    with opened() as soc:
        alone = came_to(soc, Reader([str(path)], clock=soc.clock, select=soc.candidates))
    store = f"sqlite:///{tmp_path / 'soc.db'}"
    for number, takes in ((2, 4), (1, 3), (3, 9), (2, 1)):
        code, workers = run_until(path, store, number, takes)
        assert code == -signal.SIGKILL
        assert len(workers) == number
        deadline = time.monotonic() + 60
        while any(map(alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(alive, workers)), "workers end with the one who forked them"
    assert run_until(path, store, 2, 0)[0] == 0
    with Soc.open(env={}, overrides={**IN_MEMORY, "store": store}, plugins=[("counting", Counting())]) as soc:
        assert incidents_of(soc) == alone[2]


def test_soc_run_reads_with_workers_and_says_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("SOC_STORE", "SOC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Workers.__init__.__kwdefaults__, "size", SIZE)
    path = tmp_path / "useradd.log"
    line = "Nov 23 10:00:{:02d} gate useradd[7]: new user: name=svc{}, UID=0, GID=0, home=/root, shell=/bin/bash\n"
    path.write_text("".join(line.format(n % 60, n % 5) if n % 9 == 0 else f"nothing {n}\n" for n in range(3_000)))
    told = []
    for number in ("1", "2"):
        command = ["--store", f"sqlite:///{number}.db", "run", str(path), "--no-deliver", "--json", "--workers", number]
        done = CliRunner().invoke(program, command)
        assert done.exit_code == 0, done.output
        told.append({name: value for name, value in json.loads(done.stdout).items() if name != "seconds"})
    assert told[0] == told[1]
    assert (told[0]["read"], told[0]["incidents_opened"], told[0]["joined"]) == (3_000, 1, 333)
    refused = CliRunner().invoke(program, ["run", str(path), "--follow", "--workers", "2"])
    assert refused.exit_code == 2
    assert "leave --workers out" in refused.output
