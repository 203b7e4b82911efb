"""Read-only answers about the store: one query layer behind command line, plugins, metrics and dashboard."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

import attrs
import msgspec

from soc_core import codec
from soc_core.clock import AnchoredClock
from soc_core.counters import Counters
from soc_core.model.figures import Breach, Figures, Left
from soc_core.model.incident import Incident, Note, Status
from soc_core.model.job import Job, JobState
from soc_core.model.people import Person
from soc_core.model.sla import Clock, ClockState
from soc_core.model.wording import Line
from soc_core.ports import TimeSource
from soc_core.store import audit, cursors, figures, held, incidents, limits, notes, outbox, tickets
from soc_core.store.database import Database
from soc_core.store.story import line_of

_ACTIVE = tuple(status for status in Status if status.active)


@attrs.frozen(kw_only=True)
class StoreReports:
    """Implements `soc_core.ports.Reports`, and a little more for the house's own doors."""

    database: Database
    clock: TimeSource
    people: Sequence[Person] = ()
    counters: Counters = attrs.field(factory=Counters)

    @classmethod
    def of(cls, store: str, people: Sequence[Person] = ()) -> Self:
        """What an existing store says, through a handle that cannot change anything, and without any plugin.

        Raises:
            StoreError: There is no such store, or it cannot be read.
        """
        database = Database(store, read_only=True)
        database.open()
        return cls(database=database, clock=AnchoredClock(), people=people)

    def now(self) -> datetime:
        """The present instant of the house's clock."""
        return self.clock.now()

    def incident(self, key: str) -> Incident | None:
        """One incident by its id or its ticket's key."""
        with self.database.read() as tx:
            return incidents.get(tx, key)

    def incidents(self, *, active: bool = True, limit: int = 1000) -> tuple[Incident, ...]:
        """Incidents, most urgent first; `active=False` includes resolved and closed ones."""
        with self.database.read() as tx:
            return incidents.find(tx, statuses=_ACTIVE if active else (), limit=limit)

    def violations(self) -> tuple[Incident, ...]:
        """Active incidents whose resolution is overdue, the longest overdue first."""
        now = self.clock.now()
        late = [i for i in self.incidents(limit=100_000) if _state(i, "resolution", now) is ClockState.BREACHED]
        return tuple(sorted(late, key=lambda incident: incident.clocks["resolution"].due_at() or now))

    def queue(self, *, limit: int = 200, assignee: str | None = None) -> tuple[Incident, ...]:
        """Incidents that need work, the one due first at the front; those without a running clock come last.

        Only those of one `assignee` if asked for, with an empty name those of nobody.
        """
        with self.database.read() as tx:
            return incidents.next_due(tx, limit, assignee=assignee)

    def waiting(self) -> dict[Left, int]:
        """How many incidents need work, by the time they have left; the figures tell the same."""
        with self.database.read() as tx:
            return figures.queue(tx, self.clock.now())

    def next_breaches(self, *, until: datetime | None = None, limit: int = figures.NEXT) -> tuple[Breach, ...]:
        """The incidents that become overdue next, soonest first; those after `until` are left out."""
        with self.database.read() as tx:
            return figures.next_breaches(tx, self.clock.now(), until=until, limit=limit)

    def resolved_since(self, since: datetime) -> int:
        """How many tickets people have resolved since an instant."""
        with self.database.read() as tx:
            return figures.resolved(tx, since)

    def notes(self, incident: str) -> tuple[Note, ...]:
        """The notes of an incident, oldest first."""
        with self.database.read() as tx:
            return notes.notes(tx, incident)

    def person(self, *, jira: str = "", slack: str = "", email: str = "", name: str = "") -> Person | None:
        """Somebody of the team by what another system calls them."""
        for person in self.people:
            for wanted, known in (
                (jira, person.jira),
                (slack, person.slack),
                (email, person.email),
                (name, person.name),
            ):
                if wanted and known and wanted.casefold() == known.casefold():
                    return person
        return None

    def timeline(self, incident: str) -> tuple[audit.Entry, ...]:
        """Everything that happened to an incident, oldest first."""
        with self.database.read() as tx:
            return audit.entries(tx, incident=incident)

    def story(self, incident: str) -> tuple[Line, ...]:
        """The same in words."""
        return tuple(map(line_of, self.timeline(incident)))

    def trail(self, *, last: int) -> tuple[Line, ...]:
        """The latest entries of the audit trail in words, oldest first."""
        with self.database.read() as tx:
            return tuple(map(line_of, audit.entries(tx, last=last)))

    def samples(self, incident: str) -> tuple[Mapping[str, object], ...]:
        """The first log events of an incident, secrets masked."""
        with self.database.read() as tx:
            return notes.events(tx, incident)

    def storm_members(self, incident: str) -> tuple[Mapping[str, object], ...]:
        """What a storm incident lists."""
        with self.database.read() as tx:
            return notes.storm_members(tx, incident)

    def ticket_state(self, incident: str) -> str:
        """`absent`, `intended`, `unsure`, `made` or `gone`."""
        with self.database.read() as tx:
            return tickets.state(tx, incident)

    def jobs(self, *states: JobState, incident: str | None = None) -> tuple[Job, ...]:
        """Outgoing work."""
        with self.database.read() as tx:
            return outbox.find(tx, states=states, incident=incident)

    def job_counts(self) -> dict[tuple[str, str], int]:
        """How many jobs each destination has in each state."""
        with self.database.read() as tx:
            return outbox.counts(tx)

    def sources(self) -> dict[tuple[str, str], datetime]:
        """When each reader of an input and each poller last got on, by (owner, name)."""
        with self.database.read() as tx:
            return cursors.moved(tx)

    def destinations(self) -> tuple[limits.Limit, ...]:
        """Destinations that were ever limited or paused."""
        with self.database.read() as tx:
            return limits.all_limits(tx)

    def noisy_rules(self, since: str = "") -> dict[str, int]:
        """Events found per rule since a day (YYYY-MM-DD), most first."""
        with self.database.read() as tx:
            return notes.rule_counts(tx, since)

    def shelf_sizes(self) -> tuple[int, int]:
        """How many events are held and how many lines are in quarantine."""
        with self.database.read() as tx:
            return held.sizes(tx)

    def counted(self) -> Mapping[str, int]:
        """What this process has counted since it began, by `plugin.what`."""
        return self.counters.all()

    def figures(self, *, since: datetime | None = None) -> Figures:
        """Everything that can be counted, from `since` on."""
        with self.database.read() as tx:
            return figures.figures(tx, self.clock.now(), since)

    def escalated(self, since: datetime) -> dict[str, tuple[str, ...]]:
        """The rungs that fired since an instant, by incident, in the order in which they fired."""
        found: dict[str, tuple[str, ...]] = {}
        with self.database.read() as tx:
            for entry in audit.since(tx, since, "escalation.fired"):
                rung = str(msgspec.json.decode(entry.body, type=dict[str, object])["rung"])
                found[entry.incident or ""] = (*found.get(entry.incident or "", ()), rung)
        return found

    def heartbeat(self) -> datetime | None:
        """When the house last made its rounds, or None before the first."""
        with self.database.read() as tx:
            return cursors.heartbeat(tx)

    def audit_head(self) -> str:
        """Number and hash of the last entry of the audit trail."""
        with self.database.read() as tx:
            return audit.head(tx)

    def audit_flaw(self, anchor: str | None = None) -> str | None:
        """None if the audit trail is intact, else what is wrong with it."""
        with self.database.read() as tx:
            return audit.verify(tx, anchor=anchor)

    def explanation(self, incident: str) -> str:
        """Why this incident exists, in plain sentences."""
        found = self.incident(incident)
        if found is None:
            return f"There is no incident or ticket {incident}."
        lines = [
            f"{found.id}: {found.summary}",
            f"Found by rule {found.rule or found.label!r} of {found.classifier or 'the core'}"
            + (f": {found.reason}" if found.reason else "."),
            f"Decided by {found.decided_by or 'the core'}: {found.why}",
            f"Priority {found.priority} because the severity is {found.severity:g} (confidence {found.confidence:g}).",
        ]
        lines += [
            f"The {clock.name} is due {codec.iso(clock.due_at()) or 'when the clock runs again'}."
            for clock in found.clocks.values()
        ]
        if found.assignee:
            lines.append(f"Assigned to {found.assignee}: {found.assignee_reason}")
        return "\n".join(lines)


def document(incident: Incident, now: datetime) -> dict[str, object]:
    """An incident as `--json`, the API and the dashboard show it; part of the versioned output."""
    ticket = incident.ticket
    return {
        "id": incident.id,
        "summary": incident.summary,
        "label": incident.label,
        "severity": incident.severity,
        "priority": incident.priority.value,
        "status": incident.status.value,
        "source": incident.source,
        "user": incident.user,
        "ip": incident.ip,
        "count": incident.count,
        "first_seen": codec.iso(incident.first_seen),
        "last_seen": codec.iso(incident.last_seen),
        "assignee": incident.assignee,
        "sla": {name: _clock(incident.clocks.get(name), now) for name in ("response", "resolution")},
        "ticket": None if ticket is None else {"tracker": ticket.tracker, "key": ticket.key, "url": ticket.url},
    }


def _clock(clock: Clock | None, now: datetime) -> dict[str, object] | None:
    return None if clock is None else {"due": codec.iso(clock.due_at()), "state": clock.state(now).value}


def _state(incident: Incident, name: str, now: datetime) -> ClockState | None:
    clock = incident.clocks.get(name)
    return None if clock is None else clock.state(now)
