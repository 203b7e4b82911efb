"""Fixtures every test may ask for: a hand-moved clock, and a store of each kind."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from soc_core.store.database import Database

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store, once for each kind of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'soc.db'}"
    elif request.param == "memory":
        yield "sqlite://"
    else:
        yield from _postgres_schema()


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """An open, empty store."""
    opened = Database(store_url)
    opened.open()
    yield opened
    opened.close()


def _postgres_schema() -> Iterator[str]:
    address = os.environ.get("SOC_TEST_POSTGRES")
    if not address:
        pytest.skip("SOC_TEST_POSTGRES names no PostgreSQL database")
    name = f"soc_{uuid.uuid4().hex[:12]}"
    engine = create_engine(address)
    with engine.begin() as tx:
        tx.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(address).update_query_dict({"options": f"-csearch_path={name}"})
    yield url.render_as_string(hide_password=False)
    with engine.begin() as tx:
        tx.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()
