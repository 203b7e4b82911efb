"""The clauses about trackers and notifiers: what they do when the network is bad, and what leaves the house."""

import io
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import attrs
from structlog.testing import capture_logs

from soc_core.calls import Calls
from soc_core.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from soc_core.model.incident import Change, Incident, Ticket, Update
from soc_core.model.job import Delivery
from soc_core.model.sla import EscalationStep
from soc_core.testing.asserts import assert_no_secret_in
from soc_core.testing.clauses import Clause, Outside
from soc_core.testing.questions import calls_to
from soc_core.testing.relay import Relay, Trouble, nobody_there
from soc_core.testing.samples import HOSTILE, NOON, sample_incident

_CREATE, _FIND = "create_ticket", "find_ticket"
_NOTICES = ("on_incident_opened", "on_ticket_created", "on_escalation", "on_incident_updated")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_WAIT = timedelta(seconds=7)
Trial = Callable[["_Bench"], Iterator[str]]


def examined(outside: Outside) -> Iterator[tuple[Clause, str]]:
    """What is wrong, clause by clause; nothing for a plugin that neither makes tickets nor is told of incidents."""
    with Relay(outside.url) as relay, _Ears() as ears:
        bench = _Bench(outside=outside, relay=relay, ears=ears)
        if bench.hook:
            for clause, trial in (_OF_TRACKERS if bench.tracker else _OF_NOTIFIERS).items():
                relay.trouble = None
                yield from ((clause, seen) for seen in list(trial(bench))[:1])
    yield from ((Clause.SECRETS, seen) for seen in _secrets_shown(bench))


@attrs.define
class _Did:
    """How one call ended: an answer, an error, or not at all."""

    answer: object = None
    error: BaseException | None = None
    hung: bool = False

    def __str__(self) -> str:
        if self.hung:
            return "was still waiting"
        return f"answered {self.answer!r}" if self.error is None else f"raised {self.error!r}"


class _Bench:
    """Where plugins are tried."""

    def __init__(self, *, outside: Outside, relay: Relay, ears: "_Ears") -> None:
        self.outside, self.relay, self.ears = outside, relay, ears
        calls = self.calls()
        self.tracker = bool(calls.trackers())
        self.hook = _CREATE if self.tracker else next((hook for hook in _NOTICES if calls.listeners(hook)), "")

    def calls(self, url: str | None = None) -> Calls:
        """The way to a new plugin that talks through the bad network, or to another address."""
        obj = self.outside.plugin(url or self.relay.url)
        self.ears.note(repr(obj), str(obj))
        return calls_to(self.outside.name, obj, [])

    def send(self, calls: Calls, incident: Incident, delivery: Delivery | None = None) -> _Did:
        """Have the ticket made, or the first notice told."""
        return self.do(calls, self.hook, incident, delivery)

    def do(self, calls: Calls, hook: str, incident: Incident, delivery: Delivery | None = None) -> _Did:
        """Call a hook in a thread that may hang."""
        given = delivery or Delivery(key=f"{incident.id}:{hook}")
        did = _Did()

        def call() -> None:
            try:
                did.answer = self._called(calls, hook, incident, given)
            except BaseException as error:  # noqa: BLE001 - whatever a plugin raises is what we want to know
                did.error = error

        thread = threading.Thread(target=call, daemon=True, name="plugin under contract")
        thread.start()
        thread.join(self.outside.patience.total_seconds())
        did = _Did(hung=True) if thread.is_alive() else did
        if did.hung:
            self.relay.let_go()
            thread.join(self.outside.patience.total_seconds())
        if did.error is not None:
            self.ears.note(str(did.error), repr(did.error))
        return did

    def new(self, before: Counter[str]) -> list[str]:
        """The texts that came to stand on the other side."""
        return list((Counter(self.outside.texts()) - before).elements())

    def standing(self) -> Counter[str]:
        """The texts that stand there."""
        return Counter(self.outside.texts())

    def _called(self, calls: Calls, hook: str, incident: Incident, delivery: Delivery) -> object:
        name = self.outside.name
        if hook == _CREATE:
            return calls.create_ticket(name, incident, delivery)
        if hook == _FIND:
            return calls.find_ticket(name, incident, delivery)
        more: Mapping[str, Mapping[str, object]] = {
            "on_ticket_created": {"ticket": Ticket(tracker="desk", key="T-1")},
            "on_escalation": {"step": EscalationStep(rung="half", share=0.5, notify=("manager",))},
            "on_incident_updated": {"update": Update(change=Change.NOTE, origin="soc", at=NOON, text="seen", id="n")},
        }
        return calls.notify(name, hook, incident=incident, delivery=delivery, **more.get(hook, {}))


# -- trackers ----------------------------------------------------------------------------------------------------------


def _finds(bench: _Bench) -> Iterator[str]:
    calls, incident, other = bench.calls(), sample_incident(), sample_incident()
    made = bench.send(calls, incident)
    if not isinstance(made.answer, Ticket):
        yield f"create_ticket() {made}"
        return
    found = bench.do(calls, _FIND, incident)
    if not isinstance(found.answer, Ticket) or found.answer.key != made.answer.key:
        yield f"it made {made.answer.key}, then find_ticket() {found}"
    absent = bench.do(calls, _FIND, other)
    if absent.error is not None or absent.answer is not None:
        yield f"about an incident without a ticket find_ticket() {absent}"


def _honest(bench: _Bench) -> Iterator[str]:
    calls, incident = bench.calls(), sample_incident()
    for trouble in (Trouble(kind="answer", status=500), Trouble(kind="lost"), Trouble(kind="page")):
        bench.relay.trouble = trouble
        found = bench.do(calls, _FIND, incident)
        if found.error is None and not found.hung:
            yield f"{_TOLD[trouble.kind]} find_ticket() {found}"


def _makes_one(bench: _Bench) -> Iterator[str]:
    before, calls, incident = bench.standing(), bench.calls(), sample_incident()
    did = bench.send(calls, incident)
    if did.error is None:
        bench.do(calls, _FIND, incident)
    if len(new := bench.new(before)) != 1:
        yield f"create_ticket() {did}, and {len(new)} stand there"


def _looks_for_the_ticket(bench: _Bench) -> Iterator[str]:
    for kind in ("lost", "page"):
        before, calls, incident = bench.standing(), bench.calls(), sample_incident()
        bench.relay.trouble = Trouble(kind=kind, requests=bench.outside.sends)
        did = bench.send(calls, incident)
        bench.relay.trouble = None
        if not isinstance(did.error, UncertainError):
            yield f"{_TOLD[kind]} create_ticket() {did} instead of raising UncertainError"
        found = bench.do(calls, _FIND, incident)
        if not isinstance(found.answer, Ticket):
            yield f"{_TOLD[kind]} find_ticket() {found} although the ticket was made"
        elif len(new := bench.new(before)) != 1:
            yield f"{_TOLD[kind]} {len(new)} tickets stand there"


# -- notifiers ---------------------------------------------------------------------------------------------------------


def _tells_once(bench: _Bench) -> Iterator[str]:
    before, calls, incident = bench.standing(), bench.calls(), sample_incident()
    first = bench.send(calls, incident)
    again = bench.send(calls, incident, _repeat(bench, incident))  # a crash before the first could be noted down
    if len(new := bench.new(before)) != 1:
        yield f"{bench.hook}() {first}, told again it {again}, and {len(new)} messages stand there"


def _looks_for_the_message(bench: _Bench) -> Iterator[str]:
    before, calls, incident = bench.standing(), bench.calls(), sample_incident()
    bench.relay.trouble = Trouble(kind="lost", requests=bench.outside.sends)
    did = bench.send(calls, incident)
    bench.relay.trouble = None
    if not isinstance(did.error, UncertainError | TemporaryError):
        yield f"{_TOLD['lost']} {bench.hook}() {did} instead of raising UncertainError"
    since = NOON if isinstance(did.error, UncertainError) else None
    bench.send(calls, incident, _repeat(bench, incident, since))
    if len(new := bench.new(before)) != 1:
        yield f"{_TOLD['lost']} and the notice was repeated, {len(new)} messages stand there"


def _repeat(bench: _Bench, incident: Incident, uncertain_since: datetime | None = None) -> Delivery:
    return Delivery(key=f"{incident.id}:{bench.hook}", attempt=2, uncertain_since=uncertain_since)


# -- both --------------------------------------------------------------------------------------------------------------


def _sorts(bench: _Bench) -> Iterator[str]:
    sends = bench.outside.sends
    broken: tuple[type[DeliveryError], ...] = (UncertainError,) if bench.tracker else (UncertainError, TemporaryError)
    for told, trouble, due in (
        ("refused for good", _answering(bench.outside.refusal, sends), (PermanentError,)),
        ("when the login was refused", _answering(bench.outside.stranger), (PermanentError, TemporaryError)),
        ("when the other side broke down", _answering((500, b"{}"), sends), broken),
    ):
        bench.relay.trouble = trouble
        did = bench.send(bench.calls(), sample_incident())
        if not isinstance(did.error, due):
            yield f"{told}, {bench.hook}() {did} instead of raising {' or '.join(one.__name__ for one in due)}"
    unreachable = bench.calls(nobody_there() + urlsplit(bench.outside.url).path)
    did = bench.send(unreachable, sample_incident())
    if not isinstance(did.error, TemporaryError):
        yield f"when nobody was there, {bench.hook}() {did} instead of raising TemporaryError"


def _answering(answer: tuple[int, bytes], requests: str = "") -> Trouble:
    return Trouble(kind="answer", requests=requests, status=answer[0], body=answer[1])


def _waits(bench: _Bench) -> Iterator[str]:
    headers = {"Retry-After": str(_WAIT.seconds)}
    bench.relay.trouble = Trouble(kind="answer", requests=bench.outside.sends, status=429, headers=headers)
    did = bench.send(bench.calls(), sample_incident())
    wait = did.error.retry_after if isinstance(did.error, TemporaryError) else None
    if wait is None or wait < _WAIT:
        asked = f"asked to wait {_WAIT.seconds} seconds (429), {bench.hook}() {did}"
        yield asked if not isinstance(did.error, TemporaryError) else f"{asked} with retry_after={wait}"


def _gives_up(bench: _Bench) -> Iterator[str]:
    bench.relay.trouble = Trouble(kind="silent", requests=bench.outside.sends)
    did = bench.send(bench.calls(), sample_incident())
    if did.hung or did.error is None:
        yield f"without an answer {bench.hook}() {did} after {bench.outside.patience.total_seconds():g} seconds"


def _sends_text_as_text(bench: _Bench) -> Iterator[str]:
    calls = bench.calls()
    for text in (*HOSTILE, *(f"please look {one} now" for one in bench.outside.alive)):
        before = bench.standing()
        source = text[:200] or "sshd"
        did = bench.send(calls, sample_incident(message=text, source=source, user=text, host=text, reason=text))
        if did.error is not None:
            yield f"about the text {text[:40]!r} {bench.hook}() {did}"
        for arrived in bench.new(before):
            live = [one for one in bench.outside.alive if one in arrived]
            if live:
                yield f"{live[0]!r} arrived as it was in the log"
            if control := _CONTROLS.search(arrived):
                yield f"the control character {control[0]!r} arrived as it was in the log"
    if any(name == "x-injected" for name, _ in bench.relay.headers):
        yield "a line of the log became a header of the request"


def _secrets_shown(bench: _Bench) -> Iterator[str]:
    for place, text in (*bench.ears.heard(), ("what it sent", "\n".join(bench.outside.texts()))):
        try:
            assert_no_secret_in(text, *bench.outside.secrets)
        except AssertionError as error:
            yield f"in {place}: {error}"
            return


_TOLD = {"answer": "when the other side broke down,", "lost": "after a lost answer", "page": "after a page of a proxy"}
_BOTH: Mapping[Clause, Trial] = {
    Clause.SORTS: _sorts,
    Clause.WAITS: _waits,
    Clause.BUDGET: _gives_up,
    Clause.INERT: _sends_text_as_text,
}
_OF_TRACKERS: Mapping[Clause, Trial] = {
    Clause.FINDS: _finds,
    Clause.HONEST: _honest,
    Clause.ONCE: _makes_one,
    Clause.LOOKS: _looks_for_the_ticket,
    **_BOTH,
}
_OF_NOTIFIERS: Mapping[Clause, Trial] = {Clause.ONCE: _tells_once, Clause.LOOKS: _looks_for_the_message, **_BOTH}


class _Ears(logging.Handler):
    """Hears everything that a plugin says beside its answers."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []
        self._notes: list[str] = []
        self._output = io.StringIO()
        self._stack = ExitStack()
        self._facts: Sequence[object] = ()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log line."""
        self._lines.append(f"{record.getMessage()} {record.exc_info and record.exc_info[1]!r}")

    def note(self, *texts: str) -> None:
        """Keep what somebody could print."""
        self._notes += texts

    def heard(self) -> Iterator[tuple[str, str]]:
        """Everything that was said, by where."""
        yield "its errors or repr", "\n".join(self._notes)
        yield "its log", "\n".join([*self._lines, *map(repr, self._facts)])
        yield "its output", self._output.getvalue()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._stack.callback(root.setLevel, root.level)
        self._stack.callback(root.removeHandler, self)
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        captured = self._stack.enter_context(capture_logs())
        self._facts = captured
        self._stack.enter_context(redirect_stdout(self._output))
        self._stack.enter_context(redirect_stderr(self._output))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
