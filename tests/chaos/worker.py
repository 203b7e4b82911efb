"""A process for the crash tests: takes in events that each need a ticket, delivers, and dies where it is told to."""

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soc_core.app import Soc
from soc_core.clock import AnchoredClock
from soc_core.hookspecs import hookimpl
from soc_core.model.event import Event, Finding
from soc_core.model.job import JobState
from soc_core.store import outbox
from soc_core.testing.clock import HandClock
from soc_core.testing.remote import RemoteTracker

folder, number = Path(sys.argv[1]), int(sys.argv[2])
fault, kill_at, freeze_at = (os.environ.get(name, "") for name in ("FAULT", "KILL_AT", "FREEZE_AT"))
real = "REAL_CLOCK" in os.environ
timeline = folder / "now"


class Everything:
    """Every event is a critical finding of its own."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)


def failpoint(step: str) -> None:
    if step == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    if step == freeze_at:
        print("frozen", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)


if real:
    clock = AnchoredClock()
else:
    # The hand clock goes on where the killed process left it.
    start = datetime.fromisoformat(timeline.read_text()) if timeline.exists() else datetime(2026, 3, 2, 12, tzinfo=UTC)
    clock = HandClock(start)

lag = timedelta(seconds=0.3 if real else 60)
tracker = RemoteTracker(
    folder / "remote.db",
    now=clock.now,
    lag=lag,
    search_lag=2 * lag,
    fault=lambda tries: fault if tries == 0 else "",
)
settings = {
    "store": f"sqlite:///{folder / 'soc.db'}",
    "delivery": {"lease": "2s", "backoff_first": "100ms", "backoff_longest": "200ms"},
    "plugins": {"disable": ["rules", "local", "console", "jira", "slack", "sla", "escalation"]},
}
soc = Soc.open(
    overrides=settings, env={}, clock=clock, plugins=[("remote", tracker), ("all", Everything())], failpoint=failpoint
)
soc.submit(Event(source="app", message=f"trouble {n}", received=clock.now(), id=str(n)) for n in range(number))
deadline = time.monotonic() + 150
while True:
    soc.work()
    waiting = [job for job in soc.reports.jobs(JobState.READY, JobState.LEASED) if job.dest != outbox.CORE]
    if not waiting:
        break
    if time.monotonic() > deadline:
        sys.exit(f"not settled: {waiting}")
    if real:
        time.sleep(0.02)
    else:
        clock.advance(timedelta(seconds=1))
        timeline.write_text(clock.now().isoformat())
soc.close()
