"""What the core and its plugins hand to each other beside the nouns: inlets, views, services, endpoints, checks."""

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from soc_core.model.event import Event
from soc_core.model.figures import Figures
from soc_core.model.incident import Incident, Note, Update
from soc_core.model.people import Person
from soc_core.model.texts import as_set


class TimeSource(Protocol):
    """Where time comes from; tests move it by hand."""

    def now(self) -> datetime:
        """The present instant in UTC, which no step of the wall clock moves."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""


class Stop(Protocol):
    """How a service learns that it should end."""

    def is_set(self) -> bool:
        """Whether the service should end now."""

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep, but wake at once when the service should end; answers `is_set()`."""


class Inbox(Protocol):
    """The way in for plugins. Whatever a call accepts is durable when the call returns, and a repeat has no effect."""

    def submit(self, events: Sequence[Event]) -> int:
        """Hand in log events; answers how many are not known for repeats, see their `id`."""

    def submit_lines(self, lines: bytes, *, format: str = "auto") -> int:  # noqa: A002 - the word users know
        """Hand in whole log lines of one of the formats of `soc run`; answers how many could not be read."""

    def count(self, what: str, number: int = 1) -> None:
        """Add to a number that metrics show as `plugin.what`, from 0 on; it lasts as long as this process."""

    def change(self, incident: str, update: Update) -> bool:
        """Ask for a change of an incident (by its id or its ticket's key); answers False for a repeat of `update.id`.

        Raises:
            ChangeRefused: The change may not be made; the text is meant for the person who asked.
        """

    def request_ticket(self, incident: str, actor: str, origin: str) -> bool:
        """Make a ticket for an incident that has none (any more); answers False where one exists or is on its way."""

    def keep_refs(self, incident: str, refs: Mapping[str, str]) -> None:
        """Remember what a notifier needs later; names are prefixed with the plugin's."""

    def ticket_moved(self, incident: str, key: str, url: str | None) -> None:
        """The ticket has a new key."""

    def ticket_gone(self, incident: str, reason: str) -> None:
        """The ticket was deleted or can no longer be seen."""

    def cursor(self, name: str) -> str | None:
        """Where a poller of this plugin stopped last time."""

    def save_cursor(self, name: str, value: str) -> None:
        """Remember where a poller stopped."""

    def availability(self, person: str, available: bool, reason: str, until: datetime) -> None:
        """A hint that somebody is (not) available, such as their presence in a chat; it lapses at `until`.

        Whom a tracker calls unavailable, it cannot assign: incidents with a ticket there that came to them by turns or
        load go to the next candidate.
        """


class Reports(Protocol):
    """A read-only view of the store."""

    def now(self) -> datetime:
        """The present instant of the house's clock."""

    def incident(self, key: str) -> Incident | None:
        """One incident by its id or its ticket's key."""

    def incidents(self, *, active: bool = True, limit: int = 1000) -> Sequence[Incident]:
        """Incidents, most urgent first; `active=False` includes resolved and closed ones."""

    def notes(self, incident: str) -> Sequence[Note]:
        """The notes of an incident, oldest first."""

    def person(self, *, jira: str = "", slack: str = "", email: str = "", name: str = "") -> Person | None:
        """Somebody of the team by what another system calls them."""

    def explanation(self, incident: str) -> str:
        """Why this incident exists, in plain sentences."""

    def counted(self) -> Mapping[str, int]:
        """What this process has counted since it began, by `plugin.what`."""

    def figures(self, *, since: datetime | None = None) -> Figures:
        """Everything that can be counted, from `since` on; with 100,000 incidents this takes seconds."""


@attrs.frozen(kw_only=True)
class Service:
    """Something that runs beside the deliveries: a poller, a socket, a listener.

    Args:
        name: Unique within the plugin.
        run: With `every`, one pass that returns by itself; without, a loop that ends when `stop` is set.
        every: How often a pass is due. Passes go by the house's clock, so tests can move them by hand.
    """

    name: str
    run: Callable[[Stop], None]
    every: timedelta | None = None


@attrs.frozen(kw_only=True)
class HttpRequest:
    """A request as an endpoint sees it; header names are lower case and `body` is what came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    query: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""


@attrs.frozen(kw_only=True)
class HttpResponse:
    """What an endpoint answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Endpoint:
    """A path that `soc serve` answers. The handler stores what it accepts through the inbox before it answers.

    One that is `open` asks nobody for proof of anything: with it, `soc serve` listens on its own machine only.
    """

    path: str
    handler: Callable[[HttpRequest], HttpResponse]
    methods: frozenset[str] = attrs.field(default=frozenset({"POST"}), converter=as_set)
    max_body: int = 1 << 20
    open: bool = False


class Grade(enum.StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@attrs.frozen(kw_only=True)
class CheckResult:
    """What a check saw, and how to cure it if it is not well."""

    grade: Grade
    text: str
    cure: str = ""


@attrs.frozen(kw_only=True)
class Check:
    """One line of `soc doctor`. `online` checks touch the network and are skipped by `--offline`."""

    name: str
    run: Callable[[], CheckResult]
    online: bool = False
