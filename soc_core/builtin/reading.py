"""One reading of an event that no rule knows: what it seems to be, and which of its fields say so."""

from collections.abc import Iterable

import attrs

from soc_core.builtin.rule_fields import Values

_LONGEST = 80


@attrs.frozen(kw_only=True)
class Judgement:
    """What an event seems to be, and why."""

    rule: str
    label: str
    severity: float
    confidence: float
    security: bool
    reason: str


def judged(
    rule: str, severity: float, reason: str, *, confidence: float = 0.65, label: str = "", security: bool = True
) -> Judgement:
    """A judgement; without a label of its own it is an alert from severity 5 on and somebody's doing below."""
    label = label or ("Security Alert" if severity >= 5 else "User Action")
    return Judgement(
        rule=rule,
        label=label,
        severity=severity,
        confidence=confidence,
        security=security,
        reason=reason,
    )


def texts(values: Values, names: Iterable[str]) -> list[str]:
    """The texts in some fields, in the order of the names."""
    return [value for name in names for value in values.get(name, ()) if isinstance(value, str)]


def quoted(values: Values, names: Iterable[str], text: str) -> str:
    """A text with the field it stands in, such as `eventName 'DeleteTrail'`."""
    fields = [name for name in names if text in values.get(name, ())]
    field = min(fields, key=lambda name: name.startswith("@"), default="event")
    return f"{field.strip('.@')} {text[:_LONGEST]!r}"
