"""Takes due jobs out of the outbox, calls the plugin, and settles what came of it: once, whatever breaks."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import attrs
import msgspec
from sqlalchemy import Connection

from soc_core import codec
from soc_core.calls import Calls
from soc_core.casebook import RECONCILE, Casebook
from soc_core.errors import DeliveryError, PermanentError, StoreError, TemporaryError, UncertainError
from soc_core.model.batch import BatchSummary
from soc_core.model.incident import Change, Incident, Ticket, Update
from soc_core.model.job import Delivery, Job
from soc_core.model.sla import EscalationStep
from soc_core.ports import TimeSource
from soc_core.settings import DeliverySettings
from soc_core.spans import span
from soc_core.store import audit, incidents, limits, outbox, tickets
from soc_core.store.database import Database

_LEAST_WAIT = timedelta(milliseconds=50)  # "come back at once" must not spin


class Step(StrEnum):
    """The steps of the create protocol, in order; tests stop the process before and after each."""

    CLAIM = "claim"
    FIND = "find"
    INTEND = "intend"
    SEND = "send"
    SAVE = "save"


def nothing(step: str) -> None:
    """The failpoint of every day."""


@attrs.frozen(kw_only=True)
class Deliverer:
    """One worker's hands. Several may run in one process or in many; the store keeps them apart.

    Args:
        search_lag: For each tracker how long its search may lag behind writes.
        rate: For each destination how many deliveries a second may begin.
        failpoint: Called with `before:claim`, `after:claim`, ... by crash tests.
    """

    database: Database
    calls: Calls
    casebook: Casebook
    clock: TimeSource
    settings: DeliverySettings
    worker: str
    search_lag: Callable[[str], timedelta]
    rate: Callable[[str], float | None]
    failpoint: Callable[[str], None] = nothing

    def run_once(self, dest: str) -> bool:
        """Deliver the next due job of one destination; False if there is none, or it may not be called now."""
        with self.database.read() as tx:
            if not outbox.is_due(tx, dest, self.clock.now()):
                return False
        job = self._claim(dest)
        if job is None:
            return False
        self._deliver(job)
        return True

    def _claim(self, dest: str) -> Job | None:
        self.failpoint("before:claim")
        with self.database.write() as tx:
            now = self.clock.now()
            rate = self.rate(dest)
            limit = limits.get(tx, dest)
            if limit.room(now, wanted=1, rate=rate) < 1:
                return None
            lease = self.settings.lease
            jobs = outbox.claim(tx, now, dest=dest, limit=1, lease=lease, worker=self.worker)
            if not jobs:
                return None
            taken = limit.taken(now, 1, rate)
            if limit.failures:  # one probe at a time: the next one waits for this one's answer
                taken = attrs.evolve(taken, paused_until=now + lease)
            if taken != limit:
                limits.put(tx, taken)
        self.failpoint("after:claim")
        return jobs[0]

    def _deliver(self, job: Job) -> None:
        try:
            with span("soc.deliver", destination=job.dest, kind=job.kind, incident=job.incident):
                self._carry_out(job)
        except TemporaryError as error:
            self._again(job, error)
        except UncertainError as error:
            self._unsure(job, error)
        except PermanentError as error:
            self._bury(job, str(error))
        except StoreError:
            raise
        # A plugin may raise anything. Its job waits and is tried again; the other jobs go on.
        except Exception as error:  # noqa: BLE001
            self._again(job, TemporaryError(f"{type(error).__name__}: {error}"))

    def _carry_out(self, job: Job) -> None:
        if job.incident is None:
            self._tell(job)
            return
        with self.database.read() as tx:
            incident = incidents.get(tx, job.incident)
            if incident is not None:
                incident = incidents.with_similar_refs(tx, incident)
        if incident is None:
            raise PermanentError(f"incident {job.incident} is not in the store")
        if job.kind == "create_ticket":
            self._create(job, incident)
        elif job.kind == RECONCILE:
            self._reconcile(job, incident)
        else:
            self._notify(job, incident)

    def _tell(self, job: Job) -> None:
        """A notice that is about no incident."""
        batch = codec.build(msgspec.json.decode(job.payload, type=dict[str, object])["batch"], BatchSummary)
        self.calls.notify(job.dest, job.kind, batch=batch, delivery=_delivery(job))
        with self.database.write() as tx:
            outbox.settle(tx, job, self.clock.now())
            self._well(tx, job.dest)

    def _notify(self, job: Job, incident: Incident) -> None:
        payload = msgspec.json.decode(job.payload, type=dict[str, object])
        nouns: dict[str, type] = {"update": Update, "step": EscalationStep, "ticket": Ticket}
        arguments: dict[str, object] = {name: codec.build(value, nouns[name]) for name, value in payload.items()}
        began = self.clock.now()
        refs = self.calls.notify(job.dest, job.kind, incident=incident, delivery=_delivery(job), **arguments)
        with self.database.write() as tx:
            now = self.clock.now()
            ours = outbox.settle(tx, job, now)
            given = False
            if isinstance(update := arguments.get("update"), Update):
                self.casebook.keep_written(tx, incident, job.dest, update, began)
                given = update.change is Change.ASSIGNEE
            newest = incidents.take(tx, incident.id) if ours and (refs or given) else None
            if newest is not None and refs:
                newest = self.casebook.keep_refs(tx, newest, job.dest, refs)
            if newest is not None and given:  # the tracker may have said that it cannot assign this one either
                self.casebook.pass_on(tx, newest, now)
            self._well(tx, job.dest)

    def _create(self, job: Job, incident: Incident) -> None:
        if incident.ticket is not None:
            with self.database.write() as tx:
                outbox.cancel(tx, job, self.clock.now(), reason=f"{incident.ticket.key} exists")
            return
        if job.maybe_sent_at is not None:
            found_at = job.maybe_sent_at + self.search_lag(job.dest)
            if self.clock.now() < found_at:
                text = f"the ticket may exist already: looking for it at {codec.iso(found_at)}"
                self._postpone(job, found_at, text, sent=job.maybe_sent_at, refund=True)
                return
            self.failpoint("before:find")
            found = self.calls.find_ticket(job.dest, incident, _delivery(job))
            self.failpoint("after:find")
            if found is not None:
                self._save(job, incident, found, adopted=True)
                return
        self.failpoint("before:intend")
        with self.database.write() as tx:
            intended = outbox.intend(tx, job, self.clock.now(), self.settings.lease)
            if intended is None:
                return  # somebody else took over while we were slow: they look before they send
            tickets.intend(tx, incident, job.dest)
        lost_at = self.clock.monotonic() + self.settings.lease.total_seconds() * 2 / 3
        self.failpoint("after:intend")
        if self.clock.monotonic() > lost_at:
            return  # frozen past the lease: another worker has it, or will; nothing was sent
        self.failpoint("before:send")
        ticket = self.calls.create_ticket(intended.dest, incident, _delivery(intended))
        self.failpoint("after:send")
        if ticket is None:
            self._pass_on(intended, incident)
        else:
            self._save(intended, incident, ticket, adopted=False)

    def _save(self, job: Job, incident: Incident, ticket: Ticket, *, adopted: bool) -> None:
        self.failpoint("before:save")
        with self.database.write() as tx:
            now = self.clock.now()
            newest = incidents.take(tx, incident.id)
            ours = outbox.settle(tx, job, now, detail=ticket.key)
            if newest is not None and newest.ticket is None:
                self.casebook.ticket_made(tx, newest, ticket, now, adopted=adopted)
            if not ours or adopted or job.attempts > 1:
                self._look_again(tx, job, incident, now)
            self._well(tx, job.dest)
        self.failpoint("after:save")

    def _look_again(self, tx: Connection, job: Job, incident: Incident, now: datetime) -> None:
        """After any trouble, look once more when the search has caught up: are there two tickets?"""
        later = Job(
            dedupe=f"{incident.id}:{RECONCILE}:{job.lease_token}",  # each trouble is looked into
            incident=incident.id,
            dest=job.dest,
            kind=RECONCILE,
            lane=f"{incident.id}:{RECONCILE}",
            rank=incident.priority.rank,
            not_before=now + 2 * self.search_lag(job.dest),
        )
        outbox.add(tx, [later], now)

    def _reconcile(self, job: Job, incident: Incident) -> None:
        """Ask the tracker for all tickets with our marker: it keeps the oldest and closes the others."""
        found = self.calls.find_ticket(job.dest, incident, _delivery(job))
        with self.database.write() as tx:
            now = self.clock.now()
            newest = incidents.take(tx, incident.id)
            if newest is not None and found is not None:
                if found.retired:
                    details = {"kept": found.key, "closed": list(found.retired)}
                    audit.record(tx, now, "ticket.doubles_closed", incident=incident.id, details=details)
                if newest.ticket is None:
                    self.casebook.ticket_made(tx, newest, found, now, adopted=True)
                elif newest.ticket.key != found.key:
                    reason = f"{newest.ticket.key} was a double of {found.key}"
                    self.casebook.ticket_changed(tx, newest, found, now, reason=reason, origin="soc")
            outbox.settle(tx, job, now)
            self._well(tx, job.dest)

    def _pass_on(self, job: Job, incident: Incident) -> None:
        with self.database.write() as tx:
            now = self.clock.now()
            if outbox.settle(tx, job, now, detail=f"not for {job.dest}"):
                tickets.gone(tx, incident)
                if not self.casebook.fanout.ticket_wanted(tx, incident, now, after=job.dest):
                    self.casebook.alarm(tx, job.dest, f"no tracker takes the ticket of {incident.id}", now)

    def _again(self, job: Job, error: TemporaryError) -> None:
        wait = self._backoff(job.attempts) if error.retry_after is None else max(error.retry_after, _LEAST_WAIT)
        # Whoever was told when to come back was not refused: waiting one's turn uses up no tries.
        told_when = error.whole_destination or error.retry_after is not None
        if not told_when and job.attempts >= self.settings.attempts:
            self._bury(job, f"given up after {job.attempts} tries: {error}")
            return
        with self.database.write() as tx:
            now = self.clock.now()
            # This try was refused for certain; `job` still says whether an earlier one may have got through.
            sent = job.maybe_sent_at
            outbox.postpone(tx, job, now, until=now + wait, error=str(error), sent=sent, refund=told_when)
            if error.whole_destination:
                limit = limits.get(tx, job.dest)
                pause = error.retry_after or self._backoff(limit.failures + 1)
                changed = attrs.evolve(
                    limit, paused_until=now + pause, failures=limit.failures + 1, reason=str(error)[:500]
                )
                limits.put(tx, changed)
                if not limit.failures:
                    audit.record(tx, now, "destination.paused", details={"dest": job.dest, "reason": str(error)[:500]})
                    self.casebook.alarm(tx, job.dest, f"deliveries to {job.dest} are paused: {error}", now)

    def _unsure(self, job: Job, error: DeliveryError) -> None:
        now = self.clock.now()
        lag = self.search_lag(job.dest) if job.kind == "create_ticket" else self._backoff(job.attempts)
        with self.database.write() as tx:
            newest = None if job.incident is None else incidents.get(tx, job.incident)
            if job.kind == "create_ticket" and newest is not None:
                tickets.unsure(tx, newest)
            outbox.postpone(tx, job, now, until=now + lag, error=str(error), sent=now)

    def _postpone(self, job: Job, until: datetime, error: str, *, sent: datetime | None, refund: bool) -> None:
        with self.database.write() as tx:
            outbox.postpone(tx, job, self.clock.now(), until=until, error=error, sent=sent, refund=refund)

    def _bury(self, job: Job, error: str) -> None:
        with self.database.write() as tx:
            now = self.clock.now()
            if outbox.bury(tx, job, now, error=error):
                details = {"job": job.id, "dest": job.dest, "kind": job.kind, "error": error[:1000]}
                audit.record(tx, now, "job.dead", incident=job.incident, details=details)
                self.casebook.alarm(
                    tx, job.dest, f"{job.kind} for {job.incident} was given up: {error}", now, about=job.incident
                )
            self._well(tx, job.dest)

    def _well(self, tx: Connection, dest: str) -> None:
        """The destination answers: any pause is over."""
        limit = limits.get(tx, dest)
        if limit.failures:
            limits.put(tx, attrs.evolve(limit, paused_until=None, failures=0, reason=""))
            audit.record(tx, self.clock.now(), "destination.resumed", details={"dest": dest})

    def _backoff(self, attempt: int) -> timedelta:
        longest: timedelta = min(self.settings.backoff_longest, self.settings.backoff_first * 2 ** min(attempt - 1, 20))
        return longest * random.uniform(0.5, 1.0)


def _delivery(job: Job) -> Delivery:
    return Delivery(key=job.dedupe, attempt=job.attempts, uncertain_since=job.maybe_sent_at)
