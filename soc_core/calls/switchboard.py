"""Connects a hook with its implementations, counts what they do, and tells whoever listens about failures."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

import attrs

from soc_core.calls.breaker import Breaker
from soc_core.calls.failure import Failure, FailureKind
from soc_core.calls.watchdog import Answers, Block, Tally, Voice
from soc_core.errors import PluginError, SocError
from soc_core.registry import Implementation, Registry
from soc_core.registry.checks import HOOKS

Item = TypeVar("Item")
Value = TypeVar("Value")


@attrs.frozen(kw_only=True)
class Counted:
    """What a plugin has done so far, for metrics and `soc doctor`."""

    calls: int = 0
    failures: int = 0
    seconds: float = 0.0
    last_failure: str = ""
    suspended: tuple[str, ...] = ()


class Switchboard:
    """Asks, tells and counts for all hooks; what an answer means is for `Calls`."""

    def __init__(
        self,
        registry: Registry,
        *,
        told: Callable[[BaseException], str],
        monotonic: Callable[[], float],
        budget: timedelta,
        hang_after: timedelta,
        on_failure: Callable[[Failure], None] | None,
    ) -> None:
        self._told = told
        self._monotonic = monotonic
        self._budget = budget.total_seconds()
        self._hang_after = hang_after
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._underway = 0
        self._counters = {plugin.name: Counted() for plugin in registry.plugins}
        self._voices = {
            hook: tuple(
                Voice(one.plugin, hook, _ask_with(hook, one), Breaker()) for one in registry.implementations(hook)
            )
            for hook in HOOKS
        }

    def ask(
        self,
        hook: str,
        items: Sequence[Item],
        check: Callable[[Voice, Item, object], Value],
        *,
        first: bool = False,
        places: Mapping[str, Sequence[int]] | None = None,
        size: int = 1,
    ) -> list[Answers[Value]]:
        """Ask everybody who implements a hook about each item; `first` settles it with one answer.

        With `places`, each plugin is asked about the items at the places under its name, and about no other.

        An item of some `size` has so many budgets, and hangs only when it is over by as much as a single one would.
        """
        budget, more = self._budget, timedelta(seconds=self._budget * (size - 1))
        return self._through(
            self._voices[hook],
            items,
            check,
            first=first,
            budget=budget * size,
            hang_after=self._hang_after + more,
            places=places,
        )

    def collect(
        self,
        hook: str,
        item: Callable[[str], object],
        check: Callable[[object], tuple[Value, ...]],
        identity: Callable[[str, Value], object],
    ) -> tuple[tuple[str, Value], ...]:
        """Ask each plugin once, without hurry. Of two things of one identity the later one is a failure."""
        found: dict[object, tuple[str, Value]] = {}
        for voice in self._voices[hook]:
            patient = attrs.evolve(voice, breaker=Breaker())
            [said] = self._through(
                [patient], [item(voice.plugin)], lambda _, __, answer: check(answer), first=True, budget=math.inf
            )
            for _, values in said.values:
                for value in values:
                    key = identity(voice.plugin, value)
                    if key in found:
                        text = f"registers {key} although {found[key][0]} has done so already"
                        self.report(voice.plugin, hook, FailureKind.RUBBISH, text)
                    else:
                        found[key] = (voice.plugin, value)
        return tuple(found.values())

    def deliver(
        self, plugin: str, hook: str, item: tuple[object, ...], *, broke_off: type[SocError] = PluginError
    ) -> object:
        """Have one plugin do something, in this thread; what it raises comes through, but no end of the thread."""
        voice = next((voice for voice in self._voices[hook] if voice.plugin == plugin), None)
        if voice is None:
            raise PluginError(f"plugin {plugin!r} is not at work or has no {hook}(): install it, or see `soc plugins`")
        tally = Tally()
        tally.calls = 1
        began = self._monotonic()
        try:
            return voice.ask(item)
        except BaseException as error:
            tally.failures = 1
            tally.last = f"{hook}: {self._told(error)}"
            if isinstance(error, (Exception, KeyboardInterrupt)):
                raise
            # SystemExit and its like would end the thread that delivers for everybody.
            raise broke_off(f"plugin {plugin!r} broke off {tally.last}") from error
        finally:
            tally.seconds = self._monotonic() - began
            with self._lock:
                self._count(plugin, tally)

    def report(self, plugin: str, hook: str, kind: FailureKind, text: str) -> None:
        """A failure that shows only when answers are put together."""
        tally = Tally()
        tally.failures, tally.last = 1, f"{hook}: {text}"
        with self._lock:
            self._count(plugin, tally)
        self._tell_of(Failure(plugin=plugin, hook=hook, kind=kind, text=text))

    def counters(self) -> dict[str, Counted]:
        """A snapshot of what each plugin has done."""
        suspended = [
            (voice.plugin, voice.hook)
            for voices in self._voices.values()
            for voice in voices
            if voice.breaker.suspended
        ]
        with self._lock:
            return {
                name: attrs.evolve(counted, suspended=tuple(hook for plugin, hook in suspended if plugin == name))
                for name, counted in self._counters.items()
            }

    def close(self) -> None:
        """Wait until nobody asks any more."""
        with self._settled:
            self._settled.wait_for(lambda: not self._underway, timeout=2 * self._hang_after.total_seconds())

    def _through(
        self,
        voices: Sequence[Voice],
        items: Sequence[Item],
        check: Callable[[Voice, Item, object], Value],
        *,
        first: bool,
        budget: float,
        hang_after: timedelta | None = None,
        places: Mapping[str, Sequence[int]] | None = None,
    ) -> list[Answers[Value]]:
        block = Block(
            voices,
            items,
            check,
            first=first,
            clock=self._monotonic,
            budget=budget,
            told=self._told,
            places=places,
        )
        if not voices or not items:
            return block.answers
        with self._lock:
            self._underway += 1
        try:
            block.see_through(hang_after or self._hang_after)
        finally:
            with self._settled:
                self._underway -= 1
                for voice, tally in zip(voices, block.tallies, strict=True):
                    self._count(voice.plugin, tally)
                self._settled.notify_all()
        for failure in block.failures:
            self._tell_of(failure)
        return block.answers

    def _count(self, plugin: str, tally: Tally) -> None:
        counted = self._counters[plugin]
        self._counters[plugin] = attrs.evolve(
            counted,
            calls=counted.calls + tally.calls,
            failures=counted.failures + tally.failures,
            seconds=counted.seconds + tally.seconds,
            last_failure=tally.last or counted.last_failure,
        )

    def _tell_of(self, failure: Failure) -> None:
        if self._on_failure is not None:
            self._on_failure(failure)


def _ask_with(hook: str, one: Implementation) -> Callable[..., object]:
    """A function of one item; items are the only argument of a hook, or the tuple of all of them."""
    function, places = one.function, [HOOKS[hook].index(name) for name in one.arguments]
    if not places:
        return lambda _: function()
    if len(HOOKS[hook]) == 1:
        return function
    return lambda item: function(*[item[place] for place in places])
