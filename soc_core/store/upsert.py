"""INSERT … ON CONFLICT in the dialect of the store at hand."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, literal
from sqlalchemy.dialects import postgresql, sqlite


def insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do about a row that is there already."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def added(tx: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert rows unless one with their key is there; answers how many were inserted."""
    if not rows:
        return 0
    # Returned rows tell it in both dialects; `rowcount` does not.
    query = insert(tx, table).on_conflict_do_nothing().returning(literal(1))
    return len(tx.execute(query, list(rows)).all())
