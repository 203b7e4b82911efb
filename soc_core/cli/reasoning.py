"""Why an event is what it is: every answer of every plugin, in the form that `classify` and `explain` show."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from soc_core import codec
from soc_core.model.event import Decision, Event, Finding, Priority
from soc_core.model.incident import fingerprint
from soc_core.model.sla import Clock

if TYPE_CHECKING:  # triage brings SQLAlchemy along
    from soc_core.stages.triage.judgement import Judgement

_UNKNOWN = "Unclassified"
_NO_DECIDER = Decision.ignore("no decider could be asked: the event is held for a replay")
_NO_CLASSIFIER = Decision.ignore("no classifier could be asked: the event is held for a replay")
_NO_OPINION = Decision.ignore("no classifier has an opinion")


def answer(judgement: "Judgement", floors: tuple[float, ...]) -> dict[str, object]:
    """One event's answer in a line: what it is, and what is decided about it."""
    event = judgement.classified.event
    finding = judgement.finding or _NOTHING
    decision = decided(judgement)
    return {
        "id": event.id,
        "source": event.source,
        "severity": finding.severity,
        "label": finding.label,
        "confidence": finding.confidence,
        "decision": decision.course,
        "priority": _priority(finding.severity, floors),
        "reason": "; ".join(filter(None, (finding.reason, decision.reason))),
        "security": finding.security,
        "rule": finding.rule,
    }


@lru_cache(maxsize=256)  # few severities come again and again
def _priority(severity: float, floors: tuple[float, ...]) -> str:
    return Priority.of(severity, floors).value


def answers(judgement: "Judgement") -> dict[str, object]:
    """What every plugin said, the strongest finding first."""
    classified = judgement.classified
    deciders = judgement.decided.answers if judgement.decided is not None else ()
    failures = [*classified.failures, *(judgement.decided.failures if judgement.decided is not None else ())]
    return {
        "classifiers": [_finding(finding) for finding in classified.findings],
        "asked": classified.asked,
        "deciders": [{"plugin": name, "decision": said.course.value, "reason": said.reason} for name, said in deciders],
        "counts": [
            {
                "rule": threshold.rule,
                "count": threshold.count,
                "within_seconds": threshold.within.total_seconds(),
                "key": threshold.key,
                "becomes": {
                    "label": finding.label,
                    "severity": finding.severity,
                    "decision": said.decision.course.value if said.decision is not None else None,
                    "reason": said.decision.reason if said.decision is not None else "",
                    "fingerprint": fingerprint(finding),
                },
            }
            for threshold, finding, said in judgement.raised
        ],
        "failures": [
            {"plugin": one.plugin, "hook": one.hook, "kind": one.kind.value, "text": one.text} for one in failures
        ],
    }


def decided(judgement: "Judgement") -> Decision:
    """What is decided about an event by itself, before anything is counted."""
    if judgement.decided is not None and judgement.decided.decision is not None:
        return judgement.decided.decision
    if judgement.finding is not None:
        return _NO_DECIDER
    return _NO_CLASSIFIER if judgement.classified.held else _NO_OPINION


def unknown(event: Event) -> Finding:
    """What stands for a finding where there is none."""
    return Finding(event=event, label=_UNKNOWN, severity=1.0, confidence=0.0)


_NOTHING = unknown(Event(source="", message="", received=datetime.min.replace(tzinfo=UTC)))
"""Its words, whatever the event: made once, as most events of most logs are unknown."""


def event_document(event: Event, message: str) -> dict[str, object]:
    """An event as it was understood; `message` has its secrets masked."""
    return {
        "id": event.id,
        "source": event.source,
        "schema": event.schema,
        "message": message,
        "time": codec.iso(event.time),
        "severity": event.severity,
        "action": event.action,
        "outcome": event.outcome,
        "host": event.host,
        "user": event.user,
        "ip": event.ip,
    }


def sla_document(clocks: Mapping[str, Clock]) -> dict[str, object] | None:
    """What is promised, and when it is due."""
    if not clocks:
        return None
    return {
        name: {"due": codec.iso(clock.due_at()), "seconds": clock.target.duration.total_seconds()}
        for name, clock in clocks.items()
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "plugin": finding.classifier,
        "label": finding.label,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "rule": finding.rule,
        "reason": finding.reason,
        "security": finding.security,
    }
