"""Where the work on an incident stands, and what makes two events the same trouble."""

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.model.event import Course, Event, Finding, Priority
from soc_core.model.incident import Incident, Status, fingerprint, marker

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVENT = Event(source="sshd", message="m", received=NOON, host="web1", user="root", ip="192.0.2.1")
FINDING = Finding(event=EVENT, label="Error", rule="failed-login")


# -- status ----------------------------------------------------------------------------------------------------------

OPEN, WORKED_ON, RESOLVED, CLOSED = Status


@pytest.mark.parametrize("one", Status)
@pytest.mark.parametrize("other", Status)
def test_every_move_is_legal_but_those_that_leave_closed_for_resolved_or_go_nowhere(one: Status, other: Status) -> None:
    refused = one is other or (one is CLOSED and other is RESOLVED)
    assert one.may_become(other) != refused


def test_only_open_and_in_progress_need_somebody() -> None:
    assert [status.active for status in Status] == [True, True, False, False]


@settings(max_examples=100, deadline=None)
@given(wishes=st.lists(st.sampled_from(Status), max_size=20))
def test_from_everywhere_the_work_can_be_closed_and_reopened(wishes: list[Status]) -> None:
    status = OPEN
    for wish in wishes:
        status = wish if status.may_become(wish) else status
    assert status is CLOSED or status.may_become(CLOSED)
    assert status.active or any(status.may_become(other) for other in Status if other.active)


# -- fingerprint and marker ------------------------------------------------------------------------------------------

texts = st.text(max_size=8)
maybe = st.none() | texts


@settings(max_examples=200, deadline=None)
@given(message=st.text(), severity=st.floats(0, 10), seconds=st.integers(0, 59))
def test_text_time_and_severity_are_no_part_of_a_fingerprint(message: str, severity: float, seconds: int) -> None:
    event = attrs.evolve(EVENT, message=message, received=NOON.replace(second=seconds), severity=severity, id=message)
    other = Finding(event=event, label="Security Alert", rule="failed-login", severity=severity)
    assert fingerprint(other) == fingerprint(FINDING)


@pytest.mark.parametrize("part", ["source", "host", "user", "ip"])
@settings(max_examples=50, deadline=None)
@given(text=texts)
def test_source_host_user_and_address_tell_troubles_apart(part: str, text: str) -> None:
    other = attrs.evolve(FINDING, event=attrs.evolve(EVENT, **{part: text}))
    assert (fingerprint(other) == fingerprint(FINDING)) == (getattr(EVENT, part) == text)


def test_the_rule_tells_troubles_apart_and_the_label_where_there_is_no_rule() -> None:
    assert fingerprint(attrs.evolve(FINDING, rule="root-login")) != fingerprint(FINDING)
    unruled = attrs.evolve(FINDING, rule="")
    assert fingerprint(attrs.evolve(unruled, label="Security Alert")) != fingerprint(unruled)


def test_a_fingerprint_is_short_and_made_of_any_text() -> None:
    odd = attrs.evolve(FINDING, event=attrs.evolve(EVENT, host="\ud800\x00", user="é"))
    assert len(fingerprint(odd)) == 32


def test_a_marker_is_opaque_the_same_each_time_and_unique_per_installation() -> None:
    one = marker("house", "INC-1")
    assert one == marker("house", "INC-1")
    assert len({one, marker("house", "INC-2"), marker("other", "INC-1")}) == 3
    assert one.startswith("soc-")
    assert set(one[4:]) <= set("0123456789abcdef")
    assert len(one) == 24


# -- the summary -----------------------------------------------------------------------------------------------------


def incident(**about: object) -> Incident:
    values: dict[str, object] = {
        "id": "INC-1",
        "marker": marker("house", "INC-1"),
        "fingerprint": "f",
        "kind": Course.TICKET,
        "label": "Security Alert",
        "severity": 9.0,
        "priority": Priority.HIGHEST,
        "confidence": 0.8,
        "source": "SecuritySystem",
        "message": "m",
        "first_seen": NOON,
        "last_seen": NOON,
        "detected_at": NOON,
        "opened_at": NOON,
    }
    return Incident(**{**values, **about})  # type: ignore[arg-type]


def test_the_summary_tells_level_label_source_and_severity() -> None:
    assert incident().summary == "[CRITICAL] Security Alert - SecuritySystem (Severity 9)"
    assert incident(priority=Priority.LOWEST, severity=2.5).summary.startswith("[INFO] ")
    assert incident(severity=8.5).summary.endswith("(Severity 8.5)")


@settings(max_examples=200, deadline=None)
@given(label=st.text(), source=st.text())
def test_the_summary_is_one_line_that_fits(label: str, source: str) -> None:
    summary = incident(label=label * 9, source=source * 9).summary
    assert len(summary.splitlines()) == 1
    assert len(summary) <= 255
