"""An incident made up to see whether tickets can be made; it says so in every line."""

import hashlib
from datetime import datetime, timedelta

from soc_core import Clock, Course, Incident, Move, Priority, Target, Tick

_HOUR = Clock(name="resolution", target=Target(duration=timedelta(hours=1)))


def trial_incident(now: datetime) -> Incident:
    """An incident that stands for no event; each instant has its own."""
    mark = hashlib.sha256(f"trial {now.isoformat()}".encode()).hexdigest()[:20]
    return Incident(
        id=f"TEST-{now:%Y%m%d-%H%M%S}",
        marker=f"soc-{mark}",
        fingerprint=mark,
        kind=Course.TICKET,
        label="Security Alert",
        severity=9,
        priority=Priority.HIGHEST,
        confidence=1.0,
        source="soc-core test",
        message="This is a test of the connection between soc-core and JIRA. Nothing has happened; close this ticket.",
        why="Somebody asked for a test incident",
        actions=("Check that the fields look right", "Close this ticket"),
        first_seen=now,
        last_seen=now,
        detected_at=now,
        opened_at=now,
        clocks={"resolution": _HOUR.with_tick(Tick(move=Move.START, at=now))},
    )
