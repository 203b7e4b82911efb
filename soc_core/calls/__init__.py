"""Talks to the plugins: one method per hook, every answer checked, every culprit named, nobody silenced by another.

Questions are asked in a worker thread under watch (`watchdog.py`); plugins that keep failing are suspended
(`breaker.py`). Commands and notices run in the thread that delivers them, which sorts what they raise.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from soc_core.calls import answers
from soc_core.calls.classifiers import Classified, Classifiers
from soc_core.calls.failure import Failure, FailureKind, Rubbish
from soc_core.calls.switchboard import Counted, Switchboard
from soc_core.errors import PluginError, UncertainError
from soc_core.model.event import Decision, Event, Finding
from soc_core.model.incident import Incident, Ticket
from soc_core.model.job import Delivery
from soc_core.model.pattern import Pattern
from soc_core.model.people import Candidate
from soc_core.model.sla import EscalationStep, Sla
from soc_core.ports import Check, Endpoint, HttpRequest, HttpResponse, Inbox, Reports, Service
from soc_core.registry import Registry
from soc_core.registry.checks import HOOKS

if TYPE_CHECKING:  # click is only needed by the command line
    import click

__all__ = ["Calls", "Classified", "Counted", "Decided", "Failure", "FailureKind"]

_BUDGET = timedelta(milliseconds=100)
_HANG_AFTER = timedelta(seconds=5)


class Decided(NamedTuple):
    """What the deciders say about one finding; the decision is None if nobody could answer."""

    decision: Decision | None = None
    failures: tuple[Failure, ...] = ()
    answers: tuple[tuple[str, Decision], ...] = ()


class Calls:
    """The way to the plugins of one soc-core. Every method may be called from any thread.

    Args:
        registry: The plugins.
        monotonic: Seconds that only grow; budgets and suspensions go by it.
        budget: What one question may take.
        hang_after: When a question counts as hanging, in real time.
        on_failure: Told about each failure, and once when a plugin is suspended.
        mask: Takes the secrets of log lines out of what plugins say when they fail.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        monotonic: Callable[[], float],
        budget: timedelta = _BUDGET,
        hang_after: timedelta = _HANG_AFTER,
        on_failure: Callable[[Failure], None] | None = None,
        mask: Callable[[str], str] = str,
    ) -> None:
        self._registry = registry
        self._mask = mask
        self._board = Switchboard(
            registry,
            told=lambda error: registry.told(error, mask),
            monotonic=monotonic,
            budget=budget,
            hang_after=hang_after,
            on_failure=on_failure,
        )
        self._classifiers = Classifiers(self._board, registry)

    # -- questions ------------------------------------------------------------------------------------------------

    def classify(self, events: Sequence[Event], *, see_all: Collection[str] | None = None) -> tuple[Classified, ...]:
        """Ask the classifiers about events.

        Args:
            events: What to ask about.
            see_all: For events that a scan selected: the classifiers that see them all. Others are asked about the
                events on which a pattern of theirs fired. None asks every classifier about every event.
        """
        return self._classifiers.classify(events, see_all)

    def classifiers(self) -> tuple[str, ...]:
        """The plugins that say what events are, in order."""
        return self._classifiers.names

    def decide(self, findings: Sequence[Finding]) -> tuple[Decided, ...]:
        """Ask the deciders about findings; the first answer that is not None wins."""
        said = self._board.ask(
            "should_create_ticket",
            findings,
            lambda voice, _, answer: answers.decision(voice.plugin, answer),
            first=True,
        )
        return tuple([Decided(one.values[0][1] if one.values else None, one.failures, one.values) for one in said])

    def choose_assignee(self, incident: Incident, candidates: Sequence[Candidate]) -> tuple[str | None, str]:
        """Who gets an incident, and the plugin that says so; (None, "") leaves it to the core."""
        [said] = self._board.ask(
            "choose_assignee",
            [(incident, tuple(candidates))],
            lambda _, item, answer: answers.assignee(item[1], answer),
            first=True,
        )
        for plugin, name in said.values:
            return name, plugin
        return None, ""

    def compute_sla(self, incident: Incident) -> Sla | None:
        """What is promised for an incident; the first answer counts."""
        [said] = self._board.ask("compute_sla", [incident], lambda _, __, answer: answers.sla(answer), first=True)
        return said.values[0][1] if said.values else None

    def plan_escalation(self, incident: Incident, sla: Sla) -> tuple[EscalationStep, ...]:
        """The rungs of all plugins, joined. Of two rungs of one name on one clock the later one is a failure."""
        [said] = self._board.ask("plan_escalation", [(incident, sla)], lambda _, __, answer: answers.steps(answer))
        ladder: dict[tuple[str, str], tuple[str, EscalationStep]] = {}
        for plugin, rungs in said.values:
            for rung in rungs:
                other, _ = ladder.setdefault((rung.clock, rung.rung), (plugin, rung))
                if ladder[rung.clock, rung.rung][1] is not rung:
                    text = f"laid out rung {rung.rung!r} of the {rung.clock} clock, which {other} has already"
                    self._board.report(plugin, "plan_escalation", FailureKind.RUBBISH, text)
        return tuple(rung for _, rung in ladder.values())

    # -- commands and notices: whoever delivers them sorts what they raise ------------------------------------------

    def trackers(self) -> tuple[str, ...]:
        """The plugins that can make tickets, in the order in which they are asked."""
        return self.listeners("create_ticket")

    def listeners(self, hook: str) -> tuple[str, ...]:
        """The plugins that implement a hook, in order."""
        return tuple(one.plugin for one in self._registry.implementations(hook))

    def create_ticket(self, plugin: str, incident: Incident, delivery: Delivery) -> Ticket | None:
        """Have a plugin make a ticket; None means that the incident is not for it.

        Raises:
            UncertainError: The plugin broke off or answered rubbish: the ticket may have been made.
        """
        try:
            answer = self._board.deliver(plugin, "create_ticket", (incident, delivery), broke_off=UncertainError)
            return None if answer is None else answers.ticket(answer)
        except Rubbish as error:
            self._board.report(plugin, "create_ticket", FailureKind.RUBBISH, str(error))
            raise UncertainError(f"plugin {plugin!r} on {incident.id}: {error}") from error

    def find_ticket(self, plugin: str, incident: Incident, delivery: Delivery) -> Ticket | None:
        """Have a plugin look for the ticket of an incident; None means surely absent.

        Raises:
            PluginError: The plugin cannot look, broke off or answered rubbish: nobody knows.
        """
        answer = self._board.deliver(plugin, "find_ticket", (incident, delivery))
        try:
            return None if answer is None else answers.ticket(answer)
        except Rubbish as error:
            self._board.report(plugin, "find_ticket", FailureKind.RUBBISH, str(error))
            raise PluginError(f"plugin {plugin!r} on find_ticket for {incident.id}: {error}") from error

    def notify(self, plugin: str, hook: str, **arguments: object) -> Mapping[str, str]:
        """Tell one plugin what happened; answers the refs it wants to remember.

        A wrong answer is reported and forgotten: the notice went out, and a repeat would go out again.

        Raises:
            PluginError: The plugin broke off.
        """
        answer = self._board.deliver(plugin, hook, tuple(arguments[name] for name in HOOKS[hook]))
        try:
            return {} if answer is None else answers.refs(answer)
        except Rubbish as error:
            self._board.report(plugin, hook, FailureKind.RUBBISH, str(error))
            return {}

    # -- registrations: once at start -----------------------------------------------------------------------------

    def patterns(self) -> tuple[tuple[str, Pattern], ...]:
        """What plugins want to see, as (plugin, pattern)."""
        return self._board.collect(
            "register_patterns", lambda _: None, answers.patterns, lambda plugin, p: (plugin, p.name)
        )

    def services(self, inbox: Callable[[str], Inbox], reports: Reports) -> tuple[tuple[str, Service], ...]:
        """What runs beside the deliveries, as (plugin, service); `inbox` makes the way in for a plugin."""
        return self._board.collect(
            "register_services",
            lambda plugin: (inbox(plugin), reports),
            answers.services,
            lambda plugin, service: (plugin, service.name),
        )

    def endpoints(self, inbox: Callable[[str], Inbox], reports: Reports) -> tuple[tuple[str, Endpoint], ...]:
        """The HTTP paths of plugins, as (plugin, endpoint); `inbox` makes the way in for a plugin."""
        return self._board.collect(
            "register_endpoints",
            lambda plugin: (inbox(plugin), reports),
            answers.endpoints,
            lambda _, endpoint: endpoint.path,
        )

    def checks(self, reports: Reports) -> tuple[tuple[str, Check], ...]:
        """The lines that plugins add to `soc doctor`, as (plugin, check)."""
        return self._board.collect(
            "register_checks", lambda _: reports, answers.checks, lambda plugin, c: (plugin, c.name)
        )

    def commands(self, cli: "click.Group") -> None:
        """Have plugins add their commands to the `soc` program."""
        self._board.collect("register_commands", lambda _: cli, answers.nothing, lambda plugin, _: plugin)

    def answer(self, plugin: str, endpoint: Endpoint, request: HttpRequest) -> HttpResponse:
        """Have a plugin answer a request; one that fails is named here, and the caller learns nothing of the inside."""
        try:
            response = endpoint.handler(request)
        # A handler is a plugin's: whatever it raises, the other endpoints go on.
        except Exception as error:  # noqa: BLE001
            self._board.report(plugin, "register_endpoints", FailureKind.RAISED, self._registry.told(error, self._mask))
            response = None
        if isinstance(response, HttpResponse):
            return response
        return HttpResponse(status=503, body=b"the request could not be handled\n")

    # -- housekeeping ---------------------------------------------------------------------------------------------

    @property
    def counters(self) -> Mapping[str, Counted]:
        """What each plugin has done so far."""
        return self._board.counters()

    def close(self) -> None:
        """Wait for questions that are being asked by other threads; one that hangs is not waited for."""
        self._board.close()
