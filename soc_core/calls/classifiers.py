"""Asks the classifiers about events: one at a time, or all at once where a plugin wants a whole batch for its model."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from soc_core.calls import answers
from soc_core.calls.failure import Failure, FailureKind, Rubbish
from soc_core.calls.switchboard import Switchboard
from soc_core.calls.watchdog import Answers, Voice
from soc_core.model.event import Event, Finding
from soc_core.registry import Registry

_ONE, _MANY = "classify_event", "classify_events"


class Classified(NamedTuple):
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
        places = self._places(events, see_all)
        batches = {
            plugin: there
            for plugin, there in places.items()
            if plugin in self._many and (len(there) > 1 or (there and plugin not in self._ones))
        }
        wholes = {plugin: self._asked_about_all(plugin, events, there) for plugin, there in batches.items()}
        # A plugin that fails over a batch is asked about each event by itself, if it can be: one spoils no other.
        each = {
            plugin: there
            for plugin, there in places.items()
            if plugin not in wholes or (plugin in self._ones and wholes[plugin].silent and not wholes[plugin].said.hung)
        }
        said = self._board.ask(
            _ONE, events, lambda voice, event, answer: answers.finding(voice.plugin, event, answer), places=each
        )
        for plugin, there in batches.items():
            if plugin not in each:
                wholes[plugin].add_to([said[place] for place in there])
        return tuple(map(self._classified, events, said))

    def _places(self, events: Sequence[Event], see_all: Collection[str] | None) -> Mapping[str, Sequence[int]]:
        """Where the events are that each plugin is asked about."""
        everything = range(len(events))
        if see_all is None:
            return dict.fromkeys(self.names, everything)
        places: dict[str, list[int]] = {plugin: [] for plugin in self.names if plugin not in see_all}
        for place, event in enumerate(events):
            for plugin in _fired(event.hits):
                if plugin in places:
                    places[plugin].append(place)
        return {**places, **dict.fromkeys(see_all, everything)}

    def _asked_about_all(self, plugin: str, events: Sequence[Event], places: Sequence[int]) -> "_Whole":
        """Ask one plugin about several events at once."""
        batch = tuple(events[place] for place in places)
        of_each: list[Finding | Rubbish | None] = []

        def check(_: Voice, about: Sequence[Event], answer: object) -> None:
            of_each[:] = answers.findings(plugin, about, answer)
            wrong = [(place, one) for place, one in enumerate(of_each, 1) if isinstance(one, Rubbish)]
            for place, rubbish in wrong[:1]:
                raise Rubbish(f"{rubbish} (event {place} of {len(batch)}; {len(wrong)} such in all)")

        [said] = self._board.ask(_MANY, [batch], check, places={plugin: (0,)}, size=len(batch))
        return _Whole(plugin, said, of_each)

    def _classified(self, event: Event, said: Answers[Finding]) -> Classified:
        found = said.values
        findings: tuple[Finding, ...] = ()
        if found:
            findings = (found[0][1],) if len(found) == 1 else self._strongest_first(found)
        return Classified(event, findings, said.failures, said.asked, said.hung or not said.heard)

    def _strongest_first(self, found: Sequence[tuple[str, Finding]]) -> tuple[Finding, ...]:
        in_order = sorted(found, key=lambda one: (-one[1].severity, -one[1].confidence, self._rank[one[0]]))
        return tuple([one for _, one in in_order])


class _Whole(NamedTuple):
    """What one plugin said of a batch, and of each event in it."""

    plugin: str
    said: Answers[None]
    of_each: Sequence[Finding | Rubbish | None]

    @property
    def silent(self) -> bool:
        """Whether there is no answer about any event."""
        return self.said.hung or not (self.said.heard or self.of_each)

    def add_to(self, singly: Sequence[Answers[Finding]]) -> None:
        """Note with each event what came of it."""
        said, silent = self.said, self.silent
        overran = tuple(failure for failure in said.failures if failure.kind is FailureKind.OVERRAN)
        for number, one in enumerate(singly):
            one.asked += said.asked
            one.hung |= said.hung
            found = self.of_each[number] if self.of_each else None
            if silent or isinstance(found, Rubbish):
                one.failures += said.failures
                continue
            one.heard += 1
            one.failures += overran
            if found is not None:
                one.values = (*one.values, (self.plugin, found))


@lru_cache(maxsize=4096)
def _fired(hits: frozenset[str]) -> frozenset[str]:
    """The plugins whose patterns fired."""
    return frozenset(hit.partition(":")[0] for hit in hits)
