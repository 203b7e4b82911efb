"""Dead letters: deliveries that were given up, until a person gives them another chance or drops them for good."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection

from soc_core.store import audit, outbox


def retry(tx: Connection, ids: Iterable[int], now: datetime, *, actor: str) -> tuple[int, ...]:
    """Give dead letters another chance; answers those that were ones."""
    return _settled(tx, ids, now, actor=actor, what="job.retried", how=outbox.revive)


def discard(tx: Connection, ids: Iterable[int], now: datetime, *, actor: str) -> tuple[int, ...]:
    """Drop dead letters for good; answers those that were ones."""
    return _settled(tx, ids, now, actor=actor, what="job.discarded", how=outbox.discard)


def _settled(
    tx: Connection,
    ids: Iterable[int],
    now: datetime,
    *,
    actor: str,
    what: str,
    how: Callable[[Connection, int, datetime], bool],
) -> tuple[int, ...]:
    settled = tuple(number for number in ids if how(tx, number, now))
    for number in settled:
        audit.record(tx, now, what, actor=actor, details={"job": number})
    return settled
