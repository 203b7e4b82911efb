"""Hypothesis strategies for the nouns of the trade: events, findings and incidents, with text as hostile as logs are.

```python
from hypothesis import given
from soc_core.testing.strategies import findings

@given(findings())
def test_a_decision_is_made_about_every_finding(finding): ...
```
"""

from datetime import UTC, datetime

from hypothesis import strategies as st

from soc_core.model.event import SEVERITY_BY_LABEL, Course, Event, Finding, Priority
from soc_core.model.incident import Incident, Status
from soc_core.testing.samples import HOSTILE, sample_incident

_TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive, the times are not
_SEVERITIES = st.floats(0, 10).map(lambda number: round(number, 1))


def texts() -> st.SearchStrategy[str]:
    """Log text: ordinary, odd, or hostile."""
    return st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def _values() -> st.SearchStrategy[object]:
    simple = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts()
    return st.recursive(simple, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Events with or without a time, an identity, entities and fields."""
    return Event(
        source=draw(st.sampled_from(["sshd", "kernel", "aws.cloudtrail", "payments"]) | texts()),
        message=draw(texts()),
        received=draw(_TIMES),
        time=draw(st.none() | _TIMES),
        id=draw(st.none() | st.text("0123456789abcdef", min_size=1, max_size=16)),
        severity=draw(st.none() | _SEVERITIES),
        host=draw(st.none() | texts()),
        user=draw(st.none() | texts()),
        ip=draw(st.none() | st.ip_addresses().map(str)),
        fields=draw(st.dictionaries(st.sampled_from(["app", "user.name", "code", "odd key"]), _values(), max_size=3)),
    )


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Findings of every label and severity."""
    return Finding(
        event=draw(events()),
        label=draw(st.sampled_from(sorted(SEVERITY_BY_LABEL)) | texts()),
        severity=draw(_SEVERITIES),
        confidence=draw(st.floats(0, 1)),
        rule=draw(st.sampled_from(["", "root-login", "disk-full"])),
        reason=draw(texts()),
        actions=tuple(draw(st.lists(texts(), max_size=2))),
    )


@st.composite
def incidents(draw: st.DrawFn) -> Incident:
    """Incidents of every priority, kind and state, with both clocks running."""
    severity = draw(_SEVERITIES)
    seen = draw(_TIMES)
    return sample_incident(
        kind=draw(st.sampled_from([Course.ALERT, Course.TICKET])),
        label=draw(st.sampled_from(sorted(SEVERITY_BY_LABEL)) | texts()),
        severity=severity,
        priority=Priority.of(severity),
        source=draw(texts()),
        message=draw(texts()),
        reason=draw(texts()),
        host=draw(st.none() | texts()),
        user=draw(st.none() | texts()),
        status=draw(st.sampled_from(Status)),
        assignee=draw(st.none() | texts()),
        count=draw(st.integers(1, 10_000)),
        first_seen=seen,
        last_seen=seen,
        detected_at=seen,
        opened_at=seen,
    )
