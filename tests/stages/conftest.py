"""A whole soc-core on a hand-moved clock, with a tracker and listeners that remember what they were told."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import attrs
import pytest

from soc_core import Decision, Event, Finding, Sla, Target, Ticket, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock
from tests.conftest import NOON


class Judge:
    """Classifies by a tiny language: the message is `severity label...`; anything else is unknown."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        number, _, label = event.message.partition(" ")
        try:
            return Finding(event=event, label=label.split(" #")[0], severity=float(number), rule=event.message)
        except ValueError:
            return None


class Promise:
    """One hour to respond, four to resolve."""

    @hookimpl
    def compute_sla(self, incident):
        hours = 1 if incident.priority == "Highest" else 4
        return Sla(response=Target(duration=timedelta(hours=1)), resolution=Target(duration=timedelta(hours=hours)))


@attrs.define(eq=False)
class Listener:
    """Remembers every notice, in order."""

    heard: list[tuple[str, str, str]] = attrs.field(factory=list)

    @hookimpl
    def on_incident_opened(self, incident, delivery):
        self.heard.append(("opened", incident.id, delivery.key))
        return {"parent": f"thread of {incident.id}"}

    @hookimpl
    def on_ticket_created(self, incident, ticket, delivery):
        self.heard.append(("ticket", incident.id, ticket.key))

    @hookimpl
    def on_incident_updated(self, incident, update, delivery):
        self.heard.append((str(update.change), incident.id, update.new))

    @hookimpl
    def on_escalation(self, incident, step, delivery):
        self.heard.append(("escalation", incident.id, step.rung))

    def of(self, what: str) -> list[tuple[str, str]]:
        return [(incident, text) for kind, incident, text in self.heard if kind == what]


class Local:
    """Tickets at once."""

    search_lag = timedelta(0)

    @hookimpl
    def create_ticket(self, incident, delivery):
        return Ticket(tracker="desk", key=incident.id.replace("INC", "T"))

    @hookimpl
    def find_ticket(self, incident, delivery):
        return None


QUIET = ["rules", "local", "console", "jira", "slack", "sla", "escalation"]


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOON)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def open_soc(clock, listener) -> Iterator[Callable[..., Soc]]:
    """Opens soc-cores with the parts above; more plugins and settings may be given."""
    opened = []

    def make(*plugins: tuple[str, object], store: str = "sqlite://", **settings: object) -> Soc:
        parts = {"judge": Judge(), "promise": Promise(), "listener": listener, "desk": Local(), **dict(plugins)}
        overrides = {"store": store, "plugins": {"disable": QUIET}, **settings}
        named = [(name, part) for name, part in parts.items() if part is not None]
        opened.append(Soc.open(overrides=overrides, env={}, clock=clock, plugins=named))
        return opened[-1]

    yield make
    for soc in opened:
        soc.close()


@pytest.fixture
def soc(open_soc, store_url) -> Soc:
    return open_soc(store=store_url)


def decide(course: str) -> object:
    """A plugin that always decides the same."""

    class Decider:
        @hookimpl
        def should_create_ticket(self, finding):
            return Decision(course, reason="always")

    return Decider()
