"""INSERT … ON CONFLICT in the dialect of the store at hand."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Connection, Executable, Table, literal
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, object]]


def added(tx: Connection, table: Table, rows: Rows) -> int:
    """Insert rows unless one with their key is there; answers how many were inserted."""
    if not rows:
        return 0
    # Returned rows tell it in both dialects; `rowcount` does not.
    return len(tx.execute(_adding(tx.dialect.name, table), list(rows)).all())


def put(
    tx: Connection,
    table: Table,
    rows: Rows,
    *,
    key: tuple[str, ...],
    summed: tuple[str, ...] = (),
    kept: tuple[str, ...] = (),
) -> None:
    """Insert rows of the same columns; where one with their key is there, it is given their values.

    Args:
        tx: The transaction.
        table: Where to.
        rows: What to.
        key: The columns by which a row is known.
        summed: Columns whose values are added to those that are there.
        kept: Columns that stay as they are.
    """
    if rows:
        taken = tuple(name for name in rows[0] if name not in (*key, *summed, *kept))
        tx.execute(_putting(tx.dialect.name, table, key, summed, taken), list(rows))


@cache
def _adding(dialect: str, table: Table) -> Executable:
    return _insert(dialect, table).on_conflict_do_nothing().returning(literal(1))


@cache
def _putting(
    dialect: str, table: Table, key: tuple[str, ...], summed: tuple[str, ...], taken: tuple[str, ...]
) -> Executable:
    query = _insert(dialect, table)
    new = query.excluded
    changes = {**{name: new[name] for name in taken}, **{name: table.c[name] + new[name] for name in summed}}
    return query.on_conflict_do_update(index_elements=key, set_=changes)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
