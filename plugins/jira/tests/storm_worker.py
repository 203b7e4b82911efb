"""A process for the storm tests: takes in events that each need a ticket, and delivers until nothing is left."""

import os
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from soc_core import Event, Finding, hookimpl
from soc_core.app import Soc


class Everything:
    """Every event is a critical finding of its own."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)


folder, number, lag, api = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
settings = {
    "store": f"sqlite:///{folder / 'soc.db'}",
    "storm.limit": 100_000,
    "delivery": {"workers": 4, "lease": "2s", "backoff_first": "100ms", "backoff_longest": "300ms"},
    "plugins": {
        "disable": ["rules", "local", "console", "slack", "sla", "escalation", "metrics", "dashboard"],
        "jira": {"api": api, "search_lag": lag, "timeout": "500ms", "rate": 1000.0},
    },
}
env = {name: value for name, value in os.environ.items() if name.startswith("JIRA_")}
soc = Soc.open(overrides=settings, env=env, plugins=[("all", Everything())])
now = soc.clock.now()
soc.submit(Event(source="app", message=f"trouble {n}", received=now, id=str(n)) for n in range(number))
soc.start(services=False)
deadline = time.monotonic() + 150
while soc.settle(timedelta(seconds=60)):
    if time.monotonic() > deadline:
        sys.exit("not settled")
    threading.Event().wait(0.05)
soc.close()
