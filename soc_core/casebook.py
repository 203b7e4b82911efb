"""Everything that can happen to an incident: saved, clocked, audited and told to everybody, in one transaction."""

from collections.abc import Mapping
from datetime import datetime

import attrs
from sqlalchemy import Connection

from soc_core import codec, moves
from soc_core.assignment import Assignment
from soc_core.calls import Calls
from soc_core.errors import ChangeRefused
from soc_core.fanout import Fanout
from soc_core.model.event import Course, Decision, Event, Finding, Priority
from soc_core.model.incident import Change, Incident, Note, Status, Ticket, Update, fingerprint, marker
from soc_core.model.job import Job
from soc_core.settings import Settings
from soc_core.store import audit, fields, incidents, notes, outbox, tickets
from soc_core.timers import timers

RECONCILE = "reconcile"
SELF = "soc-core.health"


@attrs.frozen(kw_only=True)
class Draft:
    """An incident about to be opened: what was found (secrets masked by then) and what was decided."""

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
    assignment: Assignment
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
        group = self.assignment.team.group_of(incident)
        incident = attrs.evolve(incident, team=None if group is None else group.name)
        if incident.kind is Course.TICKET:
            incident = self.assignment.given(tx, self._promised(incident), now)
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
        outbox.add(tx, self._timers(incident), now)
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
        severity = worst.finding.severity
        return self._raised(tx, newer, severity, f"an event of severity {severity:g} joined", now)

    def promote(
        self, tx: Connection, incident: Incident, now: datetime, *, reason: str, actor: str = "soc", origin: str = "soc"
    ) -> Incident:
        """An alert becomes an incident with a ticket; its clocks start at detection."""
        promised = self._promised(attrs.evolve(incident, kind=Course.TICKET))
        newer = incidents.save(tx, self.assignment.given(tx, promised, now))
        update = Update(change=Change.PROMOTED, origin=origin, at=now, actor=actor, text=reason)
        self._told(tx, newer, update, now)
        self.fanout.ticket_wanted(tx, newer, now)
        self._plan_timers(tx, newer, now)
        return newer

    def replace_ticket(self, tx: Connection, incident: Incident, now: datetime, *, actor: str, origin: str) -> bool:
        """Ask for another ticket in place of one that is gone; False where it is on its way."""
        wanted = self.fanout.ticket_wanted_again(tx, incident, now)
        if wanted:
            text = f"asked for by {actor}, as the ticket is gone"
            update = Update(change=Change.PROMOTED, origin=origin, at=now, actor=actor, text=text)
            self._told(tx, incident, update, now)
        return wanted

    def change(self, tx: Connection, incident: Incident, update: Update, now: datetime) -> Incident:
        """Carry out what a person asked for; an incident that is so already stays as it is.

        Raises:
            ChangeRefused: The change may not be made.
        """
        if update.change is Change.MERGED:
            other = incidents.take(tx, update.new)
            if other is None:
                raise ChangeRefused(f"there is no incident or ticket {update.new}")
            return self.merge(tx, incident, other, update, now)
        newer = self._changed(tx, incident, update)
        if newer is incident:
            return incident
        if incident.status is Status.CLOSED and newer.status is not Status.CLOSED:
            newer = self._reclaimed(tx, newer, update, now)
        newer = incidents.save(tx, newer)
        if update.change is Change.STATUS and newer.status is incident.status:
            if newer.clocks == incident.clocks:
                return newer  # another word of the tracker's for the same thing concerns nobody
            words = f"the clocks {'pause' if _pauses(newer) else 'run'}: {update.word}"
            update = attrs.evolve(update, change=Change.SLA, old=incident.word, new=newer.word, text=words)
        self._told(tx, newer, update, now, before=incident)
        if update.change is not Change.NOTE:
            self._plan_timers(tx, newer, now)
        return newer

    def merge(self, tx: Connection, one: Incident, other: Incident, update: Update, now: datetime) -> Incident:
        """The younger of two incidents goes on in the older one; answers the older one.

        Raises:
            ChangeRefused: They cannot become one.
        """
        older, younger = moves.in_order(one, other)
        self._retired(tx, younger, older, update, now)
        newer = incidents.save(tx, moves.absorbed(older, younger))
        self._told(tx, newer, attrs.evolve(update, change=Change.MERGED, old="", new=younger.id), now)
        if younger.kind is Course.TICKET and newer.kind is Course.ALERT:
            newer = self.promote(tx, newer, now, reason=f"{younger.id} has a ticket and was merged into it")
        text = f"{younger.id} of severity {younger.severity:g} was merged into it"
        return self._raised(tx, newer, younger.severity, text, now)

    def promise_anew(self, tx: Connection, incident: Incident, now: datetime) -> Incident:
        """Ask again what is promised for an incident: settings and calendars may have changed."""
        newer = self._promised_anew(incident, now)
        if newer is incident:
            return incident
        newer = incidents.save(tx, newer)
        if all(clock.due_at() == newer.clocks[name].due_at() for name, clock in incident.clocks.items()):
            return newer
        text = "other times are promised by the settings now"
        self._told(tx, newer, Update(change=Change.SLA, origin="soc", at=now, text=text), now, before=incident)
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
        return self.pass_on(tx, newer, now)

    def pass_on(self, tx: Connection, incident: Incident, now: datetime) -> Incident:
        """Whom the tracker cannot assign keeps no incident that the house gave them, see `Assignment.passed_on`."""
        newer = self.assignment.passed_on(tx, incident, now)
        if newer is incident:
            return incident
        old, new, text = incident.assignee or "", newer.assignee or "", newer.assignee_reason
        update = Update(change=Change.ASSIGNEE, origin="soc", at=now, old=old, new=new, text=text)
        newer = incidents.save(tx, newer)
        self._announced(tx, newer, update, now)
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

    def keep_written(self, tx: Connection, incident: Incident, side: str, update: Update, at: datetime) -> None:
        """Remember that a side was told a value, so that it is known for an echo when it comes back."""
        if update.change in moves.FIELDS and update.origin != side:
            value = moves.value_of(incident, update.change)
            fields.written(tx, incident.id, side, update.change, fields.Said(value=value, at=at))

    def _changed(self, tx: Connection, incident: Incident, update: Update) -> Incident:
        match update.change:
            case Change.ACKNOWLEDGED:
                return moves.acknowledged(incident, update)
            case Change.STATUS:
                return moves.moved(incident, update)
            case Change.ASSIGNEE:
                return moves.assigned(incident, update)
            case Change.PRIORITY:
                priority = moves.word(Priority, update.new, "priority")
                same = priority is incident.priority
                newer = attrs.evolve(incident, priority=priority)
                return incident if same else self._promised_anew(newer, update.at)
            case Change.VERDICT:
                return moves.judged(incident, update)
            case Change.NOTE:
                if not update.text.strip():
                    raise ChangeRefused("a note needs a text")
                note = Note(author=update.actor, text=update.text, at=update.at, origin=update.origin)
                notes.add_note(tx, incident.id, note)
                return attrs.evolve(incident)
            case _:
                raise ChangeRefused(f"{update.change} is not something that can be asked for")

    def _raised(self, tx: Connection, incident: Incident, severity: float, text: str, now: datetime) -> Incident:
        if severity <= incident.severity:
            return incident
        priority = Priority.of(severity, self.settings.priorities.floors)
        newer = attrs.evolve(incident, severity=severity, priority=priority)
        newer = incidents.save(tx, self._promised_anew(newer, now))
        if newer.priority is not incident.priority:
            old, new = incident.priority.value, newer.priority.value
            update = Update(change=Change.PRIORITY, origin="soc", at=now, old=old, new=new, text=text)
            self._told(tx, newer, update, now, before=incident)
            self._plan_timers(tx, newer, now)
        return newer

    def _reopened(self, tx: Connection, incident: Incident, detected: datetime, now: datetime) -> Incident:
        newer = incidents.save(tx, moves.recurred(incident, detected))
        update = Update(
            change=Change.STATUS,
            origin="soc",
            at=now,
            old=incident.status,
            new=newer.status,
            text="it happened again",
        )
        self._told(tx, newer, update, now, before=incident)
        self._plan_timers(tx, newer, now)
        return newer

    def _reclaimed(self, tx: Connection, reopened: Incident, update: Update, now: datetime) -> Incident:
        """What has become of the same trouble since it was closed comes back to the incident that is reopened."""
        rival = incidents.open_by_fingerprint(tx, [reopened.fingerprint]).get(reopened.fingerprint)
        if rival is None or rival.id == reopened.id:
            return reopened
        self._retired(tx, rival, reopened, attrs.evolve(update, text=f"{reopened.id} was reopened"), now)
        return moves.absorbed(reopened, rival)

    def _retired(self, tx: Connection, younger: Incident, older: Incident, update: Update, now: datetime) -> None:
        ticket = "" if older.ticket is None else f" ({older.ticket.key})"
        text = f"It goes on in {older.id}{ticket}. {update.text}".strip()
        newer = incidents.save(tx, moves.merged(younger, older, update.at))
        notes.copy_notes(tx, younger.id, older.id)
        self._told(tx, newer, attrs.evolve(update, change=Change.MERGED, old="", new=older.id, text=text), now)
        if younger.status is not Status.CLOSED:
            newer = incidents.save(tx, newer)
            old, new = younger.status.value, Status.CLOSED.value
            closed = Update(change=Change.STATUS, origin="soc", at=update.at, old=old, new=new, text=text)
            self._told(tx, newer, closed, now, before=younger)
        self._plan_timers(tx, newer, now)

    def _promised(self, incident: Incident) -> Incident:
        return moves.promised(incident, self.calls.compute_sla(incident), since=incident.detected_at)

    def _promised_anew(self, incident: Incident, at: datetime) -> Incident:
        sla = self.calls.compute_sla(incident) if incident.clocks else None
        return moves.promised_anew(incident, sla, at)

    def _told(
        self, tx: Connection, incident: Incident, update: Update, now: datetime, *, before: Incident | None = None
    ) -> None:
        if update.change in moves.FIELDS:
            said = fields.Said(value=update.new, at=update.at, decided=update.at)
            fields.seen(tx, incident.id, update.origin, update.change, said)
        self._announced(tx, incident, update, now, before=before)

    def _announced(
        self, tx: Connection, incident: Incident, update: Update, now: datetime, *, before: Incident | None = None
    ) -> None:
        details: dict[str, object] = {"old": update.old, "new": update.new, "text": update.text, "id": update.id}
        due = {name: codec.iso(clock.due_at()) for name, clock in incident.clocks.items()}
        was = {} if before is None else {name: codec.iso(clock.due_at()) for name, clock in before.clocks.items()}
        if was and due != was:
            details |= {"due": due, "was due": was}
        what = f"incident.{update.change}"
        actor = update.actor or update.origin
        audit.record(tx, now, what, incident=incident.id, actor=actor, origin=update.origin, details=details)
        self.fanout.updated(tx, incident, update, now)

    def _plan_timers(self, tx: Connection, incident: Incident, now: datetime) -> None:
        outbox.plan(tx, incident.id, self._timers(incident), now)

    def _timers(self, incident: Incident) -> tuple[Job, ...]:
        return timers(incident, self.calls, lasts=self.settings.grouping.alert_expires)

    def _is_quiet(self, incident: Incident) -> bool:
        # Alerts of middling severity are told once per label and source; the following ones are only counted.
        return incident.kind is Course.ALERT and incident.severity < 8 and incident.similar_to is not None


def _pauses(incident: Incident) -> bool:
    return any(clock.paused for clock in incident.clocks.values())
