"""Everything that can happen to an incident: saved, clocked, audited and told to everybody, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import attrs
from sqlalchemy import Connection

from soc_core import codec
from soc_core.calls import Calls
from soc_core.errors import ChangeRefused
from soc_core.fanout import Fanout
from soc_core.model.event import Course, Decision, Event, Finding, Priority
from soc_core.model.incident import Change, Incident, Note, Status, Ticket, Update, Verdict, fingerprint, marker
from soc_core.model.job import Job
from soc_core.model.sla import Clock, Move, Sla, Target, Tick
from soc_core.people import Choice, Team
from soc_core.settings import Settings
from soc_core.store import audit, incidents, notes, outbox, team, tickets

W = TypeVar("W", Priority, Status, Verdict)
EXPIRE = "expire"
RUNG = "rung"
RECONCILE = "reconcile"
SELF = "soc-core.health"


@attrs.frozen(kw_only=True)
class Draft:
    """An incident about to be opened: what was found (secrets masked) and what was decided."""

    finding: Finding
    decision: Decision
    fingerprint: str
    undecided: bool = False
    follows: str | None = None


@attrs.frozen(kw_only=True)
class Casebook:
    """Writes the story of incidents. Every method runs inside the caller's transaction."""

    calls: Calls
    fanout: Fanout
    settings: Settings
    team: Team
    installation: str

    def open(self, tx: Connection, draft: Draft, now: datetime) -> Incident:
        """Open an incident, start its clocks, and ask for a ticket if one was decided."""
        finding, event = draft.finding, draft.finding.event
        number = incidents.new_id(tx)
        since = now - self.settings.grouping.similar_window
        seen = event.time or event.received
        incident = Incident(
            id=number,
            marker=marker(self.installation, number),
            fingerprint=draft.fingerprint,
            kind=draft.decision.course,
            label=finding.label,
            severity=finding.severity,
            priority=Priority.of(finding.severity, self.settings.priorities.floors),
            confidence=finding.confidence,
            source=event.source,
            message=event.message,
            rule=finding.rule,
            classifier=finding.classifier,
            reason=finding.reason,
            why=draft.decision.reason,
            decided_by=draft.decision.by,
            actions=finding.actions,
            host=event.host,
            user=event.user,
            ip=event.ip,
            first_seen=seen,
            last_seen=seen,
            detected_at=event.received,
            opened_at=now,
            undecided=draft.undecided,
            follows=draft.follows,
            similar_to=incidents.first_similar(tx, label=finding.label, source=event.source, since=since),
        )
        if incident.kind is Course.TICKET:
            incident = self._assigned(tx, self._promised(incident, Move.START, incident.detected_at), now)
        incidents.add(tx, incident)
        details = {
            "summary": incident.summary,
            "rule": incident.rule,
            "why": incident.why,
            "fingerprint": incident.fingerprint,
            "assignee": incident.assignee,
            "assignee_reason": incident.assignee_reason,
            "due": {name: codec.iso(clock.due_at()) for name, clock in incident.clocks.items()},
        }
        audit.record(tx, now, "incident.opened", incident=incident.id, details=details)
        if not self._is_quiet(incident):
            self.fanout.opened(tx, incident, now)
        if incident.kind is Course.TICKET:
            self.fanout.ticket_wanted(tx, incident, now)
        self._plan_timers(tx, incident, now)
        return incident

    def join(self, tx: Connection, incident: Incident, drafts: list[Draft], count: int, now: datetime) -> Incident:
        """More events of the same trouble: the count and last-seen rise; a worse one may raise the incident."""
        worst = max(drafts, key=lambda draft: draft.finding.severity)
        seen = [draft.finding.event.time or draft.finding.event.received for draft in drafts]
        newer = attrs.evolve(
            incident,
            count=incident.count + count,
            first_seen=min(incident.first_seen, *seen),
            last_seen=max(incident.last_seen, *seen),
        )
        if incident.status in (Status.RESOLVED, Status.CLOSED):
            newer = self._reopened(tx, newer, min(d.finding.event.received for d in drafts), now)
        newer = incidents.save(tx, newer)
        update = Update(change=Change.COUNT, origin="soc", at=now, old=str(incident.count), new=str(newer.count))
        self.fanout.updated(tx, newer, update, now)
        if any(draft.decision.course is Course.TICKET for draft in drafts) and newer.kind is Course.ALERT:
            newer = self.promote(tx, newer, now, reason=worst.decision.reason)
        if worst.finding.severity > newer.severity:
            newer = self._raised(tx, newer, worst, now)
        return newer

    def promote(
        self, tx: Connection, incident: Incident, now: datetime, *, reason: str, actor: str = "soc", origin: str = "soc"
    ) -> Incident:
        """An alert becomes an incident with a ticket; its clocks start at detection."""
        promised = self._promised(attrs.evolve(incident, kind=Course.TICKET), Move.START, incident.detected_at)
        newer = incidents.save(tx, self._assigned(tx, promised, now))
        update = Update(change=Change.PROMOTED, origin=origin, at=now, actor=actor, text=reason)
        self._told(tx, newer, update, now)
        self.fanout.ticket_wanted(tx, newer, now)
        self._plan_timers(tx, newer, now)
        return newer

    def change(self, tx: Connection, incident: Incident, update: Update, now: datetime) -> Incident:
        """Carry out what a person asked for; an incident that is so already stays as it is.

        Raises:
            ChangeRefused: The change may not be made.
        """
        newer = self._changed(tx, incident, update)
        if newer is incident:
            return incident
        newer = incidents.save(tx, newer)
        self._told(tx, newer, update, now)
        if update.change is not Change.NOTE:
            self._plan_timers(tx, newer, now)
        return newer

    def ticket_made(
        self, tx: Connection, incident: Incident, ticket: Ticket, now: datetime, *, adopted: bool = False
    ) -> Incident:
        """The incident has its ticket; everybody is told."""
        newer = incidents.save(tx, attrs.evolve(incident, ticket=ticket))
        tickets.made(tx, newer, ticket, now)
        details = {"tracker": ticket.tracker, "key": ticket.key, "url": ticket.url}
        audit.record(tx, now, "ticket.adopted" if adopted else "ticket.made", incident=incident.id, details=details)
        self.fanout.ticket_created(tx, newer, ticket, now)
        return newer

    def ticket_changed(
        self, tx: Connection, incident: Incident, ticket: Ticket | None, now: datetime, *, reason: str, origin: str
    ) -> Incident:
        """The ticket moved to another key, or (None) is gone."""
        old = "" if incident.ticket is None else incident.ticket.key
        newer = incidents.save(tx, attrs.evolve(incident, ticket=ticket))
        if ticket is None:
            tickets.gone(tx, newer)
        else:
            tickets.moved(tx, newer, ticket)
        new = "" if ticket is None else ticket.key
        self._told(tx, newer, Update(change=Change.TICKET, origin=origin, at=now, old=old, new=new, text=reason), now)
        return newer

    def alarm(self, tx: Connection, topic: str, sentence: str, now: datetime, *, about: str | None = None) -> None:
        """Raise an incident about soc-core itself; one per topic while it is open.

        Args:
            topic: What is in trouble, such as a destination.
            sentence: What happened, for the person on call.
            about: The incident in whose service it happened; trouble with telling an alarm raises no further alarm.
        """
        cause = None if about is None else incidents.get(tx, about)
        if cause is not None and cause.rule == SELF:
            return
        event = Event(source="soc-core", message=sentence, received=now, host=topic)
        finding = Finding(event=event, label="Critical Error", severity=7.5, confidence=1.0, rule=SELF, reason=sentence)
        key = fingerprint(finding)
        decision = Decision.alert("soc-core needs somebody to look after it")
        draft = Draft(finding=finding, decision=decision, fingerprint=key)
        known = incidents.open_by_fingerprint(tx, [key]).get(key)
        if known is None:
            self.open(tx, draft, now)
        else:
            self.join(tx, known, [draft], 1, now)

    def keep_refs(self, tx: Connection, incident: Incident, plugin: str, refs: Mapping[str, str]) -> Incident:
        """Remember what a plugin wants to be handed again."""
        known = {**incident.refs, **{f"{plugin}:{name}": value for name, value in refs.items()}}
        return incident if known == incident.refs else incidents.save(tx, attrs.evolve(incident, refs=known))

    def _changed(self, tx: Connection, incident: Incident, update: Update) -> Incident:
        match update.change:
            case Change.ACKNOWLEDGED:
                return _acknowledged(incident, update)
            case Change.STATUS:
                return _moved(incident, update)
            case Change.ASSIGNEE:
                same = (update.new or None) == incident.assignee
                reason = update.text or f"chosen by {update.actor or update.origin}"
                return incident if same else attrs.evolve(incident, assignee=update.new or None, assignee_reason=reason)
            case Change.PRIORITY:
                return self._reprioritised(incident, update)
            case Change.VERDICT:
                verdict = _word(Verdict, update.new, "verdict")
                return incident if incident.verdict is verdict else attrs.evolve(incident, verdict=verdict)
            case Change.NOTE:
                if not update.text.strip():
                    raise ChangeRefused("a note needs a text")
                note = Note(author=update.actor, text=update.text, at=update.at, origin=update.origin)
                notes.add_note(tx, incident.id, note)
                return attrs.evolve(incident)
            case _:
                raise ChangeRefused(f"{update.change} is not something that can be asked for")

    def _reprioritised(self, incident: Incident, update: Update) -> Incident:
        priority = _word(Priority, update.new, "priority")
        if priority is incident.priority:
            return incident
        return self._retargeted(attrs.evolve(incident, priority=priority))

    def _raised(self, tx: Connection, incident: Incident, draft: Draft, now: datetime) -> Incident:
        severity = draft.finding.severity
        newer = attrs.evolve(
            incident, severity=severity, priority=Priority.of(severity, self.settings.priorities.floors)
        )
        newer = incidents.save(tx, self._retargeted(newer))
        if newer.priority is not incident.priority:
            text = f"an event of severity {severity:g} joined"
            old, new = incident.priority.value, newer.priority.value
            update = Update(change=Change.PRIORITY, origin="soc", at=now, old=old, new=new, text=text)
            self._told(tx, newer, update, now)
            self._plan_timers(tx, newer, now)
        return newer

    def _reopened(self, tx: Connection, incident: Incident, detected: datetime, now: datetime) -> Incident:
        text = "it happened again"
        # The new cycle begins after the old one ended, although the event may have been detected before.
        since = max(detected, incident.resolved_at or detected)
        update = Update(
            change=Change.STATUS, origin="soc", at=now, old=incident.status, new=Status.OPEN.value, text=text
        )
        tick = Tick(move=Move.RESET, at=since, reason=text)
        clocks = {name: clock.with_tick(tick) for name, clock in incident.clocks.items()}
        newer = attrs.evolve(
            incident,
            status=Status.OPEN,
            clocks=clocks,
            resolved_at=None,
            closed_at=None,
            acknowledged_at=None,
            acknowledged_by=None,
        )
        newer = incidents.save(tx, newer)
        self._told(tx, newer, update, now)
        self._plan_timers(tx, newer, now)
        return newer

    def _promised(self, incident: Incident, move: Move, at: datetime) -> Incident:
        sla = self.calls.compute_sla(incident)
        if sla is None:
            return incident
        tick = Tick(move=move, at=at, reason="detected")
        clocks = {name: Clock(name=name, target=target, history=(tick,)) for name, target in _targets(sla).items()}
        return attrs.evolve(incident, clocks=clocks)

    def _retargeted(self, incident: Incident) -> Incident:
        sla = self.calls.compute_sla(incident) if incident.clocks else None
        if sla is None:
            return incident
        targets = _targets(sla)
        clocks = {name: attrs.evolve(clock, target=targets[name]) for name, clock in incident.clocks.items()}
        return attrs.evolve(incident, clocks=clocks)

    def _assigned(self, tx: Connection, incident: Incident, now: datetime) -> Incident:
        loads, turns, hints = team.loads(tx), team.turns(tx), team.hints(tx, now)
        candidates = self.team.candidates(incident, now, loads=loads, turns=turns, hints=hints)
        name, plugin = self.calls.choose_assignee(incident, candidates)
        own = self.team.choose(incident, candidates)
        choice = own if name is None else Choice(person=name, reason=f"chosen by plugin {plugin}")
        if choice.person is not None:
            team.take_turn(tx, choice.person, now)
        return attrs.evolve(incident, assignee=choice.person, assignee_reason=choice.reason)

    def _told(self, tx: Connection, incident: Incident, update: Update, now: datetime) -> None:
        details = {"old": update.old, "new": update.new, "text": update.text, "id": update.id}
        what = f"incident.{update.change}"
        actor = update.actor or update.origin
        audit.record(tx, now, what, incident=incident.id, actor=actor, origin=update.origin, details=details)
        self.fanout.updated(tx, incident, update, now)

    def _plan_timers(self, tx: Connection, incident: Incident, now: datetime) -> None:
        outbox.plan(tx, incident.id, (*self._rungs(incident), *self._expiry(incident)), now)

    def _rungs(self, incident: Incident) -> list[Job]:
        if not incident.clocks or not incident.status.active:
            return []
        sla = Sla(**{name: clock.target for name, clock in incident.clocks.items()})
        jobs = []
        for step in self.calls.plan_escalation(incident, sla):
            clock = incident.clocks.get(step.clock)
            due = None if clock is None else step.due_at(clock)
            if clock is not None and due is not None:
                purpose = f"sla:{clock.name}:{clock.cycle}:{step.rung}"
                jobs.append(_timer(incident, purpose, RUNG, due, codec.dump({"step": codec.plain(step)})))
        return jobs

    def _expiry(self, incident: Incident) -> list[Job]:
        if incident.kind is not Course.ALERT or not incident.status.active or incident.acknowledged_at is not None:
            return []
        return [_timer(incident, EXPIRE, EXPIRE, self.expires_at(incident), "{}")]

    def expires_at(self, incident: Incident) -> datetime:
        """When an alert that nobody touches is closed; the events of an old log do not make it old."""
        return max(incident.last_seen, incident.opened_at) + self.settings.grouping.alert_expires

    def _is_quiet(self, incident: Incident) -> bool:
        # Alerts of middling severity are told once per label and source; the following ones are only counted.
        return incident.kind is Course.ALERT and incident.severity < 8 and incident.similar_to is not None


def _timer(incident: Incident, purpose: str, kind: str, due: datetime, payload: str) -> Job:
    return Job(
        dedupe=f"{incident.id}:{purpose}",
        incident=incident.id,
        dest=outbox.CORE,
        kind=kind,
        lane=f"{incident.id}:{purpose}",
        rank=incident.priority.rank,
        not_before=due,
        payload=payload,
    )


def _targets(sla: Sla) -> dict[str, Target]:
    return {"response": sla.response, "resolution": sla.resolution}


def _acknowledged(incident: Incident, update: Update) -> Incident:
    if incident.acknowledged_at is not None:
        return incident
    if not incident.status.active:
        raise ChangeRefused(f"{incident.id} is {incident.status} already; reopen it first")
    clocks = _ticked(incident, "response", Tick(move=Move.STOP, at=update.at, reason="acknowledged"))
    return attrs.evolve(incident, acknowledged_at=update.at, acknowledged_by=update.actor, clocks=clocks)


def _moved(incident: Incident, update: Update) -> Incident:
    status = _word(Status, update.new, "status")
    if status is incident.status:
        return incident
    if not incident.status.may_become(status):
        raise ChangeRefused(f"{incident.id} is {incident.status} and cannot become {status}: reopen it first")
    newer = attrs.evolve(incident, status=status)
    if status is Status.IN_PROGRESS and incident.acknowledged_at is None:
        newer = _acknowledged(newer, update)
    if incident.status.active and not status.active:
        stop = Tick(move=Move.STOP, at=update.at, reason=status.value)
        clocks = {name: _stopped(clock, stop) for name, clock in newer.clocks.items()}
        newer = attrs.evolve(newer, clocks=clocks, resolved_at=update.at)
    if not incident.status.active and status.active:
        resume = Tick(move=Move.RESUME, at=update.at, reason="reopened")
        newer = attrs.evolve(
            newer, clocks=_ticked(newer, "resolution", resume), resolved_at=None, closed_at=None, verdict=None
        )
    if status is Status.CLOSED:
        newer = attrs.evolve(newer, closed_at=update.at)
    return newer


def _stopped(clock: Clock, stop: Tick) -> Clock:
    return clock if clock.ended else clock.with_tick(stop)


def _ticked(incident: Incident, name: str, tick: Tick) -> dict[str, Clock]:
    clocks = dict(incident.clocks)
    if name in clocks:
        clocks[name] = clocks[name].with_tick(tick)
    return clocks


def _word(words: type[W], text: str, what: str) -> W:
    for word in words:
        if word.value.casefold() == text.strip().casefold():
            return word
    raise ChangeRefused(f"{text!r} is no {what}; it is one of {', '.join(words)}")
