"""A pretended Slack, the plugin that talks to it, and incidents to talk about."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest
from soc_slack.plugin import Slack
from soc_slack.settings import Settings

from soc_core import (
    Change,
    Clock,
    Course,
    Delivery,
    Event,
    Finding,
    HttpRequest,
    Incident,
    Move,
    Note,
    Person,
    Priority,
    Secret,
    Target,
    TemporaryError,
    Tick,
    Ticket,
    Update,
    hookimpl,
)
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from soc_core.testing.slack import FakeSlack, Posted

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CONTRACTS = Path(__file__).parents[4] / "shared" / "contracts"


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture
def slack(clock: HandClock) -> Iterator[FakeSlack]:
    methods = CONTRACTS / "slack-methods-2026-08.json"
    with FakeSlack(now=clock.now, methods=methods if methods.exists() else None) as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def settings(slack: FakeSlack) -> Settings:
    return settings_for(slack)


def settings_for(slack: FakeSlack, **more: object) -> Settings:
    given = {
        "bot_token": Secret(slack.bot_token),
        "app_token": Secret(slack.app_token),
        "signing_secret": Secret(slack.signing_secret),
        "api_url": slack.url,
        "security_channel": slack.channel("security").id,
        "system_channel": slack.channel("system").id,
        "timeout": timedelta(seconds=30),
    }
    return Settings(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def plugin(settings: Settings) -> Slack:
    return Slack(settings)


_numbers = itertools.count(1)


def an_incident(**more: object) -> Incident:
    number = next(_numbers)
    severity = float(str(more.get("severity", 9.0)))
    given: dict[str, object] = {
        "id": f"INC-{number}",
        "marker": f"soc-{number:020x}",
        "fingerprint": f"f{number}",
        "kind": Course.TICKET,
        "label": "Security Alert",
        "severity": severity,
        "priority": Priority.of(severity),
        "confidence": 0.9,
        "source": "sshd",
        "message": "Accepted password for root from 203.0.113.9",
        "reason": "root logged in from outside",
        "first_seen": NOW,
        "last_seen": NOW,
        "detected_at": NOW,
        "opened_at": NOW,
        "clocks": {
            "resolution": Clock(
                name="resolution",
                target=Target(duration=timedelta(hours=1)),
                history=(Tick(move=Move.START, at=NOW),),
            )
        },
    }
    return Incident(**{**given, **more})  # type: ignore[arg-type]


def a_ticket(key: str = "SEC-1") -> Ticket:
    return Ticket(tracker="jira", key=key, url=f"https://jira.example.org/browse/{key}")


def delivery(key: str = "job-1", attempt: int = 1, uncertain: bool = False) -> Delivery:
    return Delivery(key=key, attempt=attempt, uncertain_since=NOW if uncertain else None)


def with_refs(incident: Incident, refs: Mapping[str, str] | None, **more: object) -> Incident:
    kept = {**incident.refs, **{f"slack:{name}": value for name, value in (refs or {}).items()}}
    return attrs.evolve(incident, refs=kept, **more)


def an_update(change: Change, **more: object) -> Update:
    given: dict[str, object] = {"change": change, "origin": "jira", "at": NOW, "actor": "Ana Lee"}
    return Update(**{**given, **more})  # type: ignore[arg-type]


@attrs.define
class Book:
    """The store's face towards the plugin, for tests of the plugin alone."""

    clock: HandClock
    known: dict[str, Incident] = attrs.field(factory=dict)
    people: list[Person] = attrs.field(factory=list)
    why: str = "rule ssh-root fired: root logged in from outside"

    def now(self) -> datetime:
        return self.clock.now()

    def incident(self, key: str) -> Incident | None:
        return self.known.get(key)

    def incidents(self, *, active: bool = True, limit: int = 1000) -> Sequence[Incident]:
        return [i for i in self.known.values() if i.status.active or not active][:limit]

    def notes(self, incident: str) -> Sequence[Note]:
        return ()

    def person(self, *, jira: str = "", slack: str = "", email: str = "", name: str = "") -> Person | None:
        for person in self.people:
            if (slack and person.slack == slack) or (email and person.email == email) or (name and person.name == name):
                return person
        return None

    def explanation(self, incident: str) -> str:
        return self.why


@pytest.fixture
def book(clock: HandClock) -> Book:
    return Book(
        clock,
        people=[
            Person(name="Ana Lee", slack="U0ANA00001", email="ana@example.org"),
            Person(name="Bo Chen", email="bo@example.org", roles=frozenset({"manager"})),
        ],
    )


def until(condition: Callable[[], object], timeout: float = 60) -> bool:
    """Wait for something that another thread does."""
    ends = time.monotonic() + timeout
    pause = threading.Event()
    while not condition():
        if time.monotonic() > ends:
            return False
        pause.wait(0.01)
    return True


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """What tests are made of; test modules cannot import this file."""
    return SimpleNamespace(
        book=Book,
        clock=HandClock,
        contracts=CONTRACTS,
        delivery=delivery,
        incident=an_incident,
        listening=listening,
        now=NOW,
        over_http=over_http,
        settings=settings_for,
        ticket=a_ticket,
        until=until,
        update=an_update,
        with_refs=with_refs,
    )


class Verdicts:
    """Judges events by what they say: `9 Security Alert: text`."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        severity, _, rest = event.message.partition(" ")
        label, _, _ = rest.partition(":")
        return Finding(event=event, label=label, severity=float(severity), rule=event.message[:60], reason="as it says")


class Tracker:
    """Makes tickets, unless it is down."""

    search_lag = timedelta(0)

    def __init__(self) -> None:
        self.down = False
        self.made: list[str] = []
        self.hanging = threading.Event()
        self.let_go = threading.Event()
        self.hangs = False

    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        if self.hangs:
            self.hanging.set()
            self.let_go.wait(60)
        if self.down:
            raise TemporaryError("the tracker is down", retry_after=timedelta(seconds=1), whole_destination=True)
        self.made.append(incident.id)
        return a_ticket(f"SEC-{len(self.made)}")

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        return None


@attrs.define
class House:
    """A whole soc-core with Slack and a tracker."""

    soc: Soc
    clock: HandClock
    tracker: Tracker

    def happens(self, *messages: str, source: str = "sshd") -> None:
        self.soc.submit([(source, message) for message in messages])
        self.soc.work()

    def passes(self, seconds: float, step: float = 1) -> None:
        """Let time go by, and do what is due."""
        for _ in range(round(seconds / step)):
            self.clock.advance(timedelta(seconds=step))
            self.soc.work()

    @property
    def incidents(self) -> tuple[Incident, ...]:
        return self.soc.reports.incidents(active=False)


@pytest.fixture
def house(slack: FakeSlack, clock: HandClock, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Open a house; everything is closed at the end."""
    opened: list[Soc] = []

    def start(
        *,
        store: str = "soc.db",
        env: Mapping[str, str] | None = None,
        tracker: Tracker | None = None,
        beside: Sequence[tuple[str, object]] = (),
        **more: object,
    ) -> House:
        made = tracker or Tracker()
        overrides = {
            "store": f"sqlite:///{tmp_path / store}",
            "plugins": {"disable": ["rules", "jira", "local"]},
            "people": {
                "ana": {"slack": "U0ANA00001", "email": "ana@example.org"},
                "bo": {"email": "bo@example.org", "roles": ["manager"]},
            },
        }
        soc = Soc.open(
            env={
                "SLACK_API_URL": slack.url,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_SECURITY_CHANNEL": slack.channel("security").id,
                "SLACK_SYSTEM_CHANNEL": slack.channel("system").id,
                **(env or {}),
            },
            overrides={**overrides, **more},
            plugins=[("verdicts", Verdicts()), ("tracker", made), *beside],
            clock=clock,
        )
        opened.append(soc)
        return House(soc, clock, made)

    yield start
    for soc in opened:
        soc.close()


def over_http(slack: FakeSlack, home: House) -> None:
    """Let Slack reach the house's endpoints, as `soc serve` would."""
    handlers = {endpoint.path: endpoint.handler for _, endpoint in home.soc.endpoints()}
    paths = {"interactive": "/slack/interactions", "events_api": "/slack/events"}

    def outlet(posted: Posted) -> tuple[int, bytes]:
        path = paths[posted.kind]
        request = HttpRequest(method="POST", path=path, headers=posted.headers, body=posted.body)
        response = handlers[path](request)
        return response.status, response.body

    slack.outlet = outlet


@pytest.fixture(params=["socket", "http"])
def wired(request: pytest.FixtureRequest, slack: FakeSlack, house: Callable[..., House]) -> Iterator[House]:
    """A house that hears presses, both ways; deliveries go by hand."""
    home = house()
    if request.param == "http":
        over_http(slack, home)
        yield home
        return
    with listening(slack, home):
        yield home


@contextmanager
def listening(slack: FakeSlack, home: House) -> Iterator[None]:
    """Keep the house's Socket Mode service running."""
    slack_plugin = home.soc.plugins.object("slack")
    services = slack_plugin.register_services(inbox=home.soc.inbox("slack"), reports=home.soc.reports)
    service = next(service for service in services if service.name == "socket")
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        assert slack.sockets.wait(1)
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()
