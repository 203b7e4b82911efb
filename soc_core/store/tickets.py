"""The shelf of tickets: for each incident the one ticket it has, will have, or may have."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from soc_core.model.incident import Incident, Ticket
from soc_core.store.schema import ticket as table


def intend(tx: Connection, incident: Incident, tracker: str) -> None:
    """A create is about to be sent."""
    values = {"tracker": tracker, "state": "intended"}
    if not tx.execute(update(table).where(table.c.incident == incident.id).values(values)).rowcount:
        tx.execute(insert(table).values(incident=incident.id, marker=incident.marker, **values))


def unsure(tx: Connection, incident: Incident) -> None:
    """A create was sent and its outcome is unknown."""
    tx.execute(update(table).where(table.c.incident == incident.id).values(state="unsure"))


def made(tx: Connection, incident: Incident, ticket: Ticket, now: datetime) -> None:
    """The ticket exists."""
    intend(tx, incident, ticket.tracker)
    values = {"key": ticket.key, "url": ticket.url, "state": "made", "made_at": now}
    tx.execute(update(table).where(table.c.incident == incident.id).values(values))


def moved(tx: Connection, incident: Incident, ticket: Ticket) -> None:
    """The ticket has a new key, or is there again."""
    values = {"key": ticket.key, "url": ticket.url, "state": "made"}
    tx.execute(update(table).where(table.c.incident == incident.id).values(values))


def gone(tx: Connection, incident: Incident) -> None:
    """The ticket was deleted, or can no longer be seen."""
    tx.execute(update(table).where(table.c.incident == incident.id).values(state="gone"))


def state(tx: Connection, incident: str) -> str:
    """`absent`, `intended`, `unsure`, `made` or `gone`."""
    return tx.execute(select(table.c.state).where(table.c.incident == incident)).scalar() or "absent"
