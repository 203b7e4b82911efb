"""Asks the classifiers about events: one at a time, or all at once where a plugin wants a whole batch for its model."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache

import attrs

from soc_core.calls import answers
from soc_core.calls.failure import Failure, FailureKind, Rubbish
from soc_core.calls.switchboard import Switchboard
from soc_core.calls.watchdog import Answers, Voice
from soc_core.model.event import Event, Finding
from soc_core.registry import Registry

_ONE, _MANY = "classify_event", "classify_events"


@attrs.frozen
class Classified:
    """What all classifiers made of one event.

    Args:
        event: The event.
        findings: Every finding, the strongest first, each signed with its classifier's name.
        failures: Who failed, and how.
        asked: How many classifiers were asked.
        held: Whether the event is to be kept for a replay: nobody could answer, or a plugin hung on it.
    """

    event: Event
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    asked: int = 0
    held: bool = False

    @property
    def finding(self) -> Finding | None:
        """The strongest finding, or None."""
        return self.findings[0] if self.findings else None


class Classifiers:
    """The plugins that say what events are.

    Args:
        board: The way to them.
        registry: Says who they are and in which order they count.
    """

    def __init__(self, board: Switchboard, registry: Registry) -> None:
        self._board = board
        self._ones = frozenset(one.plugin for one in registry.implementations(_ONE))
        self._many = frozenset(one.plugin for one in registry.implementations(_MANY))
        places = {plugin.name: place for place, plugin in enumerate(registry.plugins)}
        everybody = [*registry.implementations(_ONE), *registry.implementations(_MANY)]
        in_order = sorted(everybody, key=lambda one: (one.turn, places[one.plugin]))
        self.names: tuple[str, ...] = tuple(dict.fromkeys(one.plugin for one in in_order))
        """Their names, the one that wins a tie first."""
        self._rank = {name: place for place, name in enumerate(self.names)}

    def classify(self, events: Sequence[Event], see_all: Collection[str] | None) -> tuple[Classified, ...]:
        """What everybody says of each event, see `Calls.classify`."""
        batches = dict(self._batches(events, see_all))
        said = self._ask_about_each(events, see_all, batches)
        for plugin, places in batches.items():
            self._ask_about_all(plugin, events, places, said)
        return tuple(
            Classified(
                event, self._strongest_first(one.values), tuple(one.failures), one.asked, one.hung or not one.heard
            )
            for event, one in zip(events, said, strict=True)
        )

    def _batches(self, events: Sequence[Event], see_all: Collection[str] | None) -> Iterator[tuple[str, Sequence[int]]]:
        """Who is asked about several events at once, and where those are."""
        for plugin in self._many:
            places: Sequence[int] = range(len(events))
            if see_all is not None and plugin not in see_all:
                places = [place for place, event in enumerate(events) if plugin in _fired(event.hits)]
            if len(places) > 1 or (places and plugin not in self._ones):
                yield plugin, places

    def _ask_about_each(
        self, events: Sequence[Event], see_all: Collection[str] | None, batches: Collection[str]
    ) -> list[Answers[Finding]]:
        wanted: Callable[[str, Event], bool] | None = None
        if see_all is not None:
            wanted = lambda plugin, event: (plugin in see_all or plugin in _fired(event.hits)) and plugin not in batches  # noqa: E731
        elif batches:
            wanted = lambda plugin, _: plugin not in batches  # noqa: E731
        return self._board.ask(
            _ONE, events, lambda voice, event, answer: answers.finding(voice.plugin, event, answer), wanted=wanted
        )

    def _ask_about_all(
        self, plugin: str, events: Sequence[Event], places: Sequence[int], said: Sequence[Answers[Finding]]
    ) -> None:
        """Ask one plugin about several events at once, and note with each of them what came of it."""
        batch = tuple(events[place] for place in places)
        of_each: list[Finding | Rubbish | None] = []

        def check(_: Voice, about: Sequence[Event], answer: object) -> None:
            of_each[:] = answers.findings(plugin, about, answer)
            wrong = [(place, one) for place, one in enumerate(of_each, 1) if isinstance(one, Rubbish)]
            for place, rubbish in wrong[:1]:
                raise Rubbish(f"{rubbish} (event {place} of {len(batch)}; {len(wrong)} such in all)")

        [whole] = self._board.ask(_MANY, [batch], check, wanted=lambda name, _: name == plugin, size=len(batch))
        for number, place in enumerate(places):
            one = said[place]
            one.asked += whole.asked
            one.hung |= whole.hung
            found = of_each[number] if of_each else None
            if isinstance(found, Rubbish) or not (whole.heard or of_each) or whole.hung:
                one.failures += whole.failures
                continue
            one.heard += 1
            one.failures += [failure for failure in whole.failures if failure.kind is FailureKind.OVERRAN]
            if found is not None:
                one.values.append((plugin, found))

    def _strongest_first(self, findings: Sequence[tuple[str, Finding]]) -> tuple[Finding, ...]:
        if len(findings) < 2:
            return tuple(found for _, found in findings)
        in_order = sorted(findings, key=lambda one: (-one[1].severity, -one[1].confidence, self._rank[one[0]]))
        return tuple(found for _, found in in_order)


@lru_cache(maxsize=4096)
def _fired(hits: frozenset[str]) -> frozenset[str]:
    """The plugins whose patterns fired."""
    return frozenset(hit.partition(":")[0] for hit in hits)
