"""Counts what the store holds: everything that a report, a metric or a dashboard shows, added up by the database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    String,
    and_,
    case,
    cast,
    func,
    select,
    type_coerce,
)

from soc_core.model.event import Course, Priority
from soc_core.model.figures import Breach, Creation, Figures, Kept, Left, RuleFigures, Spread
from soc_core.model.incident import Status, Verdict
from soc_core.model.job import JobState
from soc_core.store import cursors, held, notes, outbox
from soc_core.store.schema import audit, incident, job, job_attempt, sla_clock, ticket

NEXT = 10

_K = TypeVar("_K")
_PRIORITIES = tuple(Priority)
_ACTIVE = incident.c.status.in_([status.value for status in Status if status.active])
# Inside JSON a quote in event text is written \" and cannot look like this.
_MERGED = and_(incident.c.status == Status.CLOSED.value, incident.c.body.contains('"merged_into":"', autoescape=True))
_RULE = func.substr(case((incident.c.rule == "", incident.c.label), else_=incident.c.rule), 1, 255)
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000_000
_SECOND = 1_000_000


def figures(tx: Connection, now: datetime, since: datetime | None = None) -> Figures:
    """All figures, seen at `now`; counting begins with `since`."""
    waiting, unreadable = held.sizes(tx)
    return Figures(
        at=now,
        since=since,
        incidents=_incidents(tx, since),
        verdicts=_verdicts(tx, since),
        tickets_per_day=_tickets_per_day(tx, since),
        log_to_ticket=_log_to_ticket(tx, since),
        creation=_creation(tx, since),
        kept=_kept(tx, now, since),
        acknowledge=_until(tx, incident.c.acknowledged_at, since),
        resolve=_until(tx, incident.c.resolved_at, since),
        escalations=_escalations(tx, since),
        rules=_rules(tx, since),
        queue=queue(tx, now),
        next_breaches=next_breaches(tx, now),
        jobs=outbox.counts(tx),
        attempts=_attempts(tx, since),
        attempt_seconds=_attempt_seconds(tx, since),
        oldest_uncertain=_oldest_uncertain(tx),
        heartbeat=cursors.heartbeat(tx),
        held=waiting,
        quarantined=unreadable,
    )


def queue(tx: Connection, now: datetime) -> dict[Left, int]:
    """How many active incidents have how much time left."""
    due = sla_clock.c.due_at
    spans = ((Left.OVERDUE, 0), (Left.HOUR, 1), (Left.FOUR_HOURS, 4), (Left.DAY, 24))
    left = case(
        (due.is_(None) | sla_clock.c.stopped_at.is_not(None), Left.NO_CLOCK.value),
        *((due <= now + timedelta(hours=hours), name.value) for name, hours in spans),
        else_=Left.LATER.value,
    ).label("time_left")
    query = select(left, func.count()).select_from(_with_resolution(outer=True)).where(_ACTIVE).group_by("time_left")
    found = {Left(name): number for name, number in tx.execute(query)}
    return {name: found[name] for name in Left if name in found}


def next_breaches(
    tx: Connection, now: datetime, *, until: datetime | None = None, limit: int = NEXT
) -> tuple[Breach, ...]:
    """The active incidents that become overdue next, soonest first; those after `until` are left out."""
    due = sla_clock.c.due_at
    query = (
        select(incident.c.id, incident.c.rank, due, incident.c.assignee)
        .select_from(_with_resolution(outer=False))
        .where(_ACTIVE, due > now, sla_clock.c.stopped_at.is_(None))
        .order_by(due, incident.c.number)
        .limit(limit)
    )
    if until is not None:
        query = query.where(due <= until)
    return tuple(
        Breach(incident=name, priority=_PRIORITIES[rank], due_at=at, assignee=assignee)
        for name, rank, at, assignee in tx.execute(query)
    )


def resolved(tx: Connection, since: datetime) -> int:
    """How many tickets people have resolved since an instant."""
    done = [incident.c.resolved_at >= since, incident.c.kind == Course.TICKET.value, ~_MERGED]
    return tx.execute(select(func.count()).select_from(incident).where(*done)).scalar_one()


def _incidents(tx: Connection, since: datetime | None) -> dict[tuple[str, Priority], int]:
    columns = (incident.c.status, incident.c.rank)
    query = select(*columns, func.count()).where(*_from(incident.c.detected_at, since)).group_by(*columns)
    return {(status, _PRIORITIES[rank]): number for status, rank, number in tx.execute(query)}


def _verdicts(tx: Connection, since: datetime | None) -> dict[str, int]:
    query = select(incident.c.verdict, func.count()).where(
        incident.c.verdict.is_not(None), *_from(incident.c.detected_at, since)
    )
    return {str(verdict): number for verdict, number in tx.execute(query.group_by(incident.c.verdict))}


def _tickets_per_day(tx: Connection, since: datetime | None) -> dict[date, int]:
    day = (_micros(ticket.c.made_at) // _DAY).label("day")
    query = select(day, func.count()).where(ticket.c.made_at.is_not(None), *_from(ticket.c.made_at, since))
    return {_EPOCH + timedelta(days=int(n)): number for n, number in tx.execute(query.group_by("day").order_by("day"))}


def _log_to_ticket(tx: Connection, since: datetime | None) -> Spread | None:
    took = _micros(ticket.c.made_at) - _micros(incident.c.detected_at)
    where = [ticket.c.made_at.is_not(None), *_from(ticket.c.made_at, since)]
    joined = ticket.join(incident, incident.c.id == ticket.c.incident)
    return _spreads(tx, ticket.c.made_at.is_not(None), took, joined, where).get(True)


def _creation(tx: Connection, since: datetime | None) -> Creation:
    waits = job.c.state.in_([JobState.READY.value, JobState.LEASED.value])
    asked = (
        select(job.c.incident, func.max(case((waits, 1), else_=0)).label("waits"))
        .where(job.c.kind == "create_ticket")
        .group_by(job.c.incident)
        .subquery()
    )
    made = ticket.c.made_at.is_not(None)
    became = case((made, "made"), (asked.c.waits == 1, "waiting"), else_="failed").label("became")
    joined = asked.join(incident, incident.c.id == asked.c.incident).outerjoin(
        ticket, ticket.c.incident == asked.c.incident
    )
    query = select(became, func.count()).select_from(joined).where(*_from(incident.c.detected_at, since))
    return Creation(**{str(name): number for name, number in tx.execute(query.group_by("became"))})


def _kept(tx: Connection, now: datetime, since: datetime | None) -> dict[tuple[str, Priority], Kept]:
    due, stopped = sla_clock.c.due_at, sla_clock.c.stopped_at
    keys = (sla_clock.c.name, incident.c.rank)
    query = (
        select(
            *keys,
            func.count(case((and_(stopped.is_not(None), (due.is_(None) | (stopped <= due))), 1))),
            func.count(case((stopped > due, 1))),
            func.count(case((and_(stopped.is_(None), due <= now), 1))),
        )
        .join_from(sla_clock, incident, incident.c.id == sla_clock.c.incident)
        .where(~_MERGED, *_from(incident.c.detected_at, since))
        .group_by(*keys)
    )
    return {
        (name, _PRIORITIES[rank]): Kept(met=met, missed=missed, overdue=overdue)
        for name, rank, met, missed, overdue in tx.execute(query)
    }


def _until(tx: Connection, end: "ColumnElement[datetime]", since: datetime | None) -> dict[Priority, Spread]:
    took = _micros(end) - _micros(incident.c.detected_at)
    # An alert that ends because nobody touched it is no resolution.
    done = [end.is_not(None), incident.c.kind == Course.TICKET.value, ~_MERGED]
    found = _spreads(tx, incident.c.rank, took, incident, [*done, *_from(incident.c.detected_at, since)])
    return {_PRIORITIES[rank]: spread for rank, spread in found.items()}


def _escalations(tx: Connection, since: datetime | None) -> dict[tuple[str, str], int]:
    clock, rung = (_part(tx, audit.c.body, name).label(name) for name in ("clock", "rung"))
    fired = [audit.c.what == "escalation.fired", *_from(audit.c.at, since)]
    query = select(clock, rung, func.count()).where(*fired).group_by("clock", "rung")
    return {(clock, rung): number for clock, rung, number in tx.execute(query)}


def _rules(tx: Connection, since: datetime | None) -> tuple[RuleFigures, ...]:
    events = notes.rule_counts(tx, "" if since is None else since.date().isoformat())
    rule = _RULE.label("of_rule")
    due = func.count(case((incident.c.kind == Course.TICKET.value, 1)))
    judged = func.count(incident.c.verdict)
    wrong = func.count(case((incident.c.verdict == Verdict.FALSE_POSITIVE.value, 1)))
    right = func.count(case((incident.c.verdict == Verdict.TRUE_POSITIVE.value, 1)))
    counted = select(rule, func.count(), due, judged, right, wrong).where(*_from(incident.c.detected_at, since))
    opened = {name: counts for name, *counts in tx.execute(counted.group_by("of_rule"))}
    found = []
    for name in {**events, **opened}:
        incidents, tickets, judged_ones, true_ones, false_ones = opened.get(name, (0, 0, 0, 0, 0))
        found.append(
            RuleFigures(
                rule=name,
                events=events.get(name, 0),
                incidents=incidents,
                tickets=tickets,
                judged=judged_ones,
                true_positives=true_ones,
                false_positives=false_ones,
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.events, -one.incidents, one.rule)))


def _attempts(tx: Connection, since: datetime | None) -> dict[tuple[str, str], int]:
    keys = (job.c.dest, job_attempt.c.outcome)
    ended = [job_attempt.c.outcome.is_not(None), *_from(job_attempt.c.started, since)]
    query = select(*keys, func.count()).select_from(_tries()).where(*ended).group_by(*keys)
    return {(dest, outcome): number for dest, outcome, number in tx.execute(query)}


def _attempt_seconds(tx: Connection, since: datetime | None) -> dict[str, Spread]:
    took = _micros(job_attempt.c.ended) - _micros(job_attempt.c.started)
    ended = [job_attempt.c.ended.is_not(None), *_from(job_attempt.c.started, since)]
    return _spreads(tx, job.c.dest, took, _tries(), ended)


def _oldest_uncertain(tx: Connection) -> datetime | None:
    waits = job.c.state.in_([JobState.READY.value, JobState.LEASED.value])
    return tx.execute(select(func.min(job.c.maybe_sent_at)).where(job.c.kind == "create_ticket", waits)).scalar()


def _spreads(
    tx: Connection,
    key: "ColumnElement[_K]",
    took: "ColumnElement[int]",
    rows: FromClause,
    where: "Sequence[ColumnElement[bool]]",
) -> "dict[_K, Spread]":
    """Mean and percentiles of a time for each key; a percentile is the smallest time that so many percent kept."""
    place = func.row_number().over(partition_by=key, order_by=took)
    size = func.count().over(partition_by=key)
    timed = (
        select(key.label("key"), took.label("took"), place.label("place"), size.label("size"))
        .select_from(rows)
        .where(*where)
        .subquery()
    )

    def within(percent: int) -> "ColumnElement[int]":
        return func.max(case((timed.c.place == (timed.c.size * percent + 99) // 100, timed.c.took)))

    query = select(
        timed.c.key, func.count(), func.avg(timed.c.took), within(50), within(90), within(95), within(99)
    ).group_by(timed.c.key)
    return {
        name: Spread(
            count=count,
            mean=float(mean) / _SECOND,
            p50=p50 / _SECOND,
            p90=p90 / _SECOND,
            p95=p95 / _SECOND,
            p99=p99 / _SECOND,
        )
        for name, count, mean, p50, p90, p95, p99 in tx.execute(query)
    }


def _with_resolution(*, outer: bool) -> FromClause:
    same = and_(sla_clock.c.incident == incident.c.id, sla_clock.c.name == "resolution")
    return incident.join(sla_clock, same, isouter=outer)


def _tries() -> FromClause:
    return job_attempt.join(job, job.c.id == job_attempt.c.job)


def _from(column: "ColumnElement[datetime]", since: datetime | None) -> "list[ColumnElement[bool]]":
    return [] if since is None else [column >= since]


def _micros(column: "ColumnElement[datetime]") -> "ColumnElement[int]":
    return type_coerce(column, BigInteger)


def _part(tx: Connection, body: "ColumnElement[str]", name: str) -> "ColumnElement[str]":
    """A text inside JSON text."""
    if tx.dialect.name == "sqlite":  # it has no type JSON to cast to
        return type_coerce(func.json_extract(body, f"$.{name}"), String)
    return type_coerce(cast(body, JSON)[name].as_string(), String)
