"""The fixtures that pytest offers wherever soc-core is installed; nothing is loaded before a test asks for one.

```python
def test_a_locked_account_becomes_a_ticket(soc, events):
    soc.submit([events("account locked", label="Security Alert", severity=9)])
    soc.work()
    assert_ticket(soc, label="Security Alert")
```
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # everything heavy waits until a fixture is asked for
    from soc_core.app import Soc
    from soc_core.model.event import Event
    from soc_core.model.incident import Incident
    from soc_core.testing.clock import HandClock
    from soc_core.testing.jira import FakeJira
    from soc_core.testing.slack import FakeSlack

# ruff: noqa: PLC0415 - see above


@pytest.fixture
def clock() -> "HandClock":
    """The time, moved by hand: `clock.advance(timedelta(hours=4))`."""
    from soc_core.testing.clock import HandClock

    return HandClock()


@pytest.fixture
def soc_plugins() -> Mapping[str, object]:
    """The plugins under test by name; override it. Classes are built with their settings."""
    return {}


@pytest.fixture
def soc_settings() -> Mapping[str, object]:
    """Settings by dotted name, such as `{"plugins.pager.room": "12"}`; override it."""
    return {}


@pytest.fixture
def open_soc(tmp_path: Path, clock: "HandClock") -> "Iterator[Callable[..., Soc]]":
    """Opens soc-cores on one temporary store, so that the second one is the first after a restart."""
    from soc_core.testing.engine import open_engine

    opened: list[Soc] = []

    def make(plugins: Mapping[str, object] | None = None, **settings: object) -> "Soc":
        store = f"sqlite:///{tmp_path / 'soc.db'}"
        opened.append(open_engine(plugins or {}, settings=settings, store=store, clock=clock))
        return opened[-1]

    yield make
    for soc in opened:
        soc.close()


@pytest.fixture
def soc(open_soc: "Callable[..., Soc]", soc_plugins: Mapping[str, object], soc_settings: Mapping[str, object]) -> "Soc":
    """A whole soc-core with `soc_plugins` on a temporary store: `soc.submit([...])`, then `soc.work()`."""
    return open_soc(soc_plugins, **soc_settings)


@pytest.fixture
def events(clock: "HandClock") -> "Callable[..., Event]":
    """Makes events: `events("disk full", source="db1", label="Critical Error", severity=8)`."""
    from soc_core.testing.samples import sample_event

    def make(message: str = "Accepted password for root from 203.0.113.9 port 22 ssh2", **values: object) -> "Event":
        return sample_event(message, **{"received": clock.now(), **values})  # type: ignore[arg-type]

    return make


@pytest.fixture
def incidents() -> "Callable[..., Incident]":
    """Makes incidents for tests of a plugin alone: `incidents(source="payments", severity=7)`."""
    from soc_core.testing.samples import sample_incident

    return sample_incident


@pytest.fixture
def fake_jira(clock: "HandClock") -> "Iterator[FakeJira]":
    """A pretended JIRA Cloud on loopback, whose time is `clock`."""
    from soc_core.testing.jira import FakeJira

    with FakeJira(now=clock.now) as site:
        yield site


@pytest.fixture
def fake_slack(clock: "HandClock") -> "Iterator[FakeSlack]":
    """A pretended Slack on loopback, whose time is `clock`."""
    from soc_core.testing.slack import FakeSlack

    with FakeSlack(now=clock.now) as workspace:
        yield workspace
