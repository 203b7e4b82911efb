"""Real logs that nobody here wrote: every line is counted, no traceback, the noisiest rules are named."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"
LOGS = (
    "streams/auth.log.gz",
    "streams/apache_access.log.gz",
    "streams/kafka.log.gz",
    "events_dev_permissive.jsonl",
    "events_dev_gpl2.jsonl",
)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    program = Path(sys.executable).parent / "soc"
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=cwd, env=clean, check=False)


@pytest.mark.parametrize("name", LOGS)
def test_every_line_of_a_real_log_is_counted(name, tmp_path):
    log = DATA / name
    if not log.exists():
        pytest.skip(f"the labelled logs are not here: {log}")
    raw = log.read_bytes()
    number = len((gzip.decompress(raw) if log.suffix == ".gz" else raw).splitlines())
    done = run("run", str(log), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    summary = json.loads(done.stdout)
    assert summary["processed"] + summary["quarantined"] == summary["read"] == number
    noisiest = json.loads(run("metrics", "--json", cwd=tmp_path).stdout)["events_by_rule"]
    assert list(noisiest.values()) == sorted(noisiest.values(), reverse=True)
    assert sum(noisiest.values()) <= number
    assert noisiest or name == "streams/kafka.log.gz"  # nothing but the daily business of a broker
    again = json.loads(run("run", str(log), "--json", cwd=tmp_path).stdout)
    assert (again["read"], again["incidents_opened"], again["joined"]) == (0, 0, 0)
