"""What a change does to an incident: its status, its clocks, who has it, and what becomes of it when two are one.

Pure functions on a floor of their own: the casebook saves and tells what follows from them.
"""

from datetime import datetime
from typing import TypeVar

import attrs

from soc_core.errors import ChangeRefused
from soc_core.model.event import Priority
from soc_core.model.incident import Change, Incident, Status, Update, Verdict
from soc_core.model.sla import Clock, Move, Sla, Target, Tick

W = TypeVar("W", Priority, Status, Verdict)

FIELDS = (Change.STATUS, Change.ASSIGNEE, Change.PRIORITY, Change.VERDICT)
"""What has one value that several sides may change."""


def value_of(incident: Incident, field: Change) -> str:
    """The value of one of `FIELDS`, as updates carry it."""
    values = {
        Change.STATUS: incident.status.value,
        Change.ASSIGNEE: incident.assignee or "",
        Change.PRIORITY: incident.priority.value,
        Change.VERDICT: incident.verdict.value if incident.verdict is not None else "",
    }
    return values[field]


def named(update: Update) -> Update:
    """The update with its value in the house's own spelling.

    Raises:
        ChangeRefused: There is no such value.
    """
    match update.change:
        case Change.STATUS:
            return attrs.evolve(update, new=word(Status, update.new, "status").value)
        case Change.PRIORITY:
            return attrs.evolve(update, new=word(Priority, update.new, "priority").value)
        case Change.VERDICT:
            return attrs.evolve(update, new=word(Verdict, update.new, "verdict").value)
        case _:
            return update


def acknowledged(incident: Incident, update: Update) -> Incident:
    """Somebody has seen it: the response clock stops."""
    if incident.acknowledged_at is not None:
        return incident
    if not incident.status.active:
        raise ChangeRefused(f"{incident.id} is {incident.status} already; reopen it first")
    clocks = _ticked(incident, "response", Tick(move=Move.STOP, at=update.at, reason="acknowledged"))
    return attrs.evolve(incident, acknowledged_at=update.at, acknowledged_by=update.actor, clocks=clocks)


def assigned(incident: Incident, update: Update) -> Incident:
    """Somebody gets it, or nobody has it any more."""
    person = update.new or None
    if person == incident.assignee:
        return incident
    reason = update.text or f"chosen by {update.actor or update.origin}"
    return attrs.evolve(incident, assignee=person, assignee_reason=reason)


def judged(incident: Incident, update: Update) -> Incident:
    """Somebody says what it turned out to be."""
    verdict = word(Verdict, update.new, "verdict")
    return incident if incident.verdict is verdict else attrs.evolve(incident, verdict=verdict)


def moved(incident: Incident, update: Update) -> Incident:
    """It gets another status, or another word of the tracker's for the same one; its clocks follow."""
    status = word(Status, update.new, "status")
    newer = incident if status is incident.status else _moved(incident, status, update)
    # The word belongs to the status the tracker told; whoever changes the status elsewhere makes it void.
    newer = newer if newer is incident and not update.word else attrs.evolve(newer, word=update.word)
    return incident if newer == incident else waiting(newer, update.at)


def waiting(incident: Incident, at: datetime) -> Incident:
    """Let the clocks stand still while the tracker's word names a wait state of theirs, and run otherwise."""
    if not incident.status.active:
        return incident
    clocks = {name: _waiting(clock, incident.word, at) for name, clock in incident.clocks.items()}
    return incident if clocks == incident.clocks else attrs.evolve(incident, clocks=clocks)


def recurred(incident: Incident, detected: datetime) -> Incident:
    """It happened again after it was over: everything begins anew, the clocks with a new cycle."""
    # The new cycle begins after the old one ended, although the event may have been detected before.
    tick = Tick(move=Move.RESET, at=max(detected, incident.resolved_at or detected), reason="it happened again")
    return attrs.evolve(
        incident,
        status=Status.OPEN,
        word="",
        clocks={name: clock.with_tick(tick) for name, clock in incident.clocks.items()},
        resolved_at=None,
        closed_at=None,
        acknowledged_at=None,
        acknowledged_by=None,
    )


def promised(incident: Incident, sla: Sla | None, *, since: datetime) -> Incident:
    """Its clocks start."""
    if sla is None:
        return incident
    start = Tick(move=Move.START, at=since, reason="detected")
    clocks = {name: Clock(name=name, target=target, history=(start,)) for name, target in _targets(sla).items()}
    return attrs.evolve(incident, clocks=clocks)


def promised_anew(incident: Incident, sla: Sla | None, at: datetime) -> Incident:
    """Its clocks get other targets; what has happened to them stays."""
    if sla is None or not incident.clocks:
        return incident
    targets = _targets(sla)
    clocks = {name: attrs.evolve(clock, target=targets[name]) for name, clock in incident.clocks.items()}
    return incident if clocks == incident.clocks else waiting(attrs.evolve(incident, clocks=clocks), at)


def in_order(one: Incident, other: Incident) -> tuple[Incident, Incident]:
    """The older and the younger of two incidents that shall become one.

    Raises:
        ChangeRefused: They cannot.
    """
    older, younger = sorted((one, other), key=lambda incident: int(incident.id.removeprefix("INC-")))
    if older.id == younger.id:
        raise ChangeRefused(f"{one.id} cannot be merged with itself")
    for incident in (older, younger):
        if incident.merged_into is not None:
            raise ChangeRefused(f"{incident.id} was merged into {incident.merged_into} already")
    if older.status is Status.CLOSED:
        raise ChangeRefused(f"{younger.id} would go on in {older.id}, which is Closed: reopen that first")
    return older, younger


def absorbed(older: Incident, younger: Incident) -> Incident:
    """The older incident with the events of the younger one."""
    return attrs.evolve(
        older,
        count=older.count + younger.count,
        first_seen=min(older.first_seen, younger.first_seen),
        last_seen=max(older.last_seen, younger.last_seen),
    )


def merged(younger: Incident, older: Incident, at: datetime) -> Incident:
    """The younger incident, closed: it goes on in the older one, and nothing is promised for it any more."""
    cancel = Tick(move=Move.CANCEL, at=at, reason=f"merged into {older.id}")
    return attrs.evolve(
        younger,
        status=Status.CLOSED,
        word="",
        merged_into=older.id,
        clocks={name: clock.with_tick(cancel) for name, clock in younger.clocks.items()},
        resolved_at=younger.resolved_at or at,
        closed_at=younger.closed_at or at,
    )


def word(words: type[W], text: str, what: str) -> W:
    """One of the house's words, in any case of letters.

    Raises:
        ChangeRefused: It is none.
    """
    for known in words:
        if known.value.casefold() == text.strip().casefold():
            return known
    raise ChangeRefused(f"{text!r} is no {what}; it is one of {', '.join(words)}")


def _moved(incident: Incident, status: Status, update: Update) -> Incident:
    if not incident.status.may_become(status):
        if incident.ticket is None or update.origin != incident.ticket.tracker:
            raise ChangeRefused(f"{incident.id} is {incident.status} and cannot become {status}: reopen it first")
        # A tracker does not ask, it tells what is so already: between the two ends lies a reopening.
        reopened = _moved(incident, Status.OPEN, update)
        return attrs.evolve(_moved(reopened, status, update), verdict=incident.verdict)
    newer = attrs.evolve(incident, status=status)
    if status is Status.IN_PROGRESS and incident.acknowledged_at is None:
        newer = acknowledged(newer, update)
    if incident.status.active and not status.active:
        stop = Tick(move=Move.STOP, at=update.at, reason=status.value)
        clocks = {name: _stopped(clock, stop) for name, clock in newer.clocks.items()}
        newer = attrs.evolve(newer, clocks=clocks, resolved_at=update.at)
    if not incident.status.active and status.active:
        newer = _reopened(newer, update.at)
    if status is Status.CLOSED:
        newer = attrs.evolve(newer, closed_at=update.at)
    return newer


def _reopened(incident: Incident, at: datetime) -> Incident:
    if incident.merged_into is not None:  # its clocks were cancelled: only a new cycle brings them back
        tick = Tick(move=Move.RESET, at=at, reason="reopened")
        clocks = {name: clock.with_tick(tick) for name, clock in incident.clocks.items()}
    else:
        clocks = _ticked(incident, "resolution", Tick(move=Move.RESUME, at=at, reason="reopened"))
    return attrs.evolve(incident, clocks=clocks, resolved_at=None, closed_at=None, verdict=None, merged_into=None)


def _waiting(clock: Clock, word: str, at: datetime) -> Clock:
    waits = word.casefold() in {pause.casefold() for pause in clock.target.pauses}
    if clock.ended or waits == clock.paused:
        return clock
    return clock.with_tick(Tick(move=Move.PAUSE if waits else Move.RESUME, at=at, reason=word or "no longer waiting"))


def _targets(sla: Sla) -> dict[str, Target]:
    return {"response": sla.response, "resolution": sla.resolution}


def _stopped(clock: Clock, stop: Tick) -> Clock:
    return clock if clock.ended else clock.with_tick(stop)


def _ticked(incident: Incident, name: str, tick: Tick) -> dict[str, Clock]:
    clocks = dict(incident.clocks)
    if name in clocks:
        clocks[name] = clocks[name].with_tick(tick)
    return clocks
