"""The shelf of what came in: identities that were seen, so that a repeat has no effect."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from soc_core.store import upsert
from soc_core.store.schema import event_inbox, inbound

_KNOWN = select(event_inbox.c.source, event_inbox.c.event_id).where(
    event_inbox.c.event_id.in_(bindparam("ids", expanding=True))
)


def is_new(tx: Connection, origin: str, delivery_id: str, now: datetime) -> bool:
    """Remember a press, webhook or change by its identity; False if it was seen before."""
    return upsert.added(tx, inbound, [{"origin": origin, "delivery_id": delivery_id, "at": now}]) > 0


def known_events(tx: Connection, ids: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (source, event id) pairs were seen before."""
    if not ids:
        return set()
    found = tx.execute(_KNOWN, {"ids": list({event_id for _, event_id in ids})}).all()
    return {(source, event_id) for source, event_id in found} & set(ids)


def remember_events(tx: Connection, ids: Collection[tuple[str, str]], now: datetime) -> None:
    """Remember events by (source, event id)."""
    upsert.added(tx, event_inbox, [{"source": source, "event_id": event_id, "at": now} for source, event_id in ids])
