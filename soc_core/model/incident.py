"""An incident: what is being worked on, where it stands, and what people said about it."""

import enum
import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from soc_core.model.event import Course, Finding, Priority, utc_only
from soc_core.model.sla import Clock
from soc_core.model.texts import in_order

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


class Status(enum.StrEnum):
    """Where the work stands: new, being investigated, fixed and awaiting verification, done."""

    OPEN = "Open"
    IN_PROGRESS = "In Progress"
    RESOLVED = "Resolved"
    CLOSED = "Closed"

    @property
    def active(self) -> bool:
        """Whether somebody still has to do something; resolved and closed incidents are not active."""
        return self in (Status.OPEN, Status.IN_PROGRESS)

    def may_become(self, other: "Status") -> bool:
        """Whether the move is legal: a closed incident can only be reopened."""
        return other in _MOVES[self]


_MOVES: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.OPEN: frozenset({Status.IN_PROGRESS, Status.RESOLVED, Status.CLOSED}),
        Status.IN_PROGRESS: frozenset({Status.OPEN, Status.RESOLVED, Status.CLOSED}),
        Status.RESOLVED: frozenset({Status.OPEN, Status.IN_PROGRESS, Status.CLOSED}),
        Status.CLOSED: frozenset({Status.OPEN, Status.IN_PROGRESS}),
    }
)


class Verdict(enum.StrEnum):
    """What an analyst concluded about the incident."""

    TRUE_POSITIVE = "true positive"
    FALSE_POSITIVE = "false positive"
    BENIGN = "benign"


@attrs.frozen(kw_only=True)
class Ticket:
    """The incident's ticket in a tracker such as JIRA.

    Args:
        tracker: The plugin that made it.
        key: Its name there, such as `SOC-12`.
        url: Where a person can open it.
        retired: Doubles with the same marker that were found and closed while looking for this one.
    """

    tracker: str
    key: str
    url: str | None = None
    retired: tuple[str, ...] = attrs.field(default=(), converter=in_order)


@attrs.frozen(kw_only=True)
class Note:
    """Something a person wrote about an incident, wherever they wrote it."""

    author: str
    text: str
    at: datetime = attrs.field(validator=utc_only)
    origin: str = "soc"


class Change(enum.StrEnum):
    """What can be changed about an incident."""

    ACKNOWLEDGED = "acknowledged"
    STATUS = "status"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    NOTE = "note"
    VERDICT = "verdict"
    COUNT = "count"
    TICKET = "ticket"
    PROMOTED = "promoted"
    SLA = "sla"
    MERGED = "merged"


@attrs.frozen(kw_only=True)
class Update:
    """One change of an incident, told to every plugin.

    Args:
        change: What changed.
        origin: Where the change was made: `soc`, or the name of the plugin that brought it.
        at: When.
        actor: Who did it, as that side names them; empty when the core did.
        old, new: The value before and after, as text.
        text: The note, or the reason.
        id: The change's identity on the side it came from; repeats of it have no effect.
        word: With a status, what the tracker itself calls it, such as `Waiting for customer`: wait states pause clocks.
    """

    change: Change = attrs.field(converter=Change)
    origin: str
    at: datetime = attrs.field(validator=utc_only)
    actor: str = ""
    old: str = ""
    new: str = ""
    text: str = ""
    id: str = ""
    word: str = ""


@attrs.frozen(kw_only=True)
class Incident:
    """One incident as it stands now.

    Args:
        id: `INC-1`, `INC-2`, ...
        marker: `soc-<20 hex>`: what its ticket is found by again; opaque and unique per installation.
        fingerprint: Events with the same one join while the incident is not closed.
        kind: `Course.ALERT` (people are told) or `Course.TICKET` (a ticket is due).
        rule, classifier, reason, why: Which rule of which plugin found it and why; why it is an alert or a ticket.
        message: The first log message, secrets masked.
        detected_at: When soc-core saw the first event; the SLA clocks start here.
        refs: What notifiers remember, such as the timestamp of a Slack message, by `plugin:name`.
        similar_to: An incident with the same label and source that opened shortly before.
        similar_refs: That incident's refs, filled in for deliveries.
        follows: The earlier incident of the same fingerprint that was closed before this one opened.
        team: The team whose incident it is.
        word: What the tracker calls its status, as long as that is the tracker's own latest news.
        merged_into: The incident in which this one goes on.
        undecided: True when classification or decision failed and the raw rule acted instead.
        version: Rises with every change.
    """

    id: str
    marker: str
    fingerprint: str
    kind: Course
    label: str
    severity: float
    priority: Priority
    confidence: float
    source: str
    message: str
    rule: str = ""
    classifier: str = ""
    reason: str = ""
    why: str = ""
    decided_by: str = ""
    actions: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    host: str | None = None
    user: str | None = None
    ip: str | None = None
    status: Status = Status.OPEN
    assignee: str | None = None
    assignee_reason: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    verdict: Verdict | None = None
    count: int = 1
    first_seen: datetime = attrs.field(validator=utc_only)
    last_seen: datetime = attrs.field(validator=utc_only)
    detected_at: datetime = attrs.field(validator=utc_only)
    opened_at: datetime = attrs.field(validator=utc_only)
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    clocks: Mapping[str, Clock] = MappingProxyType({})
    ticket: Ticket | None = None
    refs: Mapping[str, str] = _NO_TEXTS
    similar_to: str | None = None
    similar_refs: Mapping[str, str] = _NO_TEXTS
    follows: str | None = None
    team: str | None = None
    word: str = ""
    merged_into: str | None = None
    undecided: bool = False
    version: int = 1

    @property
    def summary(self) -> str:
        """The one-line text of tickets and messages: `[CRITICAL] Security Alert - sshd (Severity 9)`."""
        line = f"[{self.priority.level}] {self.label} - {self.source} (Severity {self.severity:g})"
        return " ".join(line.split())[:255]


def fingerprint(finding: Finding) -> str:
    """What makes two events the same trouble: the rule (or label), the source, and the host, user and address."""
    event = finding.event
    parts = (finding.rule or finding.label, event.source, event.host or "", event.user or "", event.ip or "")
    # Each part carries its length: log text must not be able to pass for another combination of parts.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def marker(installation: str, incident_id: str) -> str:
    """The label that finds an incident's ticket again: it says nothing and is the same after every restart."""
    return "soc-" + hashlib.sha256(f"{installation}{incident_id}".encode()).hexdigest()[:20]
