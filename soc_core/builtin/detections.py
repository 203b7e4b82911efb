"""Reads findings and alerts: what a security product calls what it saw, how bad it says it is, and what became of it.

A product's own severity is believed as far as it goes: the name of a finding may raise it a little (`signs.toml`), and
what was blocked counts less. A severity that is merely the level of a log line never makes a ticket.
"""

import re

from soc_core import Event
from soc_core.builtin.event_roles import DETECTIONS, ENDINGS, KINDS, OPERATIONS, STATED
from soc_core.builtin.field_tests import text_of
from soc_core.builtin.reading import Judgement, judged, quoted, texts
from soc_core.builtin.rule_fields import Values
from soc_core.builtin.signs import worst_sign
from soc_core.builtin.verb_object import verb_in

_ALONE = 7.5
_RAISE = 1.5
_BLOCKED = 2.0
_HIGH = 7.0
_TICKET = 8.0
_DETECTORS = ("cef", "leef", "falco", "suricata", "guardduty")
_NOISY = ("cef", "leef", "suricata")  # network sensors, which call every attempt high
_DETECTION_NAMES = frozenset(DETECTIONS)
_STATED_NAMES = frozenset(STATED)
_OF_FINDINGS = frozenset({"informational", "low", "medium", "high"})  # words that no log level goes by
_WORDS = {
    "critical": 9.0,
    "high": 7.0,
    "malicious": 7.0,
    "medium": 5.0,
    "suspicious": 5.0,
    "low": 3.0,
    "informational": 1.0,
}
_STOPPED = re.compile(
    r"(?:auto_?)?(?:block|quarantin|prevent|clean|remov|delet|drop|den(?:y|ied)|mitigat|remediat|resolved|closed|killed)",
    re.IGNORECASE,
)


def by_sign(event: Event, values: Values) -> Judgement | None:
    """What a finding calls itself; names of administrators' deeds, such as a changed alert policy, are none."""
    detection = _is_detection(event, values)
    names = texts(values, KINDS)
    if not detection:
        names = [text for text in (*names, *texts(values, OPERATIONS)) if verb_in(text) is None]
    found = worst_sign(names)
    if found is None:
        return None
    sign, name = found
    severity, row = sign.severity, sign.name.replace(" ", "-")
    reason = f"{quoted(values, (*KINDS, *OPERATIONS), name)} names a finding (table of signs, row {row})"
    stated = _stated(event, values)
    if stated is not None and detection:
        severity = max(stated, min(severity, stated + _RAISE))
        reason += f"; the event states severity {stated:g}"
    if _stopped(event, values):
        severity = max(3.0, severity - _BLOCKED)
        reason += "; it was stopped"
    return judged(f"sign.{row}", severity, reason, label="Security Alert")


def by_statement(event: Event, values: Values, deed: Judgement | None) -> Judgement | None:
    """The severity an event states: a detection's is believed, any other kept below a ticket."""
    stated = _stated(event, values)
    if stated is None:
        return None
    reason = f"The event itself states severity {stated:g}"
    if _is_detection(event, values):
        reason += ", and it is a detection"
        if _HIGH <= stated < _TICKET and event.schema not in _NOISY and not _stopped(event, values):
            stated = _TICKET
            reason += " of something that was not stopped"
        security = stated >= 3
        label = "Security Alert" if security else "System Notification"
        return judged("stated-detection", stated, reason, confidence=0.7, label=label, security=security)
    if deed is not None and stated < 5:
        return None  # the level of an audit record says how chatty its writer is
    severity = min(stated, _ALONE)
    label = "Critical Error" if severity >= 7 else "Error" if severity >= 5 else "System Notification"
    security = deed is not None and deed.security
    return judged("stated-severity", severity, reason, confidence=0.5, label=label, security=security)


def _stated(event: Event, values: Values) -> float | None:
    """How bad an event says it is: by a word, else by what the intake read."""
    words = [_WORDS[text] for text in _severity_words(values) if text in _WORDS]
    return max(words) if words else event.severity


def _severity_words(values: Values) -> list[str]:
    return [] if _STATED_NAMES.isdisjoint(values) else [text.lower() for text in texts(values, STATED)]


def _is_detection(event: Event, values: Values) -> bool:
    return (
        event.schema in _DETECTORS
        or not _DETECTION_NAMES.isdisjoint(values)
        or "alert" in map(text_of, values.get("event.kind", ()))
        or any(text in _OF_FINDINGS for text in _severity_words(values))
    )


def _stopped(event: Event, values: Values) -> bool:
    return event.outcome == "failure" or any(_STOPPED.match(text) for text in texts(values, ENDINGS))
