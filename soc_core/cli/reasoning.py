"""Why an event is what it is: every answer of every plugin, in the form that `classify` and `explain` show."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from soc_core import codec
from soc_core.model.event import Course, Decision, Event, Finding, Priority
from soc_core.model.incident import fingerprint
from soc_core.model.sla import Clock

if TYPE_CHECKING:  # triage brings SQLAlchemy along
    from soc_core.stages.triage import Judgement

_UNKNOWN = "Unclassified"


def answer(judgement: "Judgement", floors: tuple[float, ...]) -> dict[str, object]:
    """One event's answer in a line: what it is, and what is decided about it."""
    event = judgement.classified.event
    finding = judgement.finding or unknown(event)
    decision = decided(judgement)
    return {
        "id": event.id,
        "source": event.source,
        "severity": finding.severity,
        "label": finding.label,
        "confidence": finding.confidence,
        "decision": decision.course.value,
        "priority": Priority.of(finding.severity, floors).value,
        "reason": "; ".join(part for part in (finding.reason, decision.reason) if part),
        "security": finding.security,
        "rule": finding.rule,
    }


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
        return Decision(Course.IGNORE, reason="no decider could be asked: the event is held for a replay")
    if judgement.classified.held:
        return Decision(Course.IGNORE, reason="no classifier could be asked: the event is held for a replay")
    return Decision(Course.IGNORE, reason="no classifier has an opinion")


def unknown(event: Event) -> Finding:
    """What stands for a finding where there is none."""
    return Finding(event=event, label=_UNKNOWN, severity=1.0, confidence=0.0)


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
