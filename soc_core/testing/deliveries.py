"""The clauses about trackers and notifiers: what they do when the network is bad, and what leaves the house."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from soc_core.errors import DeliveryError, PermanentError, TemporaryError, UncertainError
from soc_core.model.incident import Incident, Ticket
from soc_core.model.job import Delivery
from soc_core.testing.asserts import assert_no_secret_in
from soc_core.testing.clauses import Clause, Outside
from soc_core.testing.ears import Ears
from soc_core.testing.relay import Relay, Trouble, nobody_there
from soc_core.testing.samples import HOSTILE, NOON, sample_incident
from soc_core.testing.workbench import FIND, Bench

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_WAIT = timedelta(seconds=7)
Trial = Callable[[Bench], Iterator[str]]


def examined(outside: Outside) -> Iterator[tuple[Clause, str]]:
    """What is wrong, clause by clause; nothing for a plugin that neither makes tickets nor is told of incidents."""
    with Relay(outside.url) as relay, Ears() as ears:
        bench = Bench(outside=outside, relay=relay, ears=ears)
        if bench.hook:
            for clause, trial in (_OF_TRACKERS if bench.tracker else _OF_NOTIFIERS).items():
                relay.trouble = None
                yield from ((clause, seen) for seen in list(trial(bench))[:1])
    yield from ((Clause.SECRETS, seen) for seen in _secrets_shown(bench))


# -- trackers ----------------------------------------------------------------------------------------------------------


def _finds(bench: Bench) -> Iterator[str]:
    calls, incident, other = bench.calls(), sample_incident(), sample_incident()
    made = bench.send(calls, incident)
    if not isinstance(made.answer, Ticket):
        yield f"create_ticket() {made}"
        return
    found = bench.do(calls, FIND, incident)
    if not isinstance(found.answer, Ticket) or found.answer.key != made.answer.key:
        yield f"it made {made.answer.key}, then find_ticket() {found}"
    absent = bench.do(calls, FIND, other)
    if absent.error is not None or absent.answer is not None:
        yield f"about an incident without a ticket find_ticket() {absent}"


def _honest(bench: Bench) -> Iterator[str]:
    calls, incident = bench.calls(), sample_incident()
    for trouble in (Trouble(kind="answer", status=500), Trouble(kind="lost"), Trouble(kind="page")):
        bench.relay.trouble = trouble
        found = bench.do(calls, FIND, incident)
        if found.error is None and not found.hung:
            yield f"{_TOLD[trouble.kind]} find_ticket() {found}"


def _makes_one(bench: Bench) -> Iterator[str]:
    before, calls, incident = bench.standing(), bench.calls(), sample_incident()
    did = bench.send(calls, incident)
    if did.error is None:
        bench.do(calls, FIND, incident)
    if len(new := bench.new(before)) != 1:
        yield f"create_ticket() {did}, and {len(new)} stand there"


def _looks_for_the_ticket(bench: Bench) -> Iterator[str]:
    for kind in ("lost", "page"):
        before, calls, incident = bench.standing(), bench.calls(), sample_incident()
        bench.relay.trouble = Trouble(kind=kind, requests=bench.outside.sends)
        did = bench.send(calls, incident)
        bench.relay.trouble = None
        if not isinstance(did.error, UncertainError):
            yield f"{_TOLD[kind]} create_ticket() {did} instead of raising UncertainError"
        found = bench.do(calls, FIND, incident)
        if not isinstance(found.answer, Ticket):
            yield f"{_TOLD[kind]} find_ticket() {found} although the ticket was made"
        elif len(new := bench.new(before)) != 1:
            yield f"{_TOLD[kind]} {len(new)} tickets stand there"


# -- notifiers ---------------------------------------------------------------------------------------------------------


def _tells_once(bench: Bench) -> Iterator[str]:
    before, calls, incident = bench.standing(), bench.calls(), sample_incident()
    first = bench.send(calls, incident)
    again = bench.send(calls, incident, _repeat(bench, incident))  # a crash before the first could be noted down
    if len(new := bench.new(before)) != 1:
        yield f"{bench.hook}() {first}, told again it {again}, and {len(new)} messages stand there"


def _looks_for_the_message(bench: Bench) -> Iterator[str]:
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


def _repeat(bench: Bench, incident: Incident, uncertain_since: datetime | None = None) -> Delivery:
    return Delivery(key=f"{incident.id}:{bench.hook}", attempt=2, uncertain_since=uncertain_since)


# -- both --------------------------------------------------------------------------------------------------------------


def _sorts(bench: Bench) -> Iterator[str]:
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


def _waits(bench: Bench) -> Iterator[str]:
    headers = {"Retry-After": str(_WAIT.seconds)}
    bench.relay.trouble = Trouble(kind="answer", requests=bench.outside.sends, status=429, headers=headers)
    did = bench.send(bench.calls(), sample_incident())
    wait = did.error.retry_after if isinstance(did.error, TemporaryError) else None
    if wait is None or wait < _WAIT:
        asked = f"asked to wait {_WAIT.seconds} seconds (429), {bench.hook}() {did}"
        yield asked if not isinstance(did.error, TemporaryError) else f"{asked} with retry_after={wait}"


def _gives_up(bench: Bench) -> Iterator[str]:
    bench.relay.trouble = Trouble(kind="silent", requests=bench.outside.sends)
    did = bench.send(bench.calls(), sample_incident())
    if did.hung or did.error is None:
        yield f"without an answer {bench.hook}() {did} after {bench.outside.patience.total_seconds():g} seconds"


def _sends_text_as_text(bench: Bench) -> Iterator[str]:
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


def _secrets_shown(bench: Bench) -> Iterator[str]:
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
