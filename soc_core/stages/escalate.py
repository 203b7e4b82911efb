"""The ticker: fires the rungs of ladders and the other timers whose time has come, each exactly once."""

from collections import defaultdict
from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection

from soc_core import codec
from soc_core.casebook import Casebook
from soc_core.model.event import Course
from soc_core.model.incident import Change, Incident, Status, Update
from soc_core.model.job import Job, JobState
from soc_core.model.sla import Clock, EscalationStep
from soc_core.store import audit, incidents, outbox
from soc_core.store.database import Database
from soc_core.timers import EXPIRE, RUNG, expires_at


@attrs.frozen(kw_only=True)
class Escalator:
    """Looks at due timers; what a timer leads to leaves through the outbox like everything else."""

    database: Database
    casebook: Casebook

    def tick(self, now: datetime) -> int:
        """Fire everything due at `now`; answers how many timers were settled."""
        with self.database.read() as tx:
            due = {job.incident for job in outbox.due_timers(tx, now)}
        settled = 0
        for incident_id in sorted(filter(None, due)):
            with self.database.write() as tx:
                settled += self._fire_all(tx, incident_id, now)
        return settled

    def _fire_all(self, tx: Connection, incident_id: str, now: datetime) -> int:
        incident = incidents.take(tx, incident_id)
        jobs = outbox.due_timers(tx, now, incident=incident_id)
        if incident is None or not incident.status.active:
            for job in jobs:
                outbox.end_timer(tx, job, JobState.CANCELLED, now)
            return len(jobs)
        rungs: dict[str, list[tuple[Job, EscalationStep]]] = defaultdict(list)
        for job in jobs:
            if job.kind == RUNG:
                step = codec.build(msgspec.json.decode(job.payload, type=dict[str, object])["step"], EscalationStep)
                rungs[step.clock].append((job, step))
            elif job.kind == EXPIRE:
                incident = self._expire(tx, incident, job, now)
        for name, ladder in rungs.items():
            incident = self._climb(tx, incident, incident.clocks.get(name), ladder, now)
        return len(jobs)

    def _climb(
        self,
        tx: Connection,
        incident: Incident,
        clock: Clock | None,
        ladder: list[tuple[Job, EscalationStep]],
        now: datetime,
    ) -> Incident:
        """Fire the highest due rung of one clock; after downtime the lower ones are only recorded."""
        due = []
        for job, step in ladder:
            at = None if clock is None else step.due_at(clock)
            if at is None or (step.unless_acknowledged and incident.acknowledged_at is not None):
                outbox.end_timer(tx, job, JobState.CANCELLED, now)
            elif at > now:
                outbox.move_timer(tx, job, at)
            else:
                due.append((at, job, step))
        # Quiet hours may make several due at once; the highest is the one that was reached last.
        due.sort(key=lambda entry: (None if clock is None else entry[2].reached_at(clock)) or entry[0])
        for at, job, step in due[:-1]:
            details = {"rung": step.rung, "clock": step.clock, "due": codec.iso(at), "in favour of": due[-1][2].rung}
            audit.record(tx, now, "escalation.skipped", incident=incident.id, details=details)
            outbox.end_timer(tx, job, JobState.DONE, now)
        for at, job, step in due[-1:]:
            outbox.end_timer(tx, job, JobState.DONE, now)
            incident = self._fire(tx, incident, step, at, now)
        return incident

    def _fire(self, tx: Connection, incident: Incident, step: EscalationStep, at: datetime, now: datetime) -> Incident:
        told = self.casebook.assignment.team.who(step.notify, now)
        unknown = self.casebook.assignment.team.unknown(step.notify)
        if unknown and self.casebook.assignment.team.people:  # without any people, `soc doctor` says so once
            text = f"rung {step.rung} of {incident.id} tells {', '.join(unknown)}, but nobody bears that name or role"
            self.casebook.alarm(tx, "escalation", text, now, about=incident.id)
        step = attrs.evolve(step, people=told)
        cycle = incident.clocks[step.clock].cycle
        details = {
            "rung": step.rung,
            "clock": step.clock,
            "cycle": cycle,
            "due": codec.iso(at),
            "told": [person.name for person in told],
            "notify": list(step.notify),
        }
        audit.record(tx, now, "escalation.fired", incident=incident.id, details=details)
        if step.reassign_to is not None and incident.acknowledged_at is None:
            holders = self.casebook.assignment.team.who((step.reassign_to,), now)
            if holders:
                text = f"nobody acknowledged until {step.rung} of the {step.clock} time"
                name = holders[0].name
                update = Update(
                    change=Change.ASSIGNEE, origin="soc", at=now, old=incident.assignee or "", new=name, text=text
                )
                incident = self.casebook.change(tx, incident, update, now)
        self.casebook.fanout.escalated(tx, incident, step, cycle, now)
        return incident

    def _expire(self, tx: Connection, incident: Incident, job: Job, now: datetime) -> Incident:
        if incident.kind is not Course.ALERT or incident.acknowledged_at is not None:
            outbox.end_timer(tx, job, JobState.CANCELLED, now)
            return incident
        at = expires_at(incident, self.casebook.settings.grouping.alert_expires)
        if at > now:
            outbox.move_timer(tx, job, at)
            return incident
        outbox.end_timer(tx, job, JobState.DONE, now)
        text = f"an alert that nobody touched for {self.casebook.settings.grouping.alert_expires}"
        update = Update(change=Change.STATUS, origin="soc", at=now, old=incident.status, new=Status.CLOSED, text=text)
        return self.casebook.change(tx, incident, update, now)
