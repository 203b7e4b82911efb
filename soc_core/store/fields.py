"""The shelf of fields: what each side said of an incident's status, assignee, priority and verdict, and was told."""

from collections.abc import Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection, select

from soc_core import codec
from soc_core.store import upsert
from soc_core.store.schema import field_state

_KEPT = 8


@attrs.frozen(kw_only=True)
class Said:
    """A value, when it was said or written, and when the incident got it by these words, if it did."""

    value: str
    at: datetime
    decided: datetime | None = None


@attrs.frozen(kw_only=True)
class Side:
    """How one side stands to one field.

    Args:
        seen: What people there made of it last.
        written: What was written there, oldest first: what comes back of it is an echo.
    """

    seen: Said | None = None
    written: tuple[Said, ...] = ()

    @property
    def holds(self) -> str | None:
        """The value this side has, as far as is known."""
        newest = (*self.written[-1:], *((self.seen,) if self.seen is not None else ()))
        return max(newest, key=lambda said: said.at).value if newest else None

    def echoes(self, said: Said) -> bool:
        """Whether a side only says what was written to it, at a time when it had no other value."""
        later = [*(one.at for one in self.written[1:]), None]
        held = zip(self.written, later, strict=True) if self.written else ()
        return any(
            one.value == said.value
            and one.at <= said.at
            and (end is None or said.at < end)
            and (self.seen is None or not one.at <= self.seen.at <= said.at)
            for one, end in held
        )


def sides(tx: Connection, incident: str, field: str) -> dict[str, Side]:
    """How every side stands to a field of an incident."""
    query = select(field_state).where(field_state.c.incident == incident, field_state.c.field == field)
    return {row["origin"]: _side(row["last_seen"], row["last_written"]) for row in tx.execute(query).mappings()}


def seen(tx: Connection, incident: str, origin: str, field: str, said: Said) -> None:
    """Remember what a side said; what it said before does not overtake it."""
    known = sides(tx, incident, field).get(origin, Side()).seen
    if known is None or known.at <= said.at:
        # Who says once more what the incident has by their words decides nothing anew.
        before = known.decided if known is not None and known.value == said.value else None
        newest = attrs.evolve(said, decided=said.decided or before)
        _put(tx, incident, origin, field, last_seen=codec.dump(newest))


def written(tx: Connection, incident: str, origin: str, field: str, said: Said) -> None:
    """Remember what was written to a side."""
    before: Sequence[Said] = sides(tx, incident, field).get(origin, Side()).written
    if not before or before[-1].value != said.value:
        _put(tx, incident, origin, field, last_written=codec.dump((*before, said)[-_KEPT:]))


def _put(tx: Connection, incident: str, origin: str, field: str, **values: str) -> None:
    row = {"incident": incident, "origin": origin, "field": field, **values}
    upsert.put(tx, field_state, [row], key=("incident", "origin", "field"))


def _side(last_seen: str | None, last_written: str | None) -> Side:
    return Side(
        seen=None if last_seen is None else codec.load(last_seen, Said),
        written=() if last_written is None else codec.load(last_written, tuple[Said, ...]),
    )
