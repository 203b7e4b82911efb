"""The shelf of notes and event samples: what people wrote and what the log said, per incident."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, literal, select

from soc_core.model.incident import Note
from soc_core.store import upsert
from soc_core.store.schema import incident_event, note, storm_member, tally

KEPT_EVENTS = 20

# Statements that are asked often are put together once: that takes ten times as long as asking them.
_KEPT = select(func.count()).select_from(incident_event).where(incident_event.c.incident == bindparam("incident"))
_KEEP = insert(incident_event)


def add_note(tx: Connection, incident: str, written: Note) -> None:
    """Keep a note."""
    values = {"author": written.author, "text": written.text, "at": written.at, "origin": written.origin}
    tx.execute(insert(note).values(incident=incident, **values))


def notes(tx: Connection, incident: str) -> tuple[Note, ...]:
    """The notes of an incident, oldest first."""
    columns = (note.c.author, note.c.text, note.c.at, note.c.origin)
    query = select(*columns).where(note.c.incident == incident).order_by(note.c.at, note.c.id)
    return tuple(Note(**row) for row in tx.execute(query).mappings())


def copy_notes(tx: Connection, source: str, target: str) -> None:
    """Keep the notes of one incident with another as well."""
    columns = ("incident", "at", "author", "origin", "text")
    kept = select(literal(target), note.c.at, note.c.author, note.c.origin, note.c.text).where(
        note.c.incident == source
    )
    tx.execute(insert(note).from_select(columns, kept.order_by(note.c.id)))


def keep_events(tx: Connection, incident: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep the first events of an incident as samples (fingerprint, at, source, severity, message, event_id)."""
    room = KEPT_EVENTS - tx.execute(_KEPT, {"incident": incident}).scalar_one()
    if room > 0 and rows:
        tx.execute(_KEEP, [{"incident": incident, **row} for row in rows[:room]])


def events(tx: Connection, incident: str) -> tuple[Mapping[str, object], ...]:
    """The sampled events of an incident, oldest first."""
    query = select(incident_event).where(incident_event.c.incident == incident).order_by(incident_event.c.id)
    return tuple(dict(row) for row in tx.execute(query).mappings())


def add_storm_member(tx: Connection, incident: str, row: Mapping[str, object]) -> None:
    """Count an event in a storm (fingerprint, summary, severity, count, last_seen)."""
    member = {"incident": incident, **row}
    key = ("incident", "fingerprint")
    upsert.put(tx, storm_member, [member], key=key, summed=("count",), kept=("summary", "severity"))


def storm_members(tx: Connection, incident: str) -> tuple[Mapping[str, object], ...]:
    """What a storm incident lists: worst first."""
    query = select(storm_member).where(storm_member.c.incident == incident)
    ordered = query.order_by(storm_member.c.severity.desc(), storm_member.c.count.desc(), storm_member.c.fingerprint)
    return tuple(dict(row) for row in tx.execute(ordered).mappings())


def count_rules(tx: Connection, seen: Mapping[str, int], now: datetime) -> None:
    """Count how many events each rule found today."""
    rows = [{"day": now.date().isoformat(), "rule": rule[:255], "events": number} for rule, number in seen.items()]
    upsert.put(tx, tally, rows, key=("day", "rule"), summed=("events",))


def rule_counts(tx: Connection, since: str) -> dict[str, int]:
    """How many events each rule found since a day (YYYY-MM-DD), most first."""
    number = func.sum(tally.c.events)
    query = select(tally.c.rule, number).where(tally.c.day >= since).group_by(tally.c.rule).order_by(number.desc())
    return {rule: int(events) for rule, events in tx.execute(query).all()}
