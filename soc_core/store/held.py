"""The shelf of what could not be judged or read: nothing is dropped, a person or a replay looks at it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from soc_core.store.schema import held, quarantine


def hold(tx: Connection, rows: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Keep events (source, message, reason) that no plugin could judge."""
    if rows:
        tx.execute(insert(held), [{"at": now, **row} for row in rows])


def set_aside(tx: Connection, rows: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Keep lines (input, line, reason, head) that could not be read."""
    if rows:
        tx.execute(insert(quarantine), [{"at": now, **row} for row in rows])


def held_events(tx: Connection, limit: int = 1000) -> tuple[Mapping[str, object], ...]:
    """Events on the shelf that were not replayed yet, oldest first."""
    query = select(held).where(held.c.replayed_at.is_(None)).order_by(held.c.id).limit(limit)
    return tuple(dict(row) for row in tx.execute(query).mappings())


def quarantined(tx: Connection, limit: int = 1000) -> tuple[Mapping[str, object], ...]:
    """Lines in quarantine, oldest first."""
    return tuple(dict(row) for row in tx.execute(select(quarantine).order_by(quarantine.c.id).limit(limit)).mappings())


def sizes(tx: Connection) -> tuple[int, int]:
    """How many events are held and how many lines are in quarantine."""
    waiting = select(func.count()).select_from(held).where(held.c.replayed_at.is_(None))
    return tx.execute(waiting).scalar_one(), tx.execute(select(func.count()).select_from(quarantine)).scalar_one()
