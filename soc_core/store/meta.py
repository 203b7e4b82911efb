"""Small facts about the store itself: which installation it is, and the numbers it has given out."""

import uuid

from sqlalchemy import Connection, bindparam, insert, select, update

from soc_core.store import audit
from soc_core.store.schema import counter, meta

_COUNT_ON = (
    update(counter)
    .where(counter.c.name == bindparam("sequence"))
    .values(value=counter.c.value + 1)
    .returning(counter.c.value)
)


def prepare(tx: Connection) -> None:
    """Write down what a new store starts with; a store that has it is left alone."""
    if tx.execute(select(meta.c.key).where(meta.c.key == "installation")).first() is not None:
        return
    tx.execute(insert(meta).values(key="installation", value=uuid.uuid4().hex))
    tx.execute(insert(meta).values(key="audit", value=audit.START))
    tx.execute(insert(counter).values(name="incident", value=0))


def installation_id(tx: Connection) -> str:
    """The random name of this installation, made with its store."""
    return str(tx.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar_one())


def next_number(tx: Connection, name: str) -> int:
    """The next number of a sequence; numbers of transactions that fail are given out again."""
    return int(tx.execute(_COUNT_ON, {"sequence": name}).scalar_one())
