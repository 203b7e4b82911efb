"""Opens the database, and gives out transactions: one writer at a time, readers beside it."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from soc_core.errors import SettingsError, StoreError
from soc_core.store import meta

HEAD = "0001"
_BUSY_MS = 30_000


def address(url: str) -> URL:
    """Where a store lies.

    Raises:
        SettingsError: It is no address, or of a database that cannot be spoken to; it may hold a password and is not
            repeated.
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (SQLAlchemyError, ValueError):
        raise SettingsError(
            "store is no database address: try sqlite:///soc.db or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    except ImportError as error:
        raise SettingsError(
            f"store needs {error.name}, which is not installed: pip install 'soc-core[postgres]'"
        ) from None
    return parsed


class Database:
    """One database. SQLite waits its turn to write; PostgreSQL lets workers write side by side.

    Args:
        url: Where it lies.
        read_only: The database itself refuses every change that comes through this handle.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url = address(url)
        self.is_sqlite: bool = self._url.get_backend_name() == "sqlite"
        self.in_memory: bool = self.is_sqlite and self._url.database in (None, "", ":memory:")
        self._turn = threading.RLock()
        self._process = os.getpid()
        if self.in_memory:
            self._writer = create_engine(self._url, poolclass=StaticPool, connect_args={"check_same_thread": False})
            self._reader = self._writer
        elif self.is_sqlite:
            self._writer = create_engine(self._url, connect_args={"timeout": _BUSY_MS / 1000})
            self._reader = create_engine(self._url, connect_args={"timeout": _BUSY_MS / 1000})
        else:
            self._writer = create_engine(self._url, pool_pre_ping=True)
            self._reader = self._writer
        if self.is_sqlite:
            _prepare_sqlite(self._writer, begin="BEGIN IMMEDIATE")
            if self._reader is not self._writer:
                _prepare_sqlite(self._reader, begin="BEGIN")
        if read_only:
            self._refuse_changes()

    @property
    def place(self) -> str:
        """Where the data lies, without a password."""
        return self._url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that changes something; all of it happens or nothing."""
        self._check_process()
        with self._waiting_turn(), self._in_plain_words(), self._writer.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A view of one moment."""
        self._check_process()
        with self._memory_turn(), self._in_plain_words(), self._reader.begin() as tx:
            yield tx

    def open(self) -> None:
        """Bring the tables up to date and refuse what cannot be trusted.

        Raises:
            StoreError: The file is damaged, cannot be written, or was made by a newer soc-core.
        """
        if self.is_sqlite and not self.in_memory:
            self._check_file()
            self._write_ahead()
        found = self._version()
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise StoreError(
                f"the store {self.place} was made by a newer soc-core (tables {found}, this one knows {HEAD}): "
                "upgrade soc-core, or name another store with --store or SOC_STORE"
            )
        from soc_core.store.upgrade import upgrade  # noqa: PLC0415 - alembic costs 0.3 s and is needed once

        with self.write() as tx:
            if not self.is_sqlite:
                tx.execute(text("SELECT pg_advisory_xact_lock(7362)"))  # two processes may meet an empty database
            upgrade(tx)
            meta.prepare(tx)

    def close(self) -> None:
        """Let go of all connections; those that a fork brought along stay the parent's."""
        ours = os.getpid() == self._process
        self._writer.dispose(close=ours)
        if self._reader is not self._writer:
            self._reader.dispose(close=ours)

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise StoreError(
                f"the store {self.place} was opened before this process was forked off, and its connections are the "
                "parent's: open one in each process, such as in a web server's first request"
            )

    def _refuse_changes(self) -> None:
        refuse = "PRAGMA query_only=ON" if self.is_sqlite else "SET TRANSACTION READ ONLY"
        for engine in {self._writer, self._reader}:
            event.listen(engine, "begin", lambda tx: tx.exec_driver_sql(refuse))

    def _check_file(self) -> None:
        path = Path(self._url.database or "")
        if not path.parent.is_dir():
            raise StoreError(f"the store {path} lies in a directory that does not exist: create {path.parent}")
        if path.is_dir():
            raise StoreError(f"the store {path} is a directory: name a file, such as {path}/soc.db")
        if not path.exists() or path.stat().st_size == 0:
            return
        with self.read() as tx:
            verdict = tx.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            raise StoreError(
                f"the store {path} is damaged ({verdict}). Keep a copy of it, then save what can be read with: "
                f"sqlite3 {path} .recover | sqlite3 recovered.db  and name recovered.db as the store"
            )

    def _write_ahead(self) -> None:
        """Let readers and the writer work side by side; the file remembers it."""
        deadline = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                with self._in_plain_words(), self._reader.connect() as connection:
                    connection.exec_driver_sql("COMMIT")  # the mode cannot change inside a transaction
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                    connection.exec_driver_sql("BEGIN")
            except StoreError as error:
                # SQLite does not wait its turn here as it does everywhere else: another process is doing the same.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _version(self) -> str | None:
        with self.read() as tx:
            if not tx.dialect.has_table(tx, "alembic_version"):
                return None
            found: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return found

    @contextmanager
    def _waiting_turn(self) -> Iterator[None]:
        # Threads of one process queue here instead of polling SQLite's lock; processes still meet at BEGIN IMMEDIATE.
        if not self.is_sqlite:
            yield
            return
        with self._turn:
            yield

    @contextmanager
    def _memory_turn(self) -> Iterator[None]:
        if not self.in_memory:
            yield
            return
        with self._turn:
            yield

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(_plain_words(str(error.orig), self.place)) from error


def _plain_words(cause: str, place: str) -> str:
    cures = {
        "readonly": "it is read-only: check the owner and mode of the file and of its directory",
        "disk is full": "the disk is full: make room; nothing is acknowledged until there is",
        "malformed": "the file is damaged: keep a copy, then sqlite3 FILE .recover | sqlite3 recovered.db",
        "not a database": "the file is no SQLite database: name another store",
        "unable to open": "it cannot be opened: check that the directory exists and may be written",
        "locked": "another process has kept it locked for too long: see who has it open",
    }
    for word, cure in cures.items():
        if word in cause:
            return f"store {place}: {cure} ({cause.splitlines()[0]})"
    return f"store {place}: {cause.splitlines()[0] if cause else 'no answer'}"


def _prepare_sqlite(engine: Engine, *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: "object", record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's own BEGIN would come too late
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
