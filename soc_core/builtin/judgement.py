"""What to make of an event that no rule knows: what it states about itself."""

import attrs

from soc_core import Event
from soc_core.builtin.rule_fields import Values

FIELDS: tuple[str, ...] = ()
"""The fields that are looked at, besides those that rules ask for."""

_CAP = 7.5


@attrs.frozen(kw_only=True)
class Judgement:
    """What an event seems to be, and why."""

    rule: str
    label: str
    severity: float
    confidence: float
    security: bool
    reason: str


def judge(event: Event, values: Values) -> Judgement | None:
    """The severity an event states, kept below a ticket because nobody vouches for it."""
    if event.severity is None:
        return None
    severity = min(event.severity, _CAP)
    label = "Error" if severity >= 5 else "System Notification"
    reason = f"The event itself states severity {event.severity:g}"
    return Judgement(
        rule="stated-severity", label=label, severity=severity, confidence=0.6, security=False, reason=reason
    )
