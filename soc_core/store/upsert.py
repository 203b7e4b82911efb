"""INSERT … ON CONFLICT in the dialect of the store at hand."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, literal
from sqlalchemy.dialects import postgresql, sqlite


def insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do about a row that is there already."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def added(tx: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless one with its key is there; answers whether it was inserted."""
    # A returned row tells it in both dialects; `rowcount` does not.
    query = insert(tx, table).values(values).on_conflict_do_nothing().returning(literal(1))
    return tx.execute(query).first() is not None
