"""The shelf of the audit trail: every change of state, chained by hashes so that tampering shows."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from soc_core.store.schema import audit, meta

_GENESIS = "0" * 64
START = f"0:{_GENESIS}"

_LAST = select(meta.c.value).where(meta.c.key == "audit").with_for_update()
_KEEP_LAST = update(meta).where(meta.c.key == "audit")
_INSTALLATION = select(meta.c.value).where(meta.c.key == "installation")
_ADD = insert(audit)


@attrs.frozen(kw_only=True)
class Entry:
    """One thing that happened: what, to which incident, by whom, from where, with which details."""

    seq: int
    at: datetime
    incident: str | None
    what: str
    actor: str
    origin: str
    body: str
    hash: str

    def chained(self, previous: str, key: bytes) -> str:
        """The hash this entry must have after `previous`."""
        parts = (self.seq, self.at.isoformat(), self.incident, self.what, self.actor, self.origin, self.body, previous)
        return hmac.new(key, msgspec.json.encode(parts), hashlib.sha256).hexdigest()


def record(
    tx: Connection,
    at: datetime,
    what: str,
    *,
    incident: str | None = None,
    actor: str = "soc",
    origin: str = "soc",
    details: Mapping[str, object] | None = None,
) -> None:
    """Add one entry to the end of the trail."""
    # The last entry's hash lies in `meta`: its row is the lock that keeps two writers from forking the chain.
    seq, previous = _split(tx.execute(_LAST).scalar_one())
    body = msgspec.json.encode(dict(details or {}), order="sorted").decode()
    entry = Entry(seq=seq + 1, at=at, incident=incident, what=what, actor=actor, origin=origin, body=body, hash="")
    entry = attrs.evolve(entry, hash=entry.chained(previous, _key(tx)))
    tx.execute(_ADD, attrs.asdict(entry))
    tx.execute(_KEEP_LAST, {"value": f"{entry.seq}:{entry.hash}"})


def entries(tx: Connection, *, incident: str | None = None, last: int | None = None) -> tuple[Entry, ...]:
    """Entries in order; only the `last` ones if asked for."""
    query = select(audit).order_by(audit.c.seq.desc())
    if incident is not None:
        query = query.where(audit.c.incident == incident)
    if last is not None:
        query = query.limit(last)
    return tuple(_entry(row) for row in reversed(tx.execute(query).mappings().all()))


def since(tx: Connection, at: datetime, what: str) -> tuple[Entry, ...]:
    """Everything of one kind that happened since an instant, in order."""
    query = select(audit).where(audit.c.what == what, audit.c.at >= at).order_by(audit.c.seq)
    return tuple(_entry(row) for row in tx.execute(query).mappings())


def head(tx: Connection) -> str:
    """Number and hash of the last entry: kept elsewhere, it anchors the trail against truncation."""
    return str(tx.execute(select(meta.c.value).where(meta.c.key == "audit")).scalar_one())


def verify(tx: Connection, *, anchor: str | None = None) -> str | None:
    """None if the whole trail is intact, else one sentence naming the first entry that is not."""
    key, previous, seq = _key(tx), _GENESIS, 0
    anchors = dict([_split(anchor)]) if anchor else {}
    for entry in _stream(tx):
        seq += 1
        if entry.seq != seq:
            return f"entry {seq} is missing: the trail goes on with entry {entry.seq}"
        if entry.hash != entry.chained(previous, key):
            return f"entry {seq} ({entry.what}, {entry.at.isoformat()}) was changed, or one before it was"
        if anchors.get(seq, entry.hash) != entry.hash:
            return f"entry {seq} is not the one whose hash was kept: the trail was rewritten"
        previous = entry.hash
    if head(tx) != f"{seq}:{previous}":
        return f"the trail ends at entry {seq}, but entry {_split(head(tx))[0]} was written: the end was cut off"
    missing = [number for number in anchors if number > seq]
    return f"entry {missing[0]} was seen before and is gone: the end was cut off" if missing else None


def _key(tx: Connection) -> bytes:
    # The installation's name keys the chain. It lies in the same store: the chain shows careless and partial changes;
    # against somebody who rewrites everything, keep `head()` elsewhere.
    return str(tx.execute(_INSTALLATION).scalar()).encode()


def _stream(tx: Connection) -> Iterator[Entry]:
    for row in tx.execute(select(audit).order_by(audit.c.seq)).mappings():
        yield _entry(row)


def _entry(row: RowMapping) -> Entry:
    return Entry(**row)


def _split(value: str) -> tuple[int, str]:
    number, _, digest = value.partition(":")
    return int(number), digest
