"""A JIRA on loopback, the plugin that talks to it, and a house in memory that it reports to."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from soc_jira.plugin import Jira

from soc_core import (
    Change,
    Clock,
    Course,
    Delivery,
    Event,
    Incident,
    Note,
    Person,
    Priority,
    Secret,
    Status,
    Target,
    Tick,
    Ticket,
    Update,
    Verdict,
)
from soc_core.testing.jira import FakeJira

CONTRACTS = Path(__file__).resolve().parents[3].parent / "shared" / "contracts"
T0 = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


class HandClock:
    """Time that a test moves."""

    def __init__(self, at: datetime = T0) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def jira_site(clock: HandClock) -> Iterator[Callable[..., FakeJira]]:
    """Start a JIRA; at the end no request may have been outside Atlassian's document."""
    sites = []

    def start(**given: object) -> FakeJira:
        contract = CONTRACTS if CONTRACTS.is_dir() else None
        site = FakeJira(**({"now": clock, "contract": contract} | given))
        site.__enter__()
        sites.append(site)
        return site

    yield start
    for site in sites:
        site.__exit__(None, None, None)
        assert site.violations == []


@pytest.fixture
def jira(jira_site: Callable[..., FakeJira]) -> FakeJira:
    return jira_site()


@pytest.fixture
def contracts() -> Path:
    if not CONTRACTS.is_dir():
        pytest.skip("Atlassian's OpenAPI documents are not next to the checkout")
    return CONTRACTS


def _plugin_for(site: FakeJira, **settings: object) -> Jira:
    login = {"server_url": site.url, "project_key": next(iter(site.tracker.projects))}
    if site.cloud:
        login |= {"username": site.username, "api_token": Secret(site.token)}
    else:
        login |= {"personal_access_token": Secret(site.token)}
    return Jira(Jira.Settings(**({"timeout": timedelta(seconds=30)} | login | settings)))


_numbers = itertools.count(1)


def _make_incident(**given: object) -> Incident:
    number = next(_numbers)
    began = Tick(move="start", at=T0)
    clocks = {
        name: Clock(name=name, target=Target(duration=timedelta(hours=1)), history=(began,))
        for name in ("response", "resolution")
    }
    values: dict[str, object] = {
        "id": f"INC-{number}",
        "marker": f"soc-{number:020x}",
        "fingerprint": str(number),
        "kind": Course.TICKET,
        "label": "Security Alert",
        "severity": 9,
        "priority": Priority.HIGHEST,
        "confidence": 0.95,
        "source": "SecuritySystem",
        "message": "Multiple failed logins for admin from 203.0.113.7",
        "why": "severity 9 is at least 9",
        "reason": "ten failures in two minutes",
        "actions": ("Block the address", "Reset the password"),
        "first_seen": T0,
        "last_seen": T0,
        "detected_at": T0,
        "opened_at": T0,
        "clocks": clocks,
    }
    return Incident(**(values | given))


def _delivery(key: str = "job", attempt: int = 1) -> Delivery:
    return Delivery(key=key, attempt=attempt)


@pytest.fixture(scope="session")
def plugin_for() -> Callable[..., Jira]:
    """Make the plugin for a site."""
    return _plugin_for


@pytest.fixture(scope="session")
def make_incident() -> Callable[..., Incident]:
    """Make an incident as the core would have it, with some values of one's own."""
    return _make_incident


@pytest.fixture(scope="session")
def delivery() -> Callable[..., Delivery]:
    """Make what a hook is told about its repetition."""
    return _delivery


@attrs.define
class House:
    """Keeps incidents like the core does: changes once by their id, refs by plugin."""

    now_is: Callable[[], datetime]
    kept: dict[str, Incident] = attrs.field(factory=dict)
    updates: list[tuple[str, Update]] = attrs.field(factory=list)
    gone: list[str] = attrs.field(factory=list)
    cursors: dict[str, str] = attrs.field(factory=dict)
    people: list[Person] = attrs.field(factory=list)
    hints: list[tuple[str, bool, str, timedelta]] = attrs.field(factory=list)
    lock: threading.Lock = attrs.field(factory=threading.Lock)  # the core's store takes one change at a time as well

    def add(self, incident: Incident, ticket: Ticket) -> Incident:
        self.kept[incident.id] = attrs.evolve(incident, ticket=ticket)
        return self.kept[incident.id]

    # the inbox
    def change(self, incident: str, update: Update) -> bool:
        with self.lock:
            return self._change(incident, update)

    def _change(self, incident: str, update: Update) -> bool:
        if any(update.id == seen.id for _, seen in self.updates):
            return False
        found = self.incident(incident)
        assert found is not None
        values = {
            Change.STATUS: lambda: {"status": Status(update.new)},
            Change.ASSIGNEE: lambda: {"assignee": update.new or None},
            Change.PRIORITY: lambda: {"priority": Priority(update.new)},
            Change.VERDICT: lambda: {"verdict": Verdict(update.new)},
        }
        self.kept[found.id] = attrs.evolve(found, **values.get(update.change, dict)())
        self.updates.append((found.id, update))  # last, as tests wait for it
        return True

    def keep_refs(self, incident: str, refs: Mapping[str, str]) -> None:
        with self.lock:
            found = self.kept[incident]
            self.kept[incident] = attrs.evolve(found, refs={**found.refs, **{f"jira:{k}": v for k, v in refs.items()}})

    def ticket_moved(self, incident: str, key: str, url: str | None) -> None:
        self.kept[incident] = attrs.evolve(self.kept[incident], ticket=Ticket(tracker="jira", key=key, url=url))

    def ticket_gone(self, incident: str, reason: str) -> None:
        self.kept[incident] = attrs.evolve(self.kept[incident], ticket=None)
        self.gone.append(incident)

    def cursor(self, name: str) -> str | None:
        return self.cursors.get(name)

    def save_cursor(self, name: str, value: str) -> None:
        self.cursors[name] = value

    def submit(self, events: Sequence[Event]) -> int:
        return len(events)

    def request_ticket(self, incident: str, actor: str, origin: str) -> bool:
        return False

    def availability(self, person: str, available: bool, reason: str, until: datetime) -> None:
        self.hints.append((person, available, reason, until - self.now()))

    # the reports
    def now(self) -> datetime:
        return self.now_is()

    def incident(self, key: str) -> Incident | None:
        tickets = {one.ticket.key: one for one in self.kept.values() if one.ticket is not None}
        return self.kept.get(key) or tickets.get(key)

    def incidents(self, *, active: bool = True, limit: int = 1000) -> Sequence[Incident]:
        return [one for one in self.kept.values() if one.status.active or not active][:limit]

    def notes(self, incident: str) -> Sequence[Note]:
        return []

    def person(self, *, jira: str = "", slack: str = "", email: str = "", name: str = "") -> Person | None:
        asked = {"jira": jira, "email": email, "name": name}
        wanted = {field: value for field, value in asked.items() if value}
        return next((one for one in self.people for field in wanted if getattr(one, field) == wanted[field]), None)

    def explanation(self, incident: str) -> str:
        return ""


@pytest.fixture
def house(clock: HandClock) -> House:
    return House(clock)


@pytest.fixture(scope="session")
def never() -> "Never":
    """A stop that never comes."""
    return Never()


class Never:
    """A stop that never comes."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False
