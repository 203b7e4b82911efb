"""What people did elsewhere comes in here: checked, saved once, and told to every side but the one it came from."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection

from soc_core.casebook import Casebook
from soc_core.counters import Counters
from soc_core.errors import ChangeRefused
from soc_core.model.event import Course, Event
from soc_core.model.incident import Change, Incident, Ticket, Update
from soc_core.moves import FIELDS, named, value_of
from soc_core.ports import TimeSource
from soc_core.stages.sync.agreement import HOUSE, NEWEST, Outcome, agree
from soc_core.store import cursors, fields, inbound, incidents, team, tickets
from soc_core.store.database import Database


@attrs.frozen(kw_only=True)
class Sync:
    """Applies changes that come from outside; every call is one transaction and durable when it returns."""

    database: Database
    casebook: Casebook
    clock: TimeSource

    def change(self, key: str, update: Update) -> bool:
        """Carry out a change of an incident once; False if this very change was seen before."""
        with self.database.write() as tx:
            now = self.clock.now()
            if update.id and not inbound.is_new(tx, update.origin, update.id[:255], now):
                return False
            incident = _known(tx, key)
            # A side whose clock runs ahead must not stop our clocks in the future.
            update = attrs.evolve(named(update), at=min(update.at, now))
            if update.change in FIELDS:
                self._agree(tx, incident, attrs.evolve(update, old=value_of(incident, update.change)), now)
            else:
                self.casebook.change(tx, incident, update, now)
        return True

    def _agree(self, tx: Connection, incident: Incident, update: Update, now: datetime) -> None:
        """Change what several sides may change, if this side's word counts; a conflict leaves a note."""
        wins = getattr(self.casebook.settings.sync, update.change, NEWEST)
        sides = fields.sides(tx, incident.id, update.change)
        keeps = update.origin in self.casebook.fanout.listeners.get("on_incident_updated", ())
        found = agree(incident, update, sides, keeps=keeps, wins=wins, now=now)
        if found.outcome in (Outcome.TAKEN, Outcome.AGREED):
            incident = self.casebook.change(tx, incident, update, now)
        fields.seen(tx, incident.id, update.origin, update.change, fields.Said(value=update.new, at=update.at))
        if found.remark:
            note = Update(change=Change.NOTE, origin=HOUSE, at=now, actor="soc-core", text=found.remark)
            incident = self.casebook.change(tx, incident, note, now)
        if found.outcome is Outcome.REFUSED:
            # The side that lost is told again: it holds another value, whatever it was told before.
            at = max(found.stands_since, update.at)
            back = attrs.evolve(update, origin=HOUSE, actor="", at=at, old=update.new, new=update.old, id="", word="")
            self.casebook.fanout.updated(tx, incident, back, now, only=update.origin)

    def request_ticket(self, key: str, *, actor: str, origin: str) -> bool:
        """Make a ticket for an incident that has none, or none any more; False where one exists or is on its way."""
        with self.database.write() as tx:
            incident = _known(tx, key)
            lost = incident.ticket is None and tickets.state(tx, incident.id) == "gone"
            if incident.kind is Course.TICKET and not lost:
                return False
            if not incident.status.active:
                raise ChangeRefused(f"{incident.id} is {incident.status}: reopen it before it gets a ticket")
            now = self.clock.now()
            if incident.kind is Course.TICKET:
                return self.casebook.replace_ticket(tx, incident, now, actor=actor, origin=origin)
            self.casebook.promote(tx, incident, now, reason=f"asked for by {actor}", actor=actor, origin=origin)
        return True

    def ticket_changed(self, key: str, ticket: Ticket | None, *, reason: str, origin: str) -> None:
        """The ticket of an incident moved, or (None) is gone."""
        with self.database.write() as tx:
            incident = _known(tx, key)
            if incident.ticket != ticket:
                now = self.clock.now()
                self.casebook.ticket_changed(tx, incident, ticket, now, reason=reason, origin=origin)


@attrs.frozen(kw_only=True)
class PluginInbox:
    """The inbox as one plugin sees it; implements `soc_core.ports.Inbox`."""

    plugin: str
    sync: Sync
    submit_events: Callable[[Sequence[Event]], int]
    take_lines: Callable[[bytes, str, str], int]
    counters: Counters

    def submit(self, events: Sequence[Event]) -> int:
        """Hand in log events; answers how many were new."""
        return self.submit_events(events)

    def submit_lines(self, lines: bytes, *, format: str = "auto") -> int:  # noqa: A002 - the word users know
        """Hand in whole log lines; answers how many could not be read."""
        return self.take_lines(lines, self.plugin, format)

    def count(self, what: str, number: int = 1) -> None:
        """Add to a number that metrics show."""
        self.counters.add(f"{self.plugin}.{what}", number)

    def change(self, incident: str, update: Update) -> bool:
        """Ask for a change; False for a repeat."""
        return self.sync.change(incident, update)

    def request_ticket(self, incident: str, actor: str, origin: str) -> bool:
        """Make a ticket for an incident that has none."""
        return self.sync.request_ticket(incident, actor=actor, origin=origin)

    def keep_refs(self, incident: str, refs: Mapping[str, str]) -> None:
        """Remember what the plugin needs later."""
        with self.sync.database.write() as tx:
            self.sync.casebook.keep_refs(tx, _known(tx, incident), self.plugin, refs)

    def ticket_moved(self, incident: str, key: str, url: str | None) -> None:
        """The ticket has a new key."""
        ticket = Ticket(tracker=self.plugin, key=key, url=url)
        self.sync.ticket_changed(incident, ticket, reason=f"moved to {key}", origin=self.plugin)

    def ticket_gone(self, incident: str, reason: str) -> None:
        """The ticket was deleted or can no longer be seen."""
        self.sync.ticket_changed(incident, None, reason=reason, origin=self.plugin)

    def cursor(self, name: str) -> str | None:
        """Where a poller stopped last time."""
        with self.sync.database.read() as tx:
            return cursors.get(tx, self.plugin, name)

    def save_cursor(self, name: str, value: str) -> None:
        """Remember where a poller stopped."""
        with self.sync.database.write() as tx:
            cursors.save(tx, self.plugin, name, value, now=self.sync.clock.now())

    def availability(self, person: str, available: bool, reason: str, until: datetime) -> None:
        """Keep a hint about somebody until it lapses."""
        given = team.Hint(person=person, available=available, reason=reason, until=until)
        with self.sync.database.write() as tx:
            team.give_hint(tx, self.plugin, given)


def _known(tx: Connection, key: str) -> Incident:
    incident = incidents.take(tx, key)
    if incident is None:
        raise ChangeRefused(f"there is no incident or ticket {key}")
    return incident
