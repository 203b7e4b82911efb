"""The shelf of SLA clocks: when each is due and when it stopped, for questions over many incidents."""

from sqlalchemy import Connection, bindparam, delete, insert

from soc_core.model.incident import Incident
from soc_core.model.sla import Clock
from soc_core.store.schema import sla_clock

_ADD = insert(sla_clock)
_FORGET = delete(sla_clock).where(sla_clock.c.incident == bindparam("of"))


def save_clocks(tx: Connection, incident: Incident) -> None:
    """Write down how the clocks of an incident stand; their history stays with the incident."""
    tx.execute(_FORGET, {"of": incident.id})
    add_clocks(tx, incident)


def add_clocks(tx: Connection, incident: Incident) -> None:
    """The same for a new incident."""
    if incident.clocks:
        tx.execute(_ADD, [_row(incident.id, clock) for clock in incident.clocks.values()])


def _row(incident: str, clock: Clock) -> dict[str, object]:
    return {
        "incident": incident,
        "name": clock.name,
        "cycle": clock.cycle,
        "due_at": clock.due_at(),
        "stopped_at": clock.ended_at,
    }
