"""A process for the storm tests: opens incidents, tells Slack about them in fast time, and ends when all is told."""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from soc_core import Event, Finding, Incident, Ticket, hookimpl
from soc_core.app import Soc
from soc_core.model.job import JobState
from soc_core.testing.clock import HandClock


class Everything:
    """Every event is an incident of its own, of a source of its own, with a ticket."""

    search_lag = timedelta(0)

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)

    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        return Ticket(tracker="all", key=incident.id.replace("INC", "SEC"), url="https://jira.example.org/x")

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        return None


folder, number, hours = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
clock = HandClock(datetime.fromtimestamp(float(os.environ["STORM_START"]), UTC) + timedelta(hours=hours))
soc = Soc.open(
    overrides={
        "store": f"sqlite:///{folder / 'soc.db'}",
        "storm.limit": 100_000,
        "delivery": {"workers": 1, "lease": "60s", "backoff_first": "1s", "backoff_longest": "30s"},
        "plugins": {
            "disable": ["rules", "local", "console", "jira", "sla", "escalation", "metrics", "dashboard"],
            "slack": json.loads(os.environ["STORM_SLACK"]),
        },
    },
    env={name: value for name, value in os.environ.items() if name.startswith("SLACK_")},
    plugins=[("all", Everything())],
    clock=clock,
)
soc.submit(Event(source=f"app{n}", message=f"trouble {n}", received=clock.now(), id=str(n)) for n in range(number))
for _ in range(20_000):
    soc.work()
    if not any(job.dest in ("slack", "all") for job in soc.reports.jobs(JobState.READY, JobState.LEASED)):
        break
    clock.advance(timedelta(seconds=2))
else:
    sys.exit("not settled")
soc.close()
