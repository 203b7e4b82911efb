"""The auditor: goes round every minute and looks that nothing stands still without anybody knowing it.

Every open incident has a next step: a timer, a delivery on its way, or a wait state. One that has none would be
forgotten, so it becomes the subject of an incident about soc-core itself. The round also leaves a heartbeat, and asks
once after each start whether the settings promise other times now.
"""

import urllib.request
from datetime import datetime, timedelta

import attrs
import msgspec
from sqlalchemy import Connection

from soc_core.casebook import SELF, Casebook
from soc_core.logs import get_logger
from soc_core.model.duration import show_duration
from soc_core.model.event import Course
from soc_core.model.incident import Incident
from soc_core.store import audit, cursors, incidents, outbox
from soc_core.store.database import Database

EVERY = timedelta(minutes=1)
FRESH = 3 * EVERY
"""A heartbeat that is older says that the house does not live."""

_STUCK = "stuck"
_ORPHANED = "orphaned"
_NAMED = 5
_PATIENCE = 10.0


@attrs.define(kw_only=True)
class Rounds:
    """One house's auditor; several houses on one store share the rounds."""

    database: Database
    casebook: Casebook
    _asked: bool = attrs.field(default=False, init=False)

    def go(self, now: datetime) -> bool:
        """Make a round if one is due; answers whether it was."""
        with self.database.read() as tx:
            last = cursors.heartbeat(tx)
        if last is not None and timedelta() <= now - last < EVERY and self._asked:
            return False
        if not self._asked:
            self._ask_promises(now)
            self._asked = True
        with self.database.write() as tx:
            cursors.beat(tx, now)
            self._look_for_stuck(tx, now)
            self._look_for_orphans(tx, now)
        return True

    def _ask_promises(self, now: datetime) -> None:
        with self.database.read() as tx:
            clocked = [incident.id for incident in incidents.active(tx) if incident.clocks]
        for name in clocked:
            with self.database.write() as tx:
                incident = incidents.take(tx, name)
                if incident is not None and incident.status.active:
                    self.casebook.promise_anew(tx, incident, now)

    def _look_for_stuck(self, tx: Connection, now: datetime) -> None:
        if self.casebook.calls.listeners("plan_escalation"):
            rests, why = _rests, "every rung has fired and nobody will be reminded any more"
        else:  # nobody is ever reminded, and `soc doctor` says so; but a ticket must not be forgotten
            rests, why = _has_its_ticket, "it has no ticket, and nothing is on its way to make one"
        known = _known(tx, _STUCK)
        stuck = [name for name in incidents.without_jobs(tx) if name in known or not rests(incidents.get(tx, name))]
        if fresh := _news(tx, _STUCK, stuck, now):
            more = f" and {len(fresh) - _NAMED} more" if len(fresh) > _NAMED else ""
            names = ", ".join(fresh[:_NAMED])
            self.casebook.alarm(tx, "next step", f"{names}{more}: open, but {why}", now)

    def _look_for_orphans(self, tx: Connection, now: datetime) -> None:
        """Deliveries to a plugin that is not there any more wait for ever."""
        known = {
            *self.casebook.fanout.trackers,
            *(d for named in self.casebook.fanout.listeners.values() for d in named),
        }
        orphaned = sorted(set(outbox.due_dests(tx, now)) - known)
        if fresh := _news(tx, _ORPHANED, orphaned, now):
            names = ", ".join(fresh)
            text = f"deliveries wait for {names}, but no such plugin is at work: install it, or discard them (soc jobs)"
            self.casebook.alarm(tx, "deliveries", text, now)


def clock_astray(database: Database, casebook: Casebook, off: timedelta, now: datetime) -> None:
    """The wall clock was set, and stays so: only people can tell whether it is right now."""
    seconds = round(off.total_seconds(), 3)
    get_logger().warning("clock.stepped", seconds=seconds)
    ahead = "ahead of" if off > timedelta() else "behind"
    text = (
        f"the clock of this machine was set and is {show_duration(abs(timedelta(seconds=round(seconds))))} {ahead} the"
        " time that has passed. Deadlines go by the time that has passed. Set the clock right; or, if it is right now,"
        " restart soc-core"
    )
    with database.write() as tx:
        audit.record(tx, now, "clock.stepped", details={"seconds": seconds})
        casebook.alarm(tx, "clock", text, now)


def ping(url: str, database: Database, now: datetime) -> None:
    """Tell a watchman elsewhere that the house lives; not while the rounds stand still."""
    with database.read() as tx:
        last = cursors.heartbeat(tx)
    if last is None or now - last > FRESH:
        return
    try:
        urllib.request.urlopen(url, timeout=_PATIENCE).close()  # noqa: S310 - the setting takes http addresses only
    except OSError as error:
        get_logger().warning("ping.failed", reason=str(error))  # the address may hold a key: it is not shown


def _rests(incident: Incident | None) -> bool:
    """Whether standing still is what was wanted: it waits, or somebody has taken an alert upon themselves."""
    if incident is None:
        return True
    seen = incident.kind is Course.ALERT and incident.acknowledged_at is not None
    return seen or incident.rule == SELF or any(clock.paused for clock in incident.clocks.values())


def _has_its_ticket(incident: Incident | None) -> bool:
    return incident is None or incident.kind is Course.ALERT or incident.ticket is not None


def _news(tx: Connection, name: str, found: list[str], now: datetime) -> list[str]:
    """What is found now and was not found in the last round."""
    known = _known(tx, name)
    if known != found:
        cursors.save(tx, cursors.HOUSE, name, msgspec.json.encode(found).decode(), now=now)
    return [one for one in found if one not in known]


def _known(tx: Connection, name: str) -> list[str]:
    return msgspec.json.decode(cursors.get(tx, cursors.HOUSE, name) or "[]", type=list[str])
