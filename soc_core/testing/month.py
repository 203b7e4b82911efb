"""A month in the life of a SOC, made up from a seed: the same incidents every time, for tests and benchmarks.

`month()` tells the stories as plain values, so that a test can count them by hand; `keep()` puts them into a store.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection, insert

from soc_core.model.event import Course, Priority
from soc_core.model.incident import Incident, Status, Ticket, Verdict
from soc_core.model.job import JobState
from soc_core.model.sla import Clock, Move, Target, Tick
from soc_core.store import audit, incidents, notes, tickets
from soc_core.store.database import Database
from soc_core.store.schema import job, job_attempt

HOURS = {Priority.HIGHEST: 1, Priority.HIGH: 4, Priority.MEDIUM: 24, Priority.LOW: 72, Priority.LOWEST: 168}
_LABELS = {9.0: "Security Alert", 8.0: "Critical Error", 6.5: "Workflow Error", 4.0: "Security Alert", 2.0: "Error"}
_RULES = ("root-login", "new-admin", "disk-failing", "", "port-scan", "service-down")
_RUNGS = ("50%", "100%", "+24h")
_BLOCK = 1000


@attrs.frozen(kw_only=True)
class Try:
    """One attempt to create the ticket."""

    started: datetime
    ended: datetime
    outcome: str


@attrs.frozen(kw_only=True)
class Story:
    """What happened to one incident.

    Args:
        incident: As it stands at the end of the month.
        ticket_at: When its ticket was made, or None.
        create: How the job stands that creates the ticket; None where no ticket is wanted.
        tries: The attempts of that job.
        unsure_since: Since when it is unknown whether the ticket exists.
        rungs: When which rungs of its ladder fired.
    """

    incident: Incident
    ticket_at: datetime | None = None
    create: JobState | None = None
    tries: tuple[Try, ...] = ()
    unsure_since: datetime | None = None
    rungs: tuple[tuple[datetime, str], ...] = ()


def month(count: int, until: datetime, seed: int = 7) -> Iterator[Story]:
    """`count` incidents of the thirty days before `until`, in the order in which they were opened."""
    chance = random.Random(seed)
    span = timedelta(days=30) / (count + 1)
    for number in range(1, count + 1):
        detected = until - timedelta(days=30) + span * number + span * chance.random() * 0.5
        yield _story(chance, number, _at(detected), until)


def keep(database: Database, stories: Iterable[Story]) -> None:
    """Put the stories into a store as the house itself would have."""
    left = iter(stories)
    while block := [story for story, _ in zip(left, range(_BLOCK), strict=False)]:
        with database.write() as tx:
            for story in block:
                _keep(tx, story)


def _story(chance: random.Random, number: int, detected: datetime, until: datetime) -> Story:
    severity = chance.choices(list(_LABELS), weights=(3, 4, 3, 1, 1))[0]
    course = Course.ALERT if severity == 6.5 and chance.random() < 0.7 else Course.TICKET
    incident = Incident(
        id=f"INC-{number}",
        marker=f"soc-{number:020x}",
        fingerprint=f"{number:032x}",
        kind=course,
        label=_LABELS[severity],
        severity=severity,
        priority=Priority.of(severity),
        confidence=0.9,
        source=chance.choice(("sshd", "payments", "web", "vpn")),
        message='it says "merged_into":"INC-1" and burns',
        rule=chance.choices(_RULES, weights=(30, 5, 10, 3, 50, 2))[0],
        count=chance.randint(1, 40),
        first_seen=detected,
        last_seen=detected,
        detected_at=detected,
        opened_at=detected,
        assignee=chance.choice(("ana", "bo", None)),
    )
    if course is Course.ALERT:
        return Story(incident=_expired(chance, incident, until))
    worked = _worked(chance, incident, until)
    return _ticketed(chance, worked, until)


def _expired(chance: random.Random, alert: Incident, until: datetime) -> Incident:
    end = alert.detected_at + timedelta(days=1)
    if end > until:
        return alert
    verdict = Verdict.FALSE_POSITIVE if chance.random() < 0.1 else None
    return attrs.evolve(alert, status=Status.CLOSED, resolved_at=end, closed_at=end, verdict=verdict)


def _worked(chance: random.Random, incident: Incident, until: datetime) -> Incident:
    """With its clocks, and what people did by `until`."""
    start, target = incident.detected_at, timedelta(hours=HOURS[incident.priority])
    taken = _at(start + target * chance.expovariate(2.5))
    solved = _at(taken + target * chance.expovariate(1.6))
    ticks = [Tick(move=Move.START, at=start)]
    if chance.random() < 0.2:  # it waits for somebody, perhaps still
        pause = _at(start + target * chance.random() * 1.5)
        ticks += [
            Tick(move=Move.PAUSE, at=pause),
            Tick(move=Move.RESUME, at=_at(pause + target * chance.expovariate(0.1))),
        ]
    if chance.random() < 0.04:
        gone = min(until, start + timedelta(minutes=5))
        merged = attrs.evolve(incident, status=Status.CLOSED, resolved_at=gone, closed_at=gone, merged_into="INC-1")
        return _clocked(merged, ticks, Move.CANCEL, taken=gone, solved=gone, until=until)
    if taken <= until:
        incident = attrs.evolve(incident, status=Status.IN_PROGRESS, acknowledged_at=taken)
    if solved > until or chance.random() < 0.1:
        return _clocked(incident, ticks, Move.STOP, taken=taken, solved=None, until=until)
    verdict = chance.choice((*Verdict, None))
    solution = attrs.evolve(incident, status=Status.RESOLVED, resolved_at=solved, verdict=verdict)
    if chance.random() < 0.7:
        solution = attrs.evolve(solution, status=Status.CLOSED, closed_at=solved)
    return _clocked(solution, ticks, Move.STOP, taken=taken, solved=solved, until=until)


def _clocked(
    incident: Incident, ticks: list[Tick], end: Move, *, taken: datetime, solved: datetime | None, until: datetime
) -> Incident:
    target = Target(duration=timedelta(hours=HOURS[incident.priority]))
    clocks = {}
    for name, at in (("response", taken), ("resolution", solved)):
        last = until if at is None else min(at, until)
        history = [tick for tick in ticks if tick.at <= last]
        history += [Tick(move=end, at=at)] if at is not None and at <= until else []
        clocks[name] = Clock(name=name, target=target, history=tuple(history))
    return attrs.evolve(incident, clocks=clocks)


def _ticketed(chance: random.Random, incident: Incident, until: datetime) -> Story:
    """With the ticket that was made, or was not."""
    start = incident.opened_at + timedelta(seconds=chance.randint(1, 20))
    first = Try(
        started=start, ended=_at(start + timedelta(seconds=chance.random() * 3)), outcome=chance.choice(("no", "ok"))
    )
    rungs = tuple(
        (at, rung)
        for at, rung in zip((start + timedelta(hours=n) for n in (1, 2, 26)), _RUNGS, strict=True)
        if at <= until and chance.random() < 0.3
    )
    fate = chance.random()
    if fate < 0.03:
        failed = attrs.evolve(first, outcome="no")
        return Story(incident=incident, create=JobState.DEAD, tries=(failed,), rungs=rungs)
    if fate < 0.06:
        unsure = attrs.evolve(first, outcome="unsure")
        return Story(incident=incident, create=JobState.READY, tries=(unsure,), unsure_since=unsure.ended, rungs=rungs)
    again = start + timedelta(seconds=30)
    tries = (first,) if first.outcome == "ok" else (first, Try(started=again, ended=again, outcome="ok"))
    made = attrs.evolve(incident, ticket=Ticket(tracker="jira", key=incident.id.replace("INC", "SOC")))
    return Story(incident=made, ticket_at=tries[-1].ended, create=JobState.DONE, tries=tries, rungs=rungs)


def _keep(tx: Connection, story: Story) -> None:
    incident = story.incident
    incidents.add(tx, incident)
    notes.count_rules(tx, {incident.rule or incident.label: incident.count}, incident.detected_at)
    audit.record(tx, incident.opened_at, "incident.opened", incident=incident.id)
    for at, rung in story.rungs:
        details = {"rung": rung, "clock": "resolution"}
        audit.record(tx, at, "escalation.fired", incident=incident.id, details=details)
    if story.create is None:
        return
    tickets.intend(tx, incident, "jira")
    if incident.ticket is not None and story.ticket_at is not None:
        tickets.made(tx, incident, incident.ticket, story.ticket_at)
    values = {
        "dedupe": f"{incident.id}:ticket:jira",
        "incident": incident.id,
        "dest": "jira",
        "kind": "create_ticket",
        "lane": f"{incident.id}:jira",
        "rank": incident.priority.rank,
        "not_before": incident.opened_at,
        "state": story.create.value,
        "attempts": len(story.tries),
        "maybe_sent_at": story.unsure_since,
        "last_error": "",
        "payload": "{}",
        "created_at": incident.opened_at,
    }
    made = tx.execute(insert(job).values(values).returning(job.c.id)).scalar_one()
    for n, one in enumerate(story.tries, start=1):
        tx.execute(insert(job_attempt).values(job=made, n=n, worker="w", detail="", **attrs.asdict(one)))


def _at(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
