"""The shelf of cursors: where each reader and poller stopped."""

from datetime import datetime

from sqlalchemy import Connection, select

from soc_core.store import upsert
from soc_core.store.schema import cursor

HOUSE = "core"
"""The owner of the house's own cursors."""

_HEARTBEAT = "heartbeat"


def get(tx: Connection, owner: str, name: str) -> str | None:
    """Where `owner` stopped with `name`, or None."""
    return tx.execute(select(cursor.c.value).where(cursor.c.owner == owner, cursor.c.name == name)).scalar()


def all_of(tx: Connection, owner: str) -> dict[str, str]:
    """All cursors of `owner`."""
    rows = tx.execute(select(cursor.c.name, cursor.c.value).where(cursor.c.owner == owner)).all()
    return {name: value for name, value in rows}  # noqa: C416 - a Row is no pair for dict()


def moved(tx: Connection) -> dict[tuple[str, str], datetime]:
    """When each reader and poller last got on, by (owner, name); the house's own are left out."""
    query = select(cursor.c.owner, cursor.c.name, cursor.c.at).where(cursor.c.owner != HOUSE)
    return {(owner, name): at for owner, name, at in tx.execute(query.order_by(cursor.c.owner, cursor.c.name))}


def save(tx: Connection, owner: str, name: str, value: str, *, now: datetime) -> None:
    """Remember where `owner` stopped with `name`."""
    upsert.put(tx, cursor, [{"owner": owner, "name": name, "value": value, "at": now}], key=("owner", "name"))


def beat(tx: Connection, now: datetime) -> None:
    """Leave a heartbeat: the house lives."""
    save(tx, HOUSE, _HEARTBEAT, now.isoformat(), now=now)


def heartbeat(tx: Connection) -> datetime | None:
    """The last heartbeat, or None before the first."""
    kept = get(tx, HOUSE, _HEARTBEAT)
    return None if kept is None else datetime.fromisoformat(kept)
