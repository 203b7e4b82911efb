"""The shelf of the team: whose turn it was, and who is said to be away."""

from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection, delete, func, select

from soc_core.model.incident import Status
from soc_core.store import upsert
from soc_core.store.schema import hint, incident, turn


@attrs.frozen(kw_only=True)
class Hint:
    """What another system says about somebody's availability, until it lapses."""

    person: str
    available: bool
    reason: str
    until: datetime


def turns(tx: Connection) -> dict[str, datetime]:
    """When each person was last given an incident."""
    return {person: at for person, at in tx.execute(select(turn.c.person, turn.c.at)).all()}  # noqa: C416 - Row


def take_turn(tx: Connection, person: str, now: datetime) -> None:
    """Remember that somebody was given an incident; turns taken in one instant keep their order."""
    latest = tx.execute(select(func.max(turn.c.at))).scalar()
    now = now if latest is None else max(now, latest + timedelta(microseconds=1))
    upsert.put(tx, turn, [{"person": person, "at": now}], key=("person",))


def loads(tx: Connection) -> dict[str, int]:
    """How many active incidents each person has."""
    active = [status.value for status in Status if status.active]
    query = select(incident.c.assignee, func.count()).where(incident.c.status.in_(active)).group_by(incident.c.assignee)
    return {person: number for person, number in tx.execute(query).all() if person is not None}


def hints(tx: Connection, now: datetime, *, origin: str | None = None) -> tuple[Hint, ...]:
    """The hints that have not lapsed, of everybody or of one origin."""
    query = select(hint.c.person, hint.c.available, hint.c.reason, hint.c.until).where(hint.c.until > now)
    if origin is not None:
        query = query.where(hint.c.origin == origin)
    return tuple(Hint(**row) for row in tx.execute(query).mappings())


def give_hint(tx: Connection, origin: str, given: Hint) -> None:
    """Keep the newest hint of one origin about one person."""
    tx.execute(delete(hint).where(hint.c.person == given.person, hint.c.origin == origin))
    tx.execute(hint.insert().values(origin=origin, **attrs.asdict(given)))
