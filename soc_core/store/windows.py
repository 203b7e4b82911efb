"""The shelf of counts: how often something happened within a while, kept small and over restarts."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection, delete, select

from soc_core.model.event import Threshold
from soc_core.store import upsert
from soc_core.store.schema import window as table

MOST = 100_000
_decode = msgspec.json.Decoder(list[float]).decode


@attrs.frozen
class Window:
    """The instants (seconds since 1970) that count towards one threshold and key."""

    key: str
    rule: str
    times: tuple[float, ...] = ()

    def with_event(self, at: datetime, threshold: Threshold) -> tuple["Window", bool]:
        """The window with one more event, and whether the count is reached (then it starts anew)."""
        newest = max((*self.times, at.timestamp()))
        oldest = newest - threshold.within.total_seconds()
        times = tuple(sorted(time for time in (*self.times, at.timestamp()) if time > oldest))
        if len(times) >= threshold.count:
            return attrs.evolve(self, times=()), True
        return attrs.evolve(self, times=times), False


def key_of(threshold: Threshold) -> str:
    """The name of the count that a threshold asks for."""
    return hashlib.sha256(f"{threshold.rule}\x1f{threshold.key}".encode("utf-8", "replace")).hexdigest()[:32]


def read(tx: Connection, thresholds: Iterable[Threshold]) -> dict[str, Window]:
    """The windows of these thresholds, empty ones included, by key."""
    windows = {key_of(threshold): Window(key_of(threshold), threshold.rule) for threshold in thresholds}
    if windows:
        rows = tx.execute(select(table).where(table.c.key.in_(windows)).with_for_update()).mappings()
        windows |= {row["key"]: Window(row["key"], row["rule"], tuple(_decode(row["times"]))) for row in rows}
    return windows


def write(tx: Connection, windows: Sequence[Window], now: datetime) -> None:
    """Keep windows; the least recent ones go when there are more than `MOST`."""
    if not windows:
        return
    rows = [
        {"key": w.key, "rule": w.rule, "times": msgspec.json.encode(w.times).decode(), "latest": now} for w in windows
    ]
    upsert.put(tx, table, rows, key=("key",), kept=("rule",))
    oldest = tx.execute(select(table.c.latest).order_by(table.c.latest.desc()).offset(MOST).limit(1)).scalar()
    if oldest is not None:
        tx.execute(delete(table).where(table.c.latest <= oldest))
