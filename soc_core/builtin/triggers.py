"""The trigger rule: which findings become tickets, which are told to people, and which are only counted.

A ticket is due from severity 9, or from severity 8 when the label speaks of Security or of Critical.
What is below that but still serious is an alert: people are told and may open a ticket themselves.
"""

from collections.abc import Iterable
from functools import lru_cache

import attrs

from soc_core import Decision, Finding, has_word, hookimpl, setting

_NAME = "triggers"


def _severity(instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not 0 <= value <= 10:
        raise ValueError(f"{attribute.name} must be a severity from 0 to 10, not {value!r}")


def _words(instance: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    if not all(word.strip() for word in value):
        raise ValueError(f"{attribute.name} holds an empty word, which no label contains")


def _in_order(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


class Triggers:
    """Decides about every finding that no other plugin decided about."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """Thresholds and words of the trigger rule."""

        ticket_from: float = attrs.field(
            default=9.0, validator=_severity, metadata=setting("Severity from which every finding becomes a ticket")
        )
        word_ticket_from: float = attrs.field(
            default=8.0,
            validator=_severity,
            metadata=setting("Severity from which a finding becomes a ticket when its label has one of the words"),
        )
        words: tuple[str, ...] = attrs.field(
            default=("Security", "Critical"),
            converter=_in_order,
            validator=_words,
            metadata=setting("Words of a label that lower the threshold, in any case of letters"),
        )
        alert_from: float = attrs.field(
            default=6.0, validator=_severity, metadata=setting("Severity from which people are told without a ticket")
        )

    def __init__(self, settings: "Triggers.Settings | None" = None) -> None:
        self._settings = settings or self.Settings()
        self._decided = lru_cache(maxsize=1024)(self._signed)  # few labels and severities come again and again

    @hookimpl
    def should_create_ticket(self, finding: Finding) -> Decision:
        """Decide by severity and label; always has an answer."""
        return self._decided(finding.label, finding.severity)

    def _signed(self, label: str, severity: float) -> Decision:
        return attrs.evolve(self._decide(label, severity), by=_NAME)  # or the core copies it each time for that

    def _decide(self, label: str, severity: float) -> Decision:
        limits, stated = self._settings, f"severity {severity:g}"
        if severity >= limits.ticket_from:
            return Decision.ticket(f"{stated} is at least {limits.ticket_from:g}")
        word = next((word for word in limits.words if has_word(label, word)), None)
        if word is not None and severity >= limits.word_ticket_from:
            return Decision.ticket(f"the label says {word} and {stated} is at least {limits.word_ticket_from:g}")
        if severity >= limits.alert_from:
            return Decision.alert(
                f"{stated} is at least {limits.alert_from:g} but too low for a ticket with this label"
            )
        return Decision.ignore(f"{stated} is below {limits.alert_from:g}")
