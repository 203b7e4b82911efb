"""Asks plugins about a block of things in one worker thread, and sees when one of them hangs.

The thread that wants the answers is the watchdog: it has to wait for them anyway. It looks at the worker now and then;
if the worker is still in the same call after `hang_after`, that worker is given up and a new one goes on behind the
call that hangs. Nothing runs while nobody asks. What keeps the interpreter's lock, such as a runaway regular
expression of `re`, cannot be seen from inside the process.
"""

import contextvars
import itertools
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar

import attrs

from soc_core.calls.breaker import PAUSE, Breaker
from soc_core.calls.failure import Failure, FailureKind, Rubbish

Item = TypeVar("Item")
Value = TypeVar("Value")

_HERE = Path(__file__).parent
_RESTING = f"suspended after failing again and again; it is tried every {PAUSE:g} s"
_LOOKS = 4  # a process that was frozen as a whole wakes up to one missing look, not to a hang


@attrs.frozen
class Voice:
    """One implementation of a hook, ready to be asked about an item."""

    plugin: str
    hook: str
    ask: Callable[..., object]
    breaker: Breaker

    def failure(self, kind: FailureKind, text: str) -> Failure:
        """A failure of this implementation."""
        return Failure(plugin=self.plugin, hook=self.hook, kind=kind, text=text)


class Answers(Generic[Value]):
    """What the plugins said about one item, in the order in which they were asked."""

    __slots__ = ("asked", "failures", "heard", "hung", "values")

    def __init__(self) -> None:
        self.values: tuple[tuple[str, Value], ...] = ()
        self.failures: tuple[Failure, ...] = ()
        self.asked: int = 0
        self.heard: int = 0
        self.hung: bool = False


class Tally:
    """What one implementation cost within a block."""

    __slots__ = ("calls", "failures", "last", "seconds")

    def __init__(self) -> None:
        self.calls: int = 0
        self.failures: int = 0
        self.seconds: float = 0.0
        self.last: str = ""


class Block(Generic[Item, Value]):
    """A block of items on its way through the plugins, one plugin after the other.

    Args:
        voices: Whom to ask, in this order.
        items: What to ask about.
        check: Turns an answer into a value, or raises `Rubbish`.
        first: Whether the first answer settles an item.
        clock: Monotonic seconds.
        budget: Seconds that a call may take.
        told: An exception in one line without secrets.
        places: Which items each plugin is asked about; None asks everybody about all.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        items: Sequence[Item],
        check: Callable[[Voice, Item, object], Value],
        *,
        first: bool,
        clock: Callable[[], float],
        budget: float,
        told: Callable[[BaseException], str],
        places: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.voices = voices
        self.items = items
        self.answers: list[Answers[Value]] = [Answers() for _ in items]
        self.tallies: list[Tally] = [Tally() for _ in voices]
        self.failures: list[Failure] = []
        self._check = check
        self._first = first
        self._clock = clock
        self._budget = budget
        self._told = told
        self._places = places
        # Where the work stands. The worker changes answers only while it is not `_calling`, and it ceases to be the
        # worker only while it is: so nobody ever writes beside the one who took over.
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._calling = False
        self._position = 0  # of the voice that is asked
        self._turns: Sequence[int] | None = None  # the items that it is asked about; None until that is known
        self._index = 0  # among these
        self._broken_off: BaseException | None = None

    def see_through(self, hang_after: timedelta) -> None:
        """Have every item answered; a plugin that hangs is named and left behind."""
        context = contextvars.copy_context()
        while self._position < len(self.voices):
            worker = threading.Thread(target=context.copy().run, args=(self._run,), name="soc-questions", daemon=True)
            self._worker = worker
            worker.start()
            try:
                self._watch(worker, hang_after)
            finally:
                self._worker = None
            if self._broken_off is not None:
                raise self._broken_off

    def _watch(self, worker: threading.Thread, hang_after: timedelta) -> None:
        seen, looks = (-1, -1), 0
        while True:
            worker.join(hang_after.total_seconds() / _LOOKS)
            if not worker.is_alive():
                return
            place = (self._position, self._index)
            looks = looks + 1 if place == seen else 0
            seen = place
            if looks >= _LOOKS and self._give_up(place):
                self._leave_behind(worker, hang_after)
                return

    def _give_up(self, place: tuple[int, int]) -> bool:
        with self._lock:
            if not self._calling or place != (self._position, self._index):
                return False
            self._worker = None
            self._calling = False
            return True

    def _leave_behind(self, worker: threading.Thread, hang_after: timedelta) -> None:
        assert self._turns is not None  # noqa: S101 - somebody was being asked
        voice, tally = self.voices[self._position], self.tallies[self._position]
        answers = self.answers[self._turns[self._index]]
        text = f"no answer for {hang_after.total_seconds():g} s, it hangs in {_stack(worker)}"
        tally.calls += 1
        tally.seconds += hang_after.total_seconds()
        answers.asked += 1
        answers.hung = True
        self._note(answers, tally, voice.failure(FailureKind.HUNG, text))
        if voice.breaker.hung(self._clock(), worker):
            self._suspended(voice)
        self._index += 1

    def _run(self) -> None:
        try:
            self._work()
        # Nothing may be lost in a thread that nobody looks at: whoever waits for the answers gets it.
        except BaseException as error:  # noqa: BLE001
            self._broken_off = error

    def _work(self) -> None:
        while self._position < len(self.voices):
            if self._turns is None:
                self._index, self._turns = 0, self._due(self.voices[self._position])
            if not self._asked(self.voices[self._position], self.tallies[self._position], self._turns):
                return
            self._turns = None
            self._position += 1

    def _due(self, voice: Voice) -> Sequence[int]:
        turns = range(len(self.items)) if self._places is None else self._places.get(voice.plugin, ())
        return [place for place in turns if not self.answers[place].values] if self._first else turns

    def _asked(self, voice: Voice, tally: Tally, turns: Sequence[int]) -> bool:
        """Ask one plugin about the rest of its items; False if this worker was given up over it."""
        me, lock, clock, budget = threading.current_thread(), self._lock, self._clock, self._budget
        items, all_answers, check = self.items, self.answers, self._check
        plugin, ask, breaker = voice.plugin, voice.ask, voice.breaker
        before = clock()
        for index in range(self._index, len(turns)):
            self._index = index
            item, answers = items[turns[index]], all_answers[turns[index]]
            if not breaker.spotless and not breaker.admits(before):
                answers.failures += (voice.failure(FailureKind.SUSPENDED, _RESTING),)
                continue
            value, failure = None, None
            self._calling = True
            try:
                answer = ask(item)
                if answer is not None:
                    value = check(voice, item, answer)
            except Rubbish as error:
                failure = voice.failure(FailureKind.RUBBISH, str(error))
            except KeyboardInterrupt:
                raise
            # A plugin may raise anything, even SystemExit: it is named, and the others are asked all the same. The text
            # of its exception is its own code too, so it is read here, where a hang is seen.
            except BaseException as error:  # noqa: BLE001
                failure = voice.failure(FailureKind.RAISED, self._told(error))
            with lock:
                if self._worker is not me:
                    return False
                self._calling = False
            after = clock()
            began, before = before, after
            tally.calls += 1
            tally.seconds += after - began
            answers.asked += 1
            if failure is not None:
                self._failed(voice, answers, tally, failure, began=began, ended=after)
                continue
            answers.heard += 1
            if after - began > budget:
                text = f"took {after - began:.3f} s where {budget:g} s are allowed"
                failure = voice.failure(FailureKind.OVERRAN, text)
                self._failed(voice, answers, tally, failure, began=began, ended=after)
            elif not breaker.spotless:
                breaker.succeeded()
            if value is not None:
                answers.values += ((plugin, value),)
        return True

    def _failed(
        self, voice: Voice, answers: Answers[Value], tally: Tally, failure: Failure, *, began: float, ended: float
    ) -> None:
        self._note(answers, tally, failure)
        if voice.breaker.failed(ended, began=began):
            self._suspended(voice)

    def _note(self, answers: Answers[Value], tally: Tally, failure: Failure) -> None:
        tally.failures += 1
        tally.last = f"{failure.hook}: {failure.text}"
        answers.failures += (failure,)
        self.failures.append(failure)

    def _suspended(self, voice: Voice) -> None:
        self.failures.append(voice.failure(FailureKind.SUSPENDED, _RESTING))


def _stack(thread: threading.Thread) -> str:
    """Where a thread is: the plugin's own calls first, then the innermost ones."""
    frames = traceback.walk_stack(sys._current_frames().get(thread.ident or 0))
    outermost_first = reversed(traceback.StackSummary.extract(frames, lookup_lines=False))
    beneath = itertools.dropwhile(lambda call: Path(call.filename).parent != _HERE, outermost_first)
    calls = [f"{c.name} ({Path(c.filename).name}:{c.lineno})" for c in beneath if Path(c.filename).parent != _HERE]
    return " > ".join(calls if len(calls) < 6 else [*calls[:2], "...", *calls[-2:]])
