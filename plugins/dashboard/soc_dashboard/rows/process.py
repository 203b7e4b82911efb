"""What became of a log that somebody handed in."""

from collections.abc import Mapping, Sequence

from soc_core import BatchSummary, Incident, wording
from soc_dashboard.rows.cells import Row, cell

_GZIP = b"\x1f\x8b"


def refusal(log: bytes) -> str:
    """Why a file cannot be processed as it is; empty if it can."""
    if not log.strip():
        return "The file is empty."
    return "The file is compressed: unpack it first." if log.startswith(_GZIP) else ""


def incident_rows(incidents: Sequence[Incident]) -> list[Row]:
    """The incidents that were opened, with their tickets."""
    linked = any(web_address(one) for one in incidents)
    return [
        {
            "Incident": one.id,
            "Priority": [one.priority.value],
            "Severity": one.severity,
            "What": cell(f"{one.label} - {one.source}"),
            "Who": cell(wording.who(one.user, one.ip)),
            "Ticket": cell(one.ticket.key if one.ticket else "none: an alert" if one.kind == "alert" else "pending"),
            **({"Link": web_address(one)} if linked else {}),
        }
        for one in incidents
    ]


def batch_facts(batch: BatchSummary) -> list[tuple[str, str]]:
    """The batch summary, as listeners are told it."""
    return [
        ("Events read", f"{batch.processed:,}"),
        ("Critical (8 and more)", f"{_between(batch.by_severity, 8, 10):,}"),
        ("High (6 and 7)", f"{_between(batch.by_severity, 6, 7):,}"),
        ("Incidents with a ticket", f"{len(batch.incidents):,}"),
        ("Alerts without one", f"{batch.alerts:,}"),
        ("Worth telling everybody", "yes" if batch.worth_telling else "no: too little happened"),
    ]


def web_address(incident: Incident) -> str | None:
    """The address of its ticket, if there is one to which a browser may be sent."""
    url = incident.ticket.url if incident.ticket else None
    return url if url and url.startswith(("https://", "http://")) else None


def _between(by_severity: Mapping[int, int], low: int, high: int) -> int:
    return sum(number for severity, number in by_severity.items() if low <= severity <= high)
