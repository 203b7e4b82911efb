"""The shelf of destinations: which are paused and until when, and how fast each may be served."""

from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection, select

from soc_core.store import upsert
from soc_core.store.schema import limiter as table


@attrs.frozen(kw_only=True)
class Limit:
    """How a destination stands. After a pause a single delivery goes first; its success ends the trouble."""

    dest: str
    paused_until: datetime | None = None
    failures: int = 0
    reason: str = ""
    next_slot: datetime | None = None

    def room(self, now: datetime, *, wanted: int, rate: float | None) -> int:
        """How many deliveries may begin now; `rate` is per second."""
        if self.paused_until is not None and now < self.paused_until:
            return 0
        room = 1 if self.failures else wanted
        if rate is not None:
            behind = max(timedelta(0), now + timedelta(seconds=1) - max(self.next_slot or now, now))
            room = min(room, int(behind.total_seconds() * rate))
        return room

    def taken(self, now: datetime, count: int, rate: float | None) -> "Limit":
        """The same destination after `count` deliveries began."""
        if rate is None or not count:
            return self
        return attrs.evolve(self, next_slot=max(self.next_slot or now, now) + timedelta(seconds=count / rate))


def get(tx: Connection, dest: str) -> Limit:
    """How a destination stands."""
    row = tx.execute(select(table).where(table.c.dest == dest).with_for_update()).mappings().first()
    return Limit(dest=dest) if row is None else Limit(**row)


def put(tx: Connection, limit: Limit) -> None:
    """Keep how a destination stands."""
    upsert.put(tx, table, [attrs.asdict(limit)], key=("dest",))


def all_limits(tx: Connection) -> tuple[Limit, ...]:
    """Every destination that was ever limited."""
    return tuple(Limit(**row) for row in tx.execute(select(table).order_by(table.c.dest)).mappings())
