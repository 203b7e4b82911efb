"""One fact becomes one job for each plugin that listens, in the same transaction as the fact."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection

from soc_core import codec
from soc_core.model.batch import BatchSummary
from soc_core.model.incident import Change, Incident, Ticket, Update
from soc_core.model.job import Job, JobState
from soc_core.model.sla import EscalationStep
from soc_core.store import outbox

COUNT_PACE = timedelta(seconds=30)  # a busy incident tells its count this often, not for every event


@attrs.frozen(kw_only=True)
class Fanout:
    """Who listens to what; asked from the registry once.

    Args:
        listeners: For each notice hook the plugins that implement it, in order.
        trackers: The plugins that can make tickets, in the order they are asked.
    """

    listeners: Mapping[str, tuple[str, ...]]
    trackers: tuple[str, ...]

    def opened(self, tx: Connection, incident: Incident, now: datetime) -> None:
        """Tell everybody that an incident was opened."""
        self._tell(tx, incident, "on_incident_opened", "opened", {}, now, not_before=now)  # nothing waits before it

    def ticket_wanted(self, tx: Connection, incident: Incident, now: datetime, *, after: str | None = None) -> bool:
        """Ask a tracker for the ticket: the first one, or the one `after` another that it was not for."""
        following = self.trackers if after is None else self.trackers[self.trackers.index(after) + 1 :]
        if not following:
            return False
        return bool(outbox.add(tx, [_job(incident, following[0], "create_ticket", "ticket", {}, now)], now))

    def ticket_wanted_again(self, tx: Connection, incident: Incident, now: datetime) -> bool:
        """Ask for another ticket in place of a lost one; False where it is on its way.

        It is asked of the same tracker, which looks first whether the lost one is there again.
        """
        last = outbox.find(tx, incident=incident.id, kind="create_ticket")[-1]
        if last.state in (JobState.READY, JobState.LEASED):
            return False
        again = _job(incident, last.dest, "create_ticket", f"anew:{incident.version}", {}, now)
        return bool(outbox.add(tx, [attrs.evolve(again, maybe_sent_at=last.maybe_sent_at)], now))

    def ticket_created(self, tx: Connection, incident: Incident, ticket: Ticket, now: datetime) -> None:
        """Tell everybody that the incident has a ticket."""
        payload = {"ticket": codec.plain(ticket)}
        self._tell(tx, incident, "on_ticket_created", f"made:{ticket.key}", payload, now)

    def updated(
        self, tx: Connection, incident: Incident, update: Update, now: datetime, *, only: str | None = None
    ) -> None:
        """Tell everybody, or one plugin, about a change. A count that waits to be told is not told twice."""
        hook = "on_incident_updated"
        payload = {"update": codec.plain(update)}
        counts = update.change is Change.COUNT
        if counts and any('"change":"count"' in job.payload for job in outbox.waiting(tx, incident.id, hook)):
            return
        later = now + COUNT_PACE if counts else None
        self._tell(tx, incident, hook, f"{update.change}:{incident.version}", payload, now, not_before=later, only=only)

    def escalated(self, tx: Connection, incident: Incident, step: EscalationStep, cycle: int, now: datetime) -> None:
        """Tell everybody that a rung of the ladder fired."""
        payload = {"step": codec.plain(step)}
        self._tell(tx, incident, "on_escalation", f"rung:{step.clock}:{cycle}:{step.rung}", payload, now)

    def batch_processed(self, tx: Connection, batch: BatchSummary, now: datetime) -> None:
        """Tell everybody what a batch came to."""
        hook = "on_batch_processed"
        jobs = [
            Job(
                dedupe=f"batch:{batch.id}:{dest}",
                dest=dest,
                kind=hook,
                lane=f"batch:{batch.id}:{dest}",
                not_before=now,
                payload=codec.dump({"batch": codec.plain(batch)}),
            )
            for dest in self.listeners.get(hook, ())
        ]
        outbox.add(tx, jobs, now)

    def _tell(
        self,
        tx: Connection,
        incident: Incident,
        hook: str,
        purpose: str,
        payload: Mapping[str, object],
        now: datetime,
        *,
        not_before: datetime | None = None,
        only: str | None = None,
    ) -> None:
        if not_before is None:
            outbox.hurry(tx, incident.id, now)  # a count that takes its time must not hold back what comes after it
        jobs = [
            _job(incident, dest, hook, purpose, payload, not_before or now)
            for dest in self.listeners.get(hook, ())
            if only in (None, dest)
        ]
        outbox.add(tx, jobs, now)


def _job(
    incident: Incident, dest: str, kind: str, purpose: str, payload: Mapping[str, object], not_before: datetime
) -> Job:
    return Job(
        dedupe=f"{incident.id}:{purpose}:{dest}",
        incident=incident.id,
        dest=dest,
        kind=kind,
        lane=f"{incident.id}:{dest}",
        rank=incident.priority.rank,
        not_before=not_before,
        payload=codec.dump(payload),
    )
