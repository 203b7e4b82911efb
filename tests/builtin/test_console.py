"""The notifier of last resort says one line for each thing that matters, and hostile text stays on its line."""

import io
from datetime import UTC, datetime

import pytest

from soc_core import (
    Change,
    Course,
    Delivery,
    EscalationStep,
    Incident,
    NotConfigured,
    Priority,
    Ticket,
    Update,
)
from soc_core.builtin.console import Console

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DELIVERY = Delivery(key="k")


@pytest.fixture
def incident() -> Incident:
    return Incident(
        id="INC-1",
        marker="soc-0",
        fingerprint="f",
        kind=Course.TICKET,
        label="Security Alert\x1b[2J\nforged line",
        severity=9,
        priority=Priority.HIGHEST,
        confidence=1,
        source="sshd",
        message="m",
        first_seen=NOON,
        last_seen=NOON,
        detected_at=NOON,
        opened_at=NOON,
    )


def test_it_steps_aside_unless_asked_for():
    with pytest.raises(NotConfigured, match="enabled"):
        Console(Console.Settings())


def test_each_thing_is_one_line_without_control_characters(incident):
    stream = io.StringIO()
    console = Console(Console.Settings(enabled=True), stream)
    console.on_incident_opened(incident, DELIVERY)
    console.on_ticket_created(incident, Ticket(tracker="jira", key="SEC-1", url="https://j/SEC-1"), DELIVERY)
    moved = Update(change=Change.STATUS, origin="jira", at=NOON, old="Open", new="Resolved")
    console.on_incident_updated(incident, moved, DELIVERY)
    console.on_incident_updated(incident, Update(change=Change.COUNT, origin="soc", at=NOON, new="7"), DELIVERY)
    console.on_escalation(incident, EscalationStep(rung="50%", share=0.5, notify=["manager"]), DELIVERY)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("INC-1 opened: [CRITICAL] Security Alert")
    assert lines[1:] == [
        "INC-1 has ticket SEC-1 https://j/SEC-1",
        "INC-1 status: Open -> Resolved",
        "INC-1 escalated at 50% of resolution: manager",
    ]
    assert "\x1b" not in stream.getvalue()
