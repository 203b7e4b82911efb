"""The shelf of outgoing work: jobs wait here for their time, are claimed by one worker, and are settled once."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, exists, func, insert, or_, select, update

from soc_core.model.job import Job, JobState
from soc_core.store import upsert
from soc_core.store.schema import job as table
from soc_core.store.schema import job_attempt

CORE = "core"
_WAITING = (JobState.READY.value, JobState.LEASED.value)
_READY = table.c.state == JobState.READY.value

# Statements that are asked often are put together once: that takes ten times as long as asking them.
_HURRY = (
    update(table)
    .where(table.c.incident == bindparam("of"), table.c.dest != CORE, _READY)
    .where(table.c.attempts == 0, table.c.not_before > bindparam("now"))
    .values(not_before=bindparam("now"))
)
_WAIT = select(table).where(table.c.incident == bindparam("of"), table.c.kind == bindparam("hook"), _READY)


def add(tx: Connection, jobs: Sequence[Job], now: datetime) -> int:
    """Put jobs into the outbox; one whose dedupe text is known is left out. Answers how many were new."""
    return upsert.added(tx, table, [_row(job, now) for job in jobs])


def _row(job: Job, now: datetime) -> dict[str, object]:
    row = attrs.asdict(job, filter=attrs.filters.exclude("id", "lease_token", "lease_until"))
    return {**row, "state": job.state.value, "created_at": now}


def plan(tx: Connection, incident: str, jobs: Sequence[Job], now: datetime) -> None:
    """Make the timers of an incident be exactly `jobs`: new ones are added, known ones moved, others cancelled.

    A timer that has fired stays fired: its dedupe text is used up.
    """
    wanted = {job.dedupe: job for job in jobs}
    rows = tx.execute(
        select(table.c.dedupe, table.c.state).where(table.c.incident == incident, table.c.dest == CORE)
    ).all()
    for dedupe, state in rows:
        if state not in (JobState.READY.value, JobState.CANCELLED.value):
            wanted.pop(dedupe, None)
        elif dedupe in wanted:
            job = wanted.pop(dedupe)
            values = {"state": JobState.READY.value, "not_before": job.not_before, "payload": job.payload}
            tx.execute(update(table).where(table.c.dedupe == dedupe).values(values))
        else:
            tx.execute(update(table).where(table.c.dedupe == dedupe).values(state=JobState.CANCELLED.value))
    add(tx, list(wanted.values()), now)


def hurry(tx: Connection, incident: str, now: datetime) -> None:
    """Let jobs of an incident that were never tried, and wait only for a later time, go at once."""
    tx.execute(_HURRY, {"of": incident, "now": now})


def claim(tx: Connection, now: datetime, *, dest: str, limit: int, lease: timedelta, worker: str) -> tuple[Job, ...]:
    """Take up to `limit` due jobs for one destination: Highest first, then oldest, in order within a lane."""
    earlier = table.alias("earlier")
    in_turn = ~exists().where(earlier.c.lane == table.c.lane, earlier.c.id < table.c.id, earlier.c.state.in_(_WAITING))
    query = (
        select(table)
        .where(table.c.dest == dest, _due(now), in_turn)
        .order_by(table.c.rank, table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for row in tx.execute(query).mappings().all():
        token = uuid.uuid4().hex
        # A lease that ran out means that a worker died or froze in the middle: what it was doing may have happened.
        unsure = row["state"] == JobState.LEASED.value and row["kind"] != "create_ticket"
        maybe_sent = row["maybe_sent_at"] or (row["leased_at"] if unsure else None)
        values = {
            "state": JobState.LEASED.value,
            "attempts": row["attempts"] + 1,
            "lease_token": token,
            "lease_until": now + lease,
            "leased_at": now,
            "maybe_sent_at": maybe_sent,
        }
        tx.execute(update(table).where(table.c.id == row["id"]).values(values))
        n = tx.execute(
            select(func.coalesce(func.max(job_attempt.c.n), 0) + 1).where(job_attempt.c.job == row["id"])
        ).scalar_one()
        tx.execute(insert(job_attempt).values(job=row["id"], n=n, started=now, worker=worker))
        claimed.append(_job({**row, **values}))
    return tuple(claimed)


def intend(tx: Connection, job: Job, now: datetime, lease: timedelta) -> Job | None:
    """Write down that a send is about to begin, with a fresh lease; None if the job is no longer ours."""
    until = now + lease
    changed = tx.execute(_ours(job).values(maybe_sent_at=now, lease_until=until)).rowcount
    return attrs.evolve(job, maybe_sent_at=now, lease_until=until) if changed else None


def settle(tx: Connection, job: Job, now: datetime, *, detail: str = "") -> bool:
    """The job is done. False means that it is no longer ours and nothing may be written on its behalf."""
    return _end(tx, job, now, _Ending("ok", detail), state=JobState.DONE.value, last_error="", settled_at=now)


def postpone(
    tx: Connection, job: Job, now: datetime, *, until: datetime, error: str, sent: datetime | None, refund: bool = False
) -> bool:
    """The job waits for another try. `sent` is when it may have been carried out; `refund` leaves the try uncounted."""
    return _end(
        tx,
        job,
        now,
        _Ending("no" if sent is None else "unsure", error),
        state=JobState.READY.value,
        not_before=until,
        last_error=error,
        maybe_sent_at=sent,
        attempts=table.c.attempts - 1 if refund else table.c.attempts,
    )


def bury(tx: Connection, job: Job, now: datetime, *, error: str) -> bool:
    """The job becomes a dead letter: kept with its cause, retried only by a person."""
    return _end(tx, job, now, _Ending("no", error), state=JobState.DEAD.value, last_error=error, settled_at=now)


def cancel(tx: Connection, job: Job, now: datetime, *, reason: str) -> bool:
    """The job is no longer wanted."""
    ending = _Ending("ok", reason)
    return _end(tx, job, now, ending, state=JobState.CANCELLED.value, last_error=reason, settled_at=now)


def revive(tx: Connection, job_id: int, now: datetime) -> bool:
    """Give a dead letter another chance."""
    values = {"state": JobState.READY.value, "not_before": now, "attempts": 0, "settled_at": None}
    where = and_(table.c.id == job_id, table.c.state == JobState.DEAD.value)
    return bool(tx.execute(update(table).where(where).values(values)).rowcount)


def discard(tx: Connection, job_id: int, now: datetime) -> bool:
    """Give a dead letter up for good."""
    where = and_(table.c.id == job_id, table.c.state == JobState.DEAD.value)
    return bool(tx.execute(update(table).where(where).values(state=JobState.CANCELLED.value, settled_at=now)).rowcount)


def due_timers(tx: Connection, now: datetime, *, incident: str | None = None) -> tuple[Job, ...]:
    """The house's own timers whose time has come."""
    query = select(table).where(table.c.dest == CORE, table.c.state == JobState.READY.value, table.c.not_before <= now)
    if incident is not None:
        query = query.where(table.c.incident == incident)
    return tuple(_job(dict(row)) for row in tx.execute(query.order_by(table.c.not_before)).mappings().all())


def end_timer(tx: Connection, job: Job, state: JobState, now: datetime) -> None:
    """A timer fired (`DONE`) or is not wanted (`CANCELLED`)."""
    tx.execute(update(table).where(table.c.id == job.id).values(state=state.value, settled_at=now))


def move_timer(tx: Connection, job: Job, due: datetime) -> None:
    """A timer is due at another time than it was."""
    tx.execute(update(table).where(table.c.id == job.id).values(not_before=due))


def due_dests(tx: Connection, now: datetime) -> tuple[str, ...]:
    """The destinations that have something due."""
    return tuple(tx.execute(select(table.c.dest).where(_due(now), table.c.dest != CORE).distinct()).scalars())


def is_due(tx: Connection, dest: str, now: datetime) -> bool:
    """Whether a destination has something due: a look that needs no turn to write."""
    return tx.execute(select(table.c.id).where(table.c.dest == dest, _due(now)).limit(1)).first() is not None


def next_due(tx: Connection) -> datetime | None:
    """When the next job is due, or None if nothing waits."""
    ready = select(func.min(table.c.not_before)).where(table.c.state == JobState.READY.value)
    leased = select(func.min(table.c.lease_until)).where(table.c.state == JobState.LEASED.value)
    return min((at for at in (tx.execute(ready).scalar(), tx.execute(leased).scalar()) if at is not None), default=None)


def find(
    tx: Connection,
    *,
    states: Collection[JobState] = (),
    incident: str | None = None,
    kind: str | None = None,
    dest: str | None = None,
    limit: int = 1000,
) -> tuple[Job, ...]:
    """Jobs in the order they were made."""
    query = select(table).order_by(table.c.id).limit(limit)
    if states:
        query = query.where(table.c.state.in_([state.value for state in states]))
    for column, wanted in ((table.c.incident, incident), (table.c.kind, kind), (table.c.dest, dest)):
        if wanted is not None:
            query = query.where(column == wanted)
    return tuple(_job(dict(row)) for row in tx.execute(query).mappings().all())


def waiting(tx: Connection, incident: str, kind: str) -> tuple[Job, ...]:
    """What is ready to be delivered about an incident and was not claimed yet."""
    return tuple(_job(dict(row)) for row in tx.execute(_WAIT, {"of": incident, "hook": kind}).mappings())


def counts(tx: Connection) -> dict[tuple[str, str], int]:
    """How many jobs each destination has in each state."""
    query = select(table.c.dest, table.c.state, func.count()).group_by(table.c.dest, table.c.state)
    return {(dest, state): number for dest, state, number in tx.execute(query).all()}


def _due(now: datetime) -> ColumnElement[bool]:
    ready = and_(table.c.state == JobState.READY.value, table.c.not_before <= now)
    return or_(ready, and_(table.c.state == JobState.LEASED.value, table.c.lease_until <= now))


@attrs.frozen
class _Ending:
    outcome: str
    detail: str


def _ours(job: Job) -> Update:
    return update(table).where(
        table.c.id == job.id, table.c.lease_token == job.lease_token, table.c.state == JobState.LEASED.value
    )


def _end(tx: Connection, job: Job, now: datetime, ending: _Ending, **values: object) -> bool:
    if not tx.execute(_ours(job).values(lease_token=None, lease_until=None, **values)).rowcount:
        return False
    latest = select(func.max(job_attempt.c.n)).where(job_attempt.c.job == job.id).scalar_subquery()
    tx.execute(
        update(job_attempt)
        .where(job_attempt.c.job == job.id, job_attempt.c.n == latest)
        .values(ended=now, outcome=ending.outcome, detail=ending.detail[:1000])
    )
    return True


def _job(row: dict[str, object]) -> Job:
    names = [field.name for field in attrs.fields(Job)]
    values = {name: row[name] for name in names}
    return Job(**{**values, "state": JobState(str(row["state"]))})  # type: ignore[arg-type]  # columns are fields
