"""The shelf of incidents: the newest state of each, found by id, ticket key or fingerprint."""

from collections.abc import Collection, Iterable
from datetime import datetime

import attrs
from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, exists, func, insert, select, update

from soc_core import codec
from soc_core.errors import StoreError
from soc_core.model.incident import Incident, Status
from soc_core.model.job import JobState
from soc_core.store.clocks import add_clocks, save_clocks
from soc_core.store.meta import next_number
from soc_core.store.schema import incident as table
from soc_core.store.schema import job, sla_clock, ticket

# Statements that are asked often are put together once: that takes ten times as long as asking them.
_ADD = insert(table)
_SAVE = update(table).where(table.c.id == bindparam("saved"))
_OPEN = select(table.c.body).where(table.c.open_key.in_(bindparam("keys", expanding=True))).with_for_update()
_LAST_CLOSED = (
    select(table.c.body)
    .where(table.c.fingerprint == bindparam("fingerprint"), table.c.closed_at.is_not(None))
    .order_by(table.c.closed_at.desc())
    .limit(1)
    .with_for_update()
)
_FIRST_SIMILAR = (
    select(table.c.id)
    .where(table.c.label == bindparam("label"), table.c.source == bindparam("source"))
    .where(table.c.opened_at >= bindparam("since"), table.c.similar_to.is_(None))
    .order_by(table.c.number.desc())
    .limit(1)
)
_OPENED_SINCE = select(func.count()).select_from(table).where(table.c.opened_at > bindparam("since"))


def new_id(tx: Connection) -> str:
    """The next incident's id: `INC-1`, `INC-2`, ..."""
    return f"INC-{next_number(tx, 'incident')}"


def add(tx: Connection, incident: Incident) -> None:
    """Put a new incident on the shelf. Its fingerprint is unique among those that are not closed."""
    tx.execute(_ADD, _row(incident))
    add_clocks(tx, incident)


def save(tx: Connection, incident: Incident) -> Incident:
    """Put the new state of an incident on the shelf; answers it with its version raised."""
    newer = attrs.evolve(incident, version=incident.version + 1)
    if not tx.execute(_SAVE, {"saved": incident.id, **_row(newer)}).rowcount:
        raise StoreError(f"incident {incident.id} is not in the store")
    save_clocks(tx, newer)
    return newer


def get(tx: Connection, key: str) -> Incident | None:
    """One incident by its id or its ticket's key."""
    by_key = select(ticket.c.incident).where(ticket.c.key == key)
    body = tx.execute(select(table.c.body).where((table.c.id == key) | table.c.id.in_(by_key))).scalar()
    return None if body is None else codec.load(body, Incident)


def take(tx: Connection, key: str) -> Incident | None:
    """The same, kept from other workers until the transaction ends: for changes."""
    found = get(tx, key)
    if found is None:
        return None
    body = tx.execute(select(table.c.body).where(table.c.id == found.id).with_for_update()).scalar_one()
    return codec.load(body, Incident)


def open_by_fingerprint(tx: Connection, fingerprints: Iterable[str]) -> dict[str, Incident]:
    """The incidents that are not closed and have one of the fingerprints, kept for changes."""
    found = (codec.load(body, Incident) for body in tx.execute(_OPEN, {"keys": list(fingerprints)}).scalars())
    return {incident.fingerprint: incident for incident in found}


def last_closed(tx: Connection, fingerprint: str) -> Incident | None:
    """The incident with this fingerprint that was closed last, or the one in which it goes on."""
    body = tx.execute(_LAST_CLOSED, {"fingerprint": fingerprint}).scalar()
    found = None if body is None else codec.load(body, Incident)
    while found is not None and found.merged_into is not None:
        found = take(tx, found.merged_into)
        if found is not None and found.status is Status.CLOSED:
            found = open_by_fingerprint(tx, [found.fingerprint]).get(found.fingerprint, found)
    return found


def first_similar(tx: Connection, *, label: str, source: str, since: datetime) -> str | None:
    """The incident with this label and source that opened after `since` and leads a thread of its own."""
    return tx.execute(_FIRST_SIMILAR, {"label": label, "source": source, "since": since}).scalar()


def opened_since(tx: Connection, since: datetime) -> int:
    """How many incidents were opened after `since`: how a storm is noticed."""
    return tx.execute(_OPENED_SINCE, {"since": since}).scalar_one()


def find(tx: Connection, *, statuses: Collection[Status] = (), limit: int = 1000) -> tuple[Incident, ...]:
    """Incidents, most urgent first, the newest first within a priority."""
    query = select(table.c.body).order_by(table.c.rank, table.c.number.desc()).limit(limit)
    if statuses:
        query = query.where(table.c.status.in_([status.value for status in statuses]))
    return tuple(codec.load(body, Incident) for body in tx.execute(query).scalars())


def next_due(tx: Connection, limit: int, *, assignee: str | None = None) -> tuple[Incident, ...]:
    """Active incidents, the one whose resolution is due first at the front, those without a running clock last.

    Only those of one `assignee` if asked for, with an empty name those of nobody.
    """
    due = case((sla_clock.c.stopped_at.is_(None), sla_clock.c.due_at))
    same = and_(sla_clock.c.incident == table.c.id, sla_clock.c.name == "resolution")
    query = select(table.c.body).join_from(table, sla_clock, same, isouter=True).where(_is_active())
    if assignee is not None:
        query = query.where(func.coalesce(table.c.assignee, "") == assignee)
    ordered = query.order_by(due.is_(None), due, table.c.rank, table.c.number).limit(limit)
    return tuple(codec.load(body, Incident) for body in tx.execute(ordered).scalars())


def active(tx: Connection) -> tuple[Incident, ...]:
    """Every incident that somebody has to do something about."""
    query = select(table.c.body).where(_is_active()).order_by(table.c.number)
    return tuple(codec.load(body, Incident) for body in tx.execute(query).scalars())


def without_jobs(tx: Connection) -> tuple[str, ...]:
    """The ids of active incidents for which nothing is planned and nothing is on its way."""
    waiting = (JobState.READY.value, JobState.LEASED.value)
    planned = exists().where(job.c.incident == table.c.id, job.c.state.in_(waiting))
    return tuple(tx.execute(select(table.c.id).where(_is_active(), ~planned).order_by(table.c.number)).scalars())


def with_similar_refs(tx: Connection, incident: Incident) -> Incident:
    """The incident as notifiers see it: with the refs of the incident whose thread it may join."""
    first = None if incident.similar_to is None else get(tx, incident.similar_to)
    return incident if first is None else attrs.evolve(incident, similar_refs=first.refs)


def _is_active() -> ColumnElement[bool]:
    return table.c.status.in_([status.value for status in Status if status.active])


def _row(incident: Incident) -> dict[str, object]:
    closed = incident.status is Status.CLOSED
    return {
        "number": int(incident.id.removeprefix("INC-")),
        "id": incident.id,
        "open_key": None if closed else incident.fingerprint,
        "fingerprint": incident.fingerprint,
        "kind": incident.kind.value,
        "label": incident.label,
        "source": incident.source,
        "rule": incident.rule,
        "severity": incident.severity,
        "rank": incident.priority.rank,
        "status": incident.status.value,
        "assignee": incident.assignee,
        "verdict": None if incident.verdict is None else incident.verdict.value,
        "similar_to": incident.similar_to,
        "count": incident.count,
        "detected_at": incident.detected_at,
        "opened_at": incident.opened_at,
        "last_seen": incident.last_seen,
        "acknowledged_at": incident.acknowledged_at,
        "resolved_at": incident.resolved_at,
        "closed_at": incident.closed_at,
        "body": codec.dump(attrs.evolve(incident, similar_refs={})),
    }
