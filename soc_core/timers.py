"""What is planned for an incident by itself: the rungs of its ladder, and the end of an alert that nobody touches."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from soc_core import codec
from soc_core.calls import Calls
from soc_core.model.event import Course
from soc_core.model.incident import Incident
from soc_core.model.job import Job
from soc_core.model.sla import Sla
from soc_core.store import outbox

EXPIRE = "expire"
RUNG = "rung"


def timers(incident: Incident, calls: Calls, *, lasts: timedelta) -> tuple[Job, ...]:
    """Everything that is due for an incident some day; an untouched alert `lasts` so long."""
    if not incident.status.active:
        return ()
    return (*_rungs(incident, calls), *_expiry(incident, lasts))


def expires_at(incident: Incident, lasts: timedelta) -> datetime:
    """When an alert that nobody touches is closed; the events of an old log do not make it old."""
    return max(incident.last_seen, incident.opened_at) + lasts


def _rungs(incident: Incident, calls: Calls) -> Iterator[Job]:
    if not incident.clocks:
        return
    sla = Sla(**{name: clock.target for name, clock in incident.clocks.items()})
    for step in calls.plan_escalation(incident, sla):
        clock = incident.clocks.get(step.clock)
        due = None if clock is None else step.due_at(clock)
        if clock is not None and due is not None:
            purpose = f"sla:{clock.name}:{clock.cycle}:{step.rung}"
            yield _timer(incident, purpose, RUNG, due, codec.dump({"step": codec.plain(step)}))


def _expiry(incident: Incident, lasts: timedelta) -> Iterator[Job]:
    if incident.kind is Course.ALERT and incident.acknowledged_at is None:
        yield _timer(incident, EXPIRE, EXPIRE, expires_at(incident, lasts), "{}")


def _timer(incident: Incident, purpose: str, kind: str, due: datetime, payload: str) -> Job:
    return Job(
        dedupe=f"{incident.id}:{purpose}",
        incident=incident.id,
        dest=outbox.CORE,
        kind=kind,
        lane=f"{incident.id}:{purpose}",
        rank=incident.priority.rank,
        not_before=due,
        payload=payload,
    )
