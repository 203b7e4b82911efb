"""The queue as a grid shows it: what is due first at the front, the time left in words and as a colour."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from soc_core import Breach, Incident, Left, Priority, wording
from soc_dashboard.rows.cells import Row, cell
from soc_dashboard.rows.forecast import Forecast

# Every colour stands beside a word, so that nobody needs to tell them apart.
LEFT_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        Left.OVERDUE.value: "#e5383b",
        Left.HOUR.value: "#e8590c",
        Left.FOUR_HOURS.value: "#ffe066",
        Left.DAY.value: "#b2f2bb",
        Left.LATER.value: "#d0ebff",
        Left.NO_CLOCK.value: "#e9ecef",
    }
)
PRIORITY_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        Priority.HIGHEST.value: "red",
        Priority.HIGH.value: "orange",
        Priority.MEDIUM.value: "yellow",
        Priority.LOW.value: "green",
        Priority.LOWEST.value: "gray",
    }
)
UNASSIGNED = "nobody"
_SPANS = ((Left.OVERDUE, 0), (Left.HOUR, 1), (Left.FOUR_HOURS, 4), (Left.DAY, 24))


def left_of(due: datetime | None, now: datetime) -> Left:
    """In which part of the queue something is that is due then."""
    if due is None:
        return Left.NO_CLOCK
    return next((left for left, hours in _SPANS if due <= now + timedelta(hours=hours)), Left.LATER)


def queue_rows(incidents: Iterable[Incident], now: datetime) -> list[Row]:
    """One row for each incident."""
    return [_row(incident, now) for incident in incidents]


def breach_rows(breaches: Iterable[Breach], now: datetime) -> list[Row]:
    """One row for each incident that becomes overdue next."""
    return [
        {
            "Incident": one.incident,
            "Time left": [left_of(one.due_at, now).value],
            "Due": f"in {wording.span(one.due_at - now)}",
            "Priority": [one.priority.value],
            "Assignee": cell(one.assignee or UNASSIGNED),
        }
        for one in breaches
    ]


def forecast_facts(expected: Forecast, now: datetime) -> list[tuple[str, str]]:
    """What the forecast rests on, and what it comes to."""
    due = expected.in_time + len(expected.breaches)
    return [
        ("Shift ends", f"in {wording.span(expected.until - now)}"),
        ("Present rate", f"{expected.per_hour:.1f} resolved per hour"),
        ("Will be late", f"{len(expected.breaches):,} of {wording.count(due, 'incident')} due before then"),
    ]


def _row(incident: Incident, now: datetime) -> Row:
    clock = incident.clocks.get("resolution")
    due = None if clock is None or clock.ended else clock.due_at()
    return {
        "Incident": incident.id,
        "Time left": [left_of(due, now).value],
        "Due": wording.due_of(incident, now),
        "Priority": [incident.priority.value],
        "What": cell(f"{incident.label} - {incident.source}"),
        "Who": cell(wording.who(incident.user, incident.ip)),
        "Status": incident.status.value if incident.acknowledged_at else f"{incident.status}, unacked",
        "Assignee": cell(incident.assignee or UNASSIGNED),
        "Events": incident.count,
        "Ticket": cell(incident.ticket.key if incident.ticket else "alert only" if _is_alert(incident) else "pending"),
    }


def _is_alert(incident: Incident) -> bool:
    return incident.kind.value == "alert"
