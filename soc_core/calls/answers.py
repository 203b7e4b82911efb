"""Checks what plugins answer, so that a wrong value is the plugin's failure and not a riddle three floors up."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice, repeat
from typing import TypeVar

from soc_core.calls.failure import Rubbish
from soc_core.model.event import Decision, Event, Finding, Threshold
from soc_core.model.incident import Ticket
from soc_core.model.pattern import Pattern
from soc_core.model.people import Candidate
from soc_core.model.sla import EscalationStep, Sla, Target
from soc_core.ports import Check, Endpoint, Service

T = TypeVar("T")
_new = object.__new__


def finding(plugin: str, event: Event, answer: object) -> Finding:
    """A finding about this very event, signed with the plugin's name."""
    found = _a(Finding, answer)
    if found.event is not event:
        raise Rubbish("answered a Finding about another event")
    _texts(found, found.label, found.rule, found.reason, *found.actions)
    _numbers(found, found.severity, found.confidence)
    for threshold in found.thresholds:
        _threshold(threshold)
    return found if found.classifier == plugin else _signed_finding(found, plugin)


def findings(plugin: str, events: Sequence[Event], answer: object) -> tuple[Finding | Rubbish | None, ...]:
    """What is said of each of several events: one that is rubbish spoils none of the others."""
    if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes, Mapping)):
        raise Rubbish(f"answered {_name(answer)} where a sequence of answers is due, one for each event")
    each = list(islice(answer, len(events) + 1))
    if len(each) != len(events):
        more = "more" if len(each) > len(events) else f"{len(each)}"
        raise Rubbish(f"gave {more} answers to {len(events)} events: one for each is due, None for no opinion")
    return tuple(map(_finding_or_rubbish, repeat(plugin), events, each))


def _finding_or_rubbish(plugin: str, event: Event, answer: object) -> Finding | Rubbish | None:
    try:
        return None if answer is None else finding(plugin, event, answer)
    except Rubbish as error:
        return error


def decision(plugin: str, answer: object) -> Decision:
    """A decision, signed with the plugin's name; a bare yes or no is given a reason."""
    if isinstance(answer, bool):
        reason = f"plugin {plugin} said {'yes' if answer else 'no'} without giving a reason"
        answer = Decision.ticket(reason) if answer else Decision.ignore(reason)
    decided = _a(Decision, answer)
    _texts(decided, decided.reason)
    return decided if decided.by == plugin else _signed_decision(decided, plugin)


# What a plugin hands out stays as it is, whoever shares it, so its name goes on a copy. `attrs.evolve` takes six times
# as long as this, which is done for every event that matters to anybody.


def _slots(noun: type, *names: str) -> Iterator[Callable[[object, object], None]]:
    return (getattr(noun, name).__set__ for name in names)


_event, _label, _confidence, _severity, _rule, _reason, _actions, _security, _thresholds, _classifier = _slots(
    Finding,
    *("event", "label", "confidence", "severity", "rule"),
    *("reason", "actions", "security", "thresholds", "classifier"),
)
_course, _why, _by = _slots(Decision, "course", "reason", "by")


def _signed_finding(found: Finding, plugin: str) -> Finding:
    twin = _new(Finding)
    _event(twin, found.event)
    _label(twin, found.label)
    _confidence(twin, found.confidence)
    _severity(twin, found.severity)
    _rule(twin, found.rule)
    _reason(twin, found.reason)
    _actions(twin, found.actions)
    _security(twin, found.security)
    _thresholds(twin, found.thresholds)
    _classifier(twin, plugin)
    return twin


def _signed_decision(decided: Decision, plugin: str) -> Decision:
    twin = _new(Decision)
    _course(twin, decided.course)
    _why(twin, decided.reason)
    _by(twin, plugin)
    return twin


def assignee(candidates: Sequence[Candidate], answer: object) -> str:
    """The name of one of the candidates."""
    name = _a(str, answer)
    if name not in {candidate.person.name for candidate in candidates}:
        raise Rubbish(f"chose {name[:80]!r}, who is not one of the candidates")
    return name


def sla(answer: object) -> Sla:
    """A pair of targets."""
    promised = _a(Sla, answer)
    for target in (promised.response, promised.resolution):
        _a(timedelta, _a(Target, target).duration)
    return promised


def steps(answer: object) -> tuple[EscalationStep, ...]:
    """The rungs of a ladder."""
    rungs = _sequence(EscalationStep, answer)
    for rung in rungs:
        _texts(rung, rung.rung, *rung.notify)
        if rung.clock not in ("response", "resolution"):
            raise Rubbish(f"laid out rung {rung.rung!r} on the clock {rung.clock!r}, which no incident has")
    return rungs


def ticket(answer: object) -> Ticket:
    """A ticket that can be found again."""
    made = _a(Ticket, answer)
    _texts(made, made.tracker, made.key, made.url or "", *made.retired)
    if not made.key:
        raise Rubbish("answered a Ticket without a key")
    return made


def refs(answer: object) -> dict[str, str]:
    """What a notifier wants to remember: texts by name."""
    if not isinstance(answer, Mapping):
        raise Rubbish(f"answered {_name(answer)} where refs by name are due")
    for name, value in answer.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise Rubbish(f"answered a ref {type(name).__name__} -> {type(value).__name__}, not text by name")
    return dict(answer)


def patterns(answer: object) -> tuple[Pattern, ...]:
    """What a plugin wants to see."""
    return _sequence(Pattern, answer)


def services(answer: object) -> tuple[Service, ...]:
    """What runs beside the deliveries."""
    found = _sequence(Service, answer)
    for service in found:
        _texts(service, service.name)
        _callable(service, service.run)
    return found


def endpoints(answer: object) -> tuple[Endpoint, ...]:
    """HTTP paths."""
    found = _sequence(Endpoint, answer)
    for endpoint in found:
        _texts(endpoint, endpoint.path)
        _callable(endpoint, endpoint.handler)
    return found


def checks(answer: object) -> tuple[Check, ...]:
    """Lines of `soc doctor`."""
    found = _sequence(Check, answer)
    for check in found:
        _texts(check, check.name)
        _callable(check, check.run)
    return found


def nothing(answer: object) -> tuple[None, ...]:
    """No answer at all."""
    raise Rubbish(f"answered {_name(answer)} where nothing is due")


def _sequence(kind: type[T], answer: object) -> tuple[T, ...]:
    if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes, Mapping)):
        raise Rubbish(f"answered {_name(answer)} where a sequence of {kind.__name__} is due")
    return tuple(_a(kind, one) for one in answer)


def _a(kind: type[T], answer: object) -> T:
    if isinstance(answer, kind):
        return answer
    if inspect.iscoroutine(answer):
        answer.close()  # or Python complains that nobody awaited it
    raise Rubbish(f"answered {_name(answer)} where {_with_article(kind.__name__)} is due")


def _threshold(answer: object) -> None:
    threshold = _a(Threshold, answer)
    _texts(threshold, threshold.rule, threshold.key, threshold.label, threshold.reason, *threshold.actions)
    _numbers(threshold, threshold.severity, threshold.confidence, threshold.count)
    _a(timedelta, threshold.within)


def _texts(noun: object, *values: object) -> None:
    for value in values:
        if not isinstance(value, str):
            raise Rubbish(f"answered {_name(noun)} with {_name(value)} in the place of a text")


def _numbers(noun: object, *values: object) -> None:
    for value in values:
        if not isinstance(value, (int, float)):
            raise Rubbish(f"answered {_name(noun)} with {_name(value)} in the place of a number")


def _callable(noun: object, value: object) -> None:
    if not callable(value):
        raise Rubbish(f"answered {_name(noun)} with {_name(value)} in the place of a function")


def _name(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    return f"an {name}" if name[:1] in "AEIOUaeiou" else f"a {name}"
