"""The trigger rule over its whole grid, and its settings."""

from datetime import UTC, datetime

import pytest

from soc_core import Course, Event, Finding
from soc_core.builtin.triggers import Triggers

EVENT = Event(source="sshd", message="x", received=datetime(2026, 1, 1, tzinfo=UTC))
SEVERITIES = [step / 10 for step in range(101)]
WITH_WORD = ["Security Alert", "SECURITY", "critical error", "Critical Error", "Security Critical", "alert: security!"]
WITHOUT_WORD = [
    "insecurity",
    "non-critical",
    "non-security event",
    "Error",
    "Criticality",
    "securityteam",
    "Workflow Error",
    "",
]


def course(severity: float, label: str, settings: Triggers.Settings | None = None) -> Course:
    finding = Finding(event=EVENT, label=label, severity=severity)
    decision = Triggers(settings).should_create_ticket(finding)
    assert decision.reason
    return decision.course


@pytest.mark.parametrize("label", WITH_WORD)
def test_a_label_with_a_word_of_the_rule_makes_a_ticket_from_eight(label: str) -> None:
    for severity in SEVERITIES:
        expected = Course.TICKET if severity >= 8 else Course.ALERT if severity >= 6 else Course.IGNORE
        assert course(severity, label) is expected, severity


@pytest.mark.parametrize("label", WITHOUT_WORD)
def test_any_other_label_makes_a_ticket_from_nine(label: str) -> None:
    for severity in SEVERITIES:
        expected = Course.TICKET if severity >= 9 else Course.ALERT if severity >= 6 else Course.IGNORE
        assert course(severity, label) is expected, severity


def test_nine_makes_a_ticket_and_eight_point_nine_without_the_words_does_not() -> None:
    assert course(9.0, "Error") is Course.TICKET
    assert course(8.9, "Error") is Course.ALERT


def test_the_reason_names_severity_and_word() -> None:
    decision = Triggers().should_create_ticket(Finding(event=EVENT, label="Security Alert", severity=8.5))
    assert "8.5" in decision.reason
    assert "Security" in decision.reason


def test_thresholds_and_words_are_settings() -> None:
    settings = Triggers.Settings(ticket_from=7, word_ticket_from=5, words=("Fraud",), alert_from=3)
    assert course(7, "Error", settings) is Course.TICKET
    assert course(6.9, "Security Alert", settings) is Course.ALERT
    assert course(5, "payment FRAUD", settings) is Course.TICKET
    assert course(4.9, "payment fraud", settings) is Course.ALERT
    assert course(2.9, "payment fraud", settings) is Course.IGNORE


@pytest.mark.parametrize("wrong", [{"ticket_from": 11}, {"alert_from": -1}, {"words": ("Security", " ")}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Triggers.Settings(**wrong)  # type: ignore[arg-type]
