"""A store that cannot be trusted is refused with what to do about it."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from soc_core.errors import SettingsError, StoreError
from soc_core.store import meta, schema
from soc_core.store.database import HEAD, Database


def test_the_migrations_make_exactly_the_tables_of_the_schema(database):
    with database.write() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []


def test_the_installation_keeps_its_name(database):
    with database.read() as tx:
        name = meta.installation_id(tx)
    database.open()
    with database.read() as tx:
        assert meta.installation_id(tx) == name


def test_a_transaction_that_fails_leaves_nothing(database):
    def number_then_fail() -> None:
        with database.write() as tx:
            meta.next_number(tx, "incident")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        number_then_fail()
    with database.write() as tx:
        assert meta.next_number(tx, "incident") == 1


def test_a_store_of_a_newer_version_is_refused(database):
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=f"newer soc-core.*9999.*{HEAD}.*upgrade soc-core"):
        database.open()


def test_a_damaged_file_is_refused_with_the_command_that_saves_what_can_be_read(tmp_path):
    path = tmp_path / "soc.db"
    store = Database(f"sqlite:///{path}")
    store.open()
    store.close()
    raw = bytearray(path.read_bytes())
    for page in range(4096, len(raw), 4096):
        raw[page : page + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with pytest.raises(StoreError, match=r"\.recover"):
        Database(f"sqlite:///{path}").open()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 500)
    with pytest.raises(StoreError, match="no SQLite database"):
        Database(f"sqlite:///{path}").open()


def test_a_directory_and_a_missing_directory_are_named(tmp_path):
    with pytest.raises(StoreError, match="is a directory"):
        Database(f"sqlite:///{tmp_path}").open()
    with pytest.raises(StoreError, match="does not exist: create"):
        Database(f"sqlite:///{tmp_path}/no/soc.db").open()


def test_a_full_disk_says_so(tmp_path):
    store = Database(f"sqlite:///{tmp_path / 'soc.db'}")
    store.open()

    def fill() -> None:
        with store.write() as tx:
            pages = tx.execute(text("PRAGMA page_count")).scalar_one()
            tx.execute(text(f"PRAGMA max_page_count={pages}"))
            tx.execute(text("INSERT INTO meta VALUES ('big', :value)"), {"value": "x" * 100_000})

    with pytest.raises(StoreError, match="disk is full"):
        fill()


def test_nonsense_is_no_address():
    with pytest.raises(SettingsError, match=r"sqlite:///soc\.db"):
        Database("soc.db")


def test_a_password_is_never_shown():
    assert "hunter2" not in Database("postgresql+psycopg://u:hunter2@127.0.0.1/x").place


def test_two_processes_may_open_a_new_store_at_once(tmp_path):
    code = "import sys; from soc_core.store.database import Database; Database(sys.argv[1]).open()"
    address = f"sqlite:///{tmp_path / 'soc.db'}"
    both = [subprocess.Popen([sys.executable, "-c", code, address], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [(b"", 0), (b"", 0)]
    with sqlite3.connect(tmp_path / "soc.db") as connection:
        assert connection.execute("SELECT count(*) FROM meta WHERE key = 'installation'").fetchone() == (1,)


def test_a_read_only_store_says_so_and_what_to_check():
    folder = Path(tempfile.mkdtemp())
    address = f"sqlite:///{folder / 'soc.db'}"
    store = Database(address)
    store.open()
    store.close()
    (folder / "soc.db").chmod(0o444)
    folder.chmod(0o555)
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:  # root may write everything, so somebody else tries
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            Database(address).open()
            with Database(address).write() as tx:
                meta.next_number(tx, "incident")
        except StoreError as error:
            os.write(theirs, str(error).encode())
        os._exit(0)
    os.close(theirs)
    os.waitpid(child, 0)
    said = os.read(ours, 1000).decode()
    os.close(ours)
    folder.chmod(0o755)
    shutil.rmtree(folder)
    assert re.search("read-only: check the owner and mode|cannot be opened: check", said), said
