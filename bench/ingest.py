"""How many lines a second `soc serve` takes over HTTP, how long callers wait, and that none is lost.

    python bench/ingest.py [--seconds 60] [--senders 4] [--lines 500]      as much as it takes
    python bench/ingest.py --senders 24                                    more than that: callers are told to come back

A server of its own on loopback, with the shipped rules; one line in a thousand is a finding with an id. Callers that
are told to come back (429) send the same again.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests
from sqlalchemy import text

from soc_core.store.database import Database

TOKEN = "bench"
BORING = '{"source": "sshd", "message": "Connection closed by 192.0.2.7 port 5061 [preauth]"}\n'
FINDING = '{"id": "%s", "source": "sshd", "message": "Accepted password for root from 203.0.113.9 port 22 ssh2"}\n'


class Sender(threading.Thread):
    """One caller; remembers what was acknowledged and how long each request took."""

    def __init__(self, url: str, number: int, until: float, lines: int) -> None:
        super().__init__()
        self.url, self.number, self.until, self.lines = f"{url}/ingest", number, until, lines
        self.acknowledged = 0
        self.behind = 0
        self.ids: list[str] = []
        self.waits: list[float] = []

    def run(self) -> None:
        """Send until the time is over."""
        with requests.Session() as session:
            session.trust_env = False
            session.headers["authorization"] = f"Bearer {TOKEN}"
            sent = 0
            while time.monotonic() < self.until:
                rows = [BORING] * self.lines
                ids = [f"{self.number}-{sent + n}" for n in range(self.lines) if (sent + n) % 1000 == 0]
                rows[: len(ids)] = [FINDING % one for one in ids]
                body = "".join(rows).encode()
                sent += self.lines
                while not self._taken(session, body):
                    self.behind += 1
                    time.sleep(0.05)
                self.ids += ids
                self.acknowledged += self.lines

    def _taken(self, session: requests.Session, body: bytes) -> bool:
        began = time.perf_counter()
        answer = session.post(self.url, data=body, timeout=60)
        if answer.status_code == 429:
            return False
        answer.raise_for_status()
        self.waits.append(time.perf_counter() - began)
        return True


def main() -> None:
    """Serve, send, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--lines", type=int, default=500, help="In each request.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "soc.toml").write_text('[plugins]\ndisable = ["jira", "slack"]\n')
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
        process = subprocess.Popen(
            [sys.executable, "-m", "soc_core", "serve", "--port", "0"],
            cwd=place,
            env={**clean, "SOC_INGEST_TOKEN": TOKEN},
            stderr=subprocess.PIPE,
        )
        found = re.search(rb"http://127\.0\.0\.1:\d+", process.stderr.readline() if process.stderr else b"")
        if found is None:
            sys.exit("soc serve did not start")
        acknowledged = _watch(process, found[0].decode(), chosen)
        database = Database(f"sqlite:///{place / 'soc.db'}")
        database.open()
        with database.read() as tx:
            stored = set(tx.execute(text("SELECT event_id FROM event_inbox")).scalars())
        database.close()
    lost = acknowledged - stored
    print(f"{'acknowledged and not in the store':40} {len(lost)}")
    sys.exit(1 if lost else 0)


def _watch(process: "subprocess.Popen[bytes]", url: str, chosen: argparse.Namespace) -> set[str]:
    until = time.monotonic() + chosen.seconds
    senders = [Sender(url, number, until, chosen.lines) for number in range(chosen.senders)]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    memory = []
    while any(sender.is_alive() for sender in senders):
        memory.append(_memory(process.pid))
        time.sleep(chosen.seconds / 20)
    took = time.monotonic() - began
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    waits = sorted(wait for sender in senders for wait in sender.waits)
    rows = {
        "lines a second": round(sum(sender.acknowledged for sender in senders) / took),
        "requests": len(waits),
        "told to come back (429)": sum(sender.behind for sender in senders),
        "p50 of a request, ms": round(1000 * statistics.median(waits), 1),
        "p99 of a request, ms": round(1000 * waits[int(len(waits) * 0.99)], 1),
        "memory, MB: after a quarter, at the end": (memory[len(memory) // 4], memory[-1]),
        "events with an id acknowledged": sum(len(sender.ids) for sender in senders),
    }
    for name, value in rows.items():
        print(f"{name:40} {json.dumps(value)}")
    return {one for sender in senders for one in sender.ids}


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
