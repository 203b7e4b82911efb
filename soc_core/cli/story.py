"""All that is known about one incident, as a document and as a page for people."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from soc_core import codec
from soc_core.cli import screen
from soc_core.model.incident import Incident
from soc_core.model.job import JobState
from soc_core.model.wording import ago, count, due, local, span

if TYPE_CHECKING:  # brings SQLAlchemy along
    from soc_core.store.audit import Entry
    from soc_core.store.reports import StoreReports

_SHOWN = 4000


def story(incident: Incident, reports: "StoreReports") -> dict[str, object]:
    """Everything about an incident, as part of the versioned output."""
    from soc_core.store.reports import document  # noqa: PLC0415 - see above

    return {
        **document(incident, reports.now()),
        "kind": incident.kind.value,
        "message": incident.message,
        "confidence": incident.confidence,
        "rule": incident.rule,
        "classifier": incident.classifier,
        "reason": incident.reason,
        "decided_by": incident.decided_by,
        "why": incident.why,
        "undecided": incident.undecided,
        "fingerprint": incident.fingerprint,
        "marker": incident.marker,
        "host": incident.host,
        "actions": list(incident.actions),
        "assignee_reason": incident.assignee_reason,
        "acknowledged_at": codec.iso(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "verdict": None if incident.verdict is None else incident.verdict.value,
        "detected_at": codec.iso(incident.detected_at),
        "opened_at": codec.iso(incident.opened_at),
        "resolved_at": codec.iso(incident.resolved_at),
        "closed_at": codec.iso(incident.closed_at),
        "follows": incident.follows,
        "similar_to": incident.similar_to,
        "notes": [
            {"at": codec.iso(note.at), "author": note.author, "origin": note.origin, "text": note.text}
            for note in reports.notes(incident.id)
        ],
        "timeline": [entry_document(entry) for entry in reports.timeline(incident.id)],
        "storm": [
            {"summary": str(row["summary"]), "severity": row["severity"], "count": row["count"]}
            for row in reports.storm_members(incident.id)
        ],
    }


def entry_document(entry: "Entry") -> dict[str, object]:
    """One entry of the audit trail, as part of the versioned output."""
    return {
        "seq": entry.seq,
        "at": codec.iso(entry.at),
        "incident": entry.incident,
        "what": entry.what,
        "actor": entry.actor,
        "origin": entry.origin,
        "details": json.loads(entry.body),
        "hash": entry.hash,
    }


def show_facts(incident: Incident, reports: "StoreReports") -> None:
    """Print what an incident is and where it stands."""
    screen.console().print(
        screen.text(incident.id, "bold").append("  ").append_text(screen.text(incident.summary, "bold"))
    )
    screen.facts(_facts(incident, reports))


def show_log(incident: Incident) -> None:
    """Print the first log message and what is recommended."""
    screen.heading("First log message")
    screen.quote(incident.message[:_SHOWN])
    if incident.actions:
        screen.heading("Recommended")
        screen.facts((f"{number}.", action) for number, action in enumerate(incident.actions, 1))


def show_storm(incident: Incident, reports: "StoreReports") -> None:
    """Print what a storm incident lists."""
    members = reports.storm_members(incident.id)
    if members:
        screen.heading("What the storm is made of")
        rows = [(f"{row['severity']:g}", f"{row['count']:,}", row["summary"]) for row in members[:50]]
        screen.table(("Severity", "Events", "What"), rows, stretch="What", right=("Severity", "Events"))
        if len(members) > len(rows):
            screen.say(f"and {count(len(members) - len(rows), 'more kind')}", "dim")


def show_past(incident: Incident, reports: "StoreReports") -> None:
    """Print what happened since, and what is still on its way."""
    screen.heading("What happened")
    rows = [(local(line.at), line.what, line.who, line.details) for line in reports.story(incident.id)]
    screen.table(("When", "What", "Who", "Details"), rows, stretch="Details", wrap=True)
    for job in reports.jobs(JobState.READY, JobState.LEASED, JobState.DEAD, incident=incident.id):
        if job.dest != "core":
            words = "was given up" if job.state is JobState.DEAD else "is on its way"
            cause = f": {job.last_error}" if job.last_error else ""
            screen.say(f"Job {job.id}, {job.kind} for {job.dest}, {words}{cause}", "yellow")


def _facts(incident: Incident, reports: "StoreReports") -> Iterator[tuple[str, object]]:
    now = reports.now()
    opened = f"opened {ago(incident.opened_at, now)}"
    yield "Status", f"{incident.status}, {opened}"
    if incident.acknowledged_at is not None:
        yield "Acknowledged", f"{ago(incident.acknowledged_at, now)} by {incident.acknowledged_by or 'somebody'}"
    yield "Priority", screen.priority(incident.priority)
    ticket = incident.ticket
    if ticket is not None:
        yield "Ticket", f"{ticket.key}  {ticket.url or ''}".rstrip()
    elif incident.kind == "alert":
        yield "Ticket", f"none: this is an alert; make one with: soc incident create-ticket {incident.id}"
    else:
        yield "Ticket", f"none yet ({reports.ticket_state(incident.id)})"
    yield (
        "Assignee",
        f"{incident.assignee} ({incident.assignee_reason})" if incident.assignee else incident.assignee_reason,
    )
    for name, clock in incident.clocks.items():
        at = clock.due_at()
        when = f" (at {local(at)})" if at is not None and not clock.ended else ""
        yield f"{name.capitalize()}", f"{due(clock, now)}{when}, promised within {span(clock.target.duration)}"
    yield "Verdict", incident.verdict
    seen = f"{count(incident.count, 'event')}, first {local(incident.first_seen)}"
    yield "Seen", seen if incident.count == 1 else f"{seen}, last {local(incident.last_seen)}"
    yield "Host", incident.host
    yield "User", incident.user
    yield "Address", incident.ip
    yield "Merged into", incident.merged_into
    yield "Follows", incident.follows
    yield "Similar to", incident.similar_to
    for note in reports.notes(incident.id):
        yield "Note", f"{note.text} ({note.author or note.origin} by {note.origin}, {local(note.at)})"
