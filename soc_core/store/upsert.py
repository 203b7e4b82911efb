"""INSERT … ON CONFLICT in the dialect of the store at hand."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(tx: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do about a row that is there already."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
