"""A log line on its way: the event that came in, what a classifier found, and what was decided."""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Self

import attrs

from soc_core.model.texts import in_order

_NOTHING: Mapping[str, object] = MappingProxyType({})

SEVERITY_BY_LABEL: Mapping[str, float] = MappingProxyType(
    {
        "Security Alert": 9.0,
        "Critical Error": 8.0,
        "Workflow Error": 6.0,
        "Error": 5.0,
        "Resource Usage": 5.0,
        "HTTP Status": 3.0,
        "System Notification": 2.0,
        "User Action": 2.0,
        "Deprecation Warning": 2.0,
        "Unclassified": 1.0,
    }
)


@lru_cache(maxsize=1024)  # labels, mostly
def has_word(text: str, word: str) -> bool:
    """Whether `text` contains `word` as a word of its own, in any case: `non-critical` does not contain `critical`."""
    return _word(word).search(text) is not None


@lru_cache(maxsize=64)
def _word(word: str) -> "re.Pattern[str]":
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", re.IGNORECASE)


def base_severity(label: str, confidence: float) -> float:
    """Severity 0..10 for classifiers that give a label only: confident ones add a point, doubtful ones take one."""
    severity = SEVERITY_BY_LABEL.get(label, SEVERITY_BY_LABEL["Unclassified"])
    if confidence > 0.9:
        severity += 1
    elif confidence < 0.6:
        severity -= 1
    return min(10.0, max(0.0, severity))


def _within(low: float, high: float, what: str) -> "attrs._ValidatorType[float]":
    def check(instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
        if not low <= value <= high:  # no number is not, either
            raise ValueError(f"{what} must be a number from {low:g} to {high:g}, not {value!r}")

    return check


def utc_only(instance: object, attribute: "attrs.Attribute[datetime]", value: datetime) -> None:
    """Refuse a time without a zone: it would mean something else on every machine."""
    if value.tzinfo is None:
        raise ValueError(f"{attribute.name} needs a time zone: {value.isoformat()}")


_check_severity = _within(0, 10, "severity")
_check_share = _within(0, 1, "confidence")


@attrs.frozen(kw_only=True)
class Event:
    """One log event as it came in. Text in it is hostile: it is shown, never interpreted.

    Args:
        source: Program, product or log type that wrote it, such as `sshd` or `aws.cloudtrail`.
        message: The readable text; for structured events the raw line.
        received: When soc-core saw it (detection); the SLA starts here. UTC.
        time: When the event says it happened, UTC, or None.
        id: The identity given by the sender or by file and offset; an event seen again has no effect.
        severity: What the event states about itself on the scale 0..10, or None.
        action: What was done or tried, as the event states it (`login`, `DeleteTrail`, `deny`).
        outcome: `success` or `failure` where the event states it.
        host, user, ip: The entities that grouping and thresholds go by, where known.
        fields: The parsed event; names follow the source, nested values are dicts and lists.
        schema: What the intake took it for: `plain`, `syslog`, `json`, `cef`, `leef`, ...
        hits: Names of the declared patterns that fired on the raw line, as `plugin:pattern`.
    """

    source: str
    message: str
    received: datetime = attrs.field(validator=utc_only)
    time: datetime | None = attrs.field(default=None, validator=attrs.validators.optional(utc_only))
    id: str | None = None
    severity: float | None = attrs.field(default=None, validator=attrs.validators.optional(_check_severity))
    action: str | None = None
    outcome: str | None = None
    host: str | None = None
    user: str | None = None
    ip: str | None = None
    fields: Mapping[str, object] = _NOTHING
    schema: str = "plain"
    hits: frozenset[str] = frozenset()

    def field(self, name: str) -> object | None:
        """The value of a field by its dotted name; a dot may be a nesting or part of a key (`user.name`)."""
        if name in self.fields:
            return self.fields[name]
        value: object = self.fields
        for part in name.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return None
            value = value[part]
        return value


@attrs.frozen(kw_only=True)
class Threshold:
    """`count` such events within `within` for one `key` make a finding of their own; the core does the counting.

    Args:
        rule: Which rule asks for it; part of the identity of the count.
        key: The values counted by, such as the address of the sender.
        label, severity, confidence, reason, actions: What the finding becomes when the count is reached.
    """

    rule: str
    count: int = attrs.field(validator=attrs.validators.ge(1))
    within: timedelta
    key: str
    label: str
    severity: float = attrs.field(validator=_check_severity)
    confidence: float = attrs.field(default=0.8, validator=_check_share)
    reason: str = ""
    actions: tuple[str, ...] = attrs.field(default=(), converter=in_order)


def _thresholds(items: Iterable[Threshold]) -> tuple[Threshold, ...]:
    return tuple(items)


@attrs.frozen(kw_only=True)
class Finding:
    """What a classifier makes of an event.

    Args:
        event: The event it speaks of.
        label: One of `SEVERITY_BY_LABEL`, or a word of the plugin's own.
        severity: 0..10; left out, it follows from label and confidence.
        confidence: 0..1, how sure the classifier is.
        rule: The rule, table row or model that decided; part of the fingerprint.
        reason: One sentence for the analyst: why this label and severity.
        actions: Recommended response, one sentence each.
        security: Whether the event matters to security at all, whatever its severity.
        thresholds: Counts that this event takes part in.
        classifier: The plugin that said so; filled in by the core.
    """

    event: Event
    label: str
    confidence: float = attrs.field(default=0.8, validator=_check_share)
    severity: float = attrs.field(
        default=attrs.Factory(lambda self: base_severity(self.label, self.confidence), takes_self=True),
        validator=_check_severity,
    )
    rule: str = ""
    reason: str = ""
    actions: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    security: bool = attrs.field(default=attrs.Factory(lambda self: has_word(self.label, "security"), takes_self=True))
    thresholds: tuple[Threshold, ...] = attrs.field(default=(), converter=_thresholds)
    classifier: str = ""


class Priority(enum.StrEnum):
    """How urgent an incident is, in JIRA's five words."""

    HIGHEST = "Highest"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    LOWEST = "Lowest"

    @property
    def rank(self) -> int:
        """0 for Highest to 4 for Lowest: what is worked on first."""
        return tuple(Priority).index(self)

    @property
    def level(self) -> str:
        """The level word of a ticket's summary."""
        return ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")[self.rank]

    @classmethod
    def of(cls, severity: float, floors: Sequence[float] = (9.0, 7.0, 5.0, 3.0)) -> "Priority":
        """The priority of a severity; `floors` are the lowest severities of Highest, High, Medium and Low."""
        for priority, floor in zip(cls, floors, strict=False):
            if severity >= floor:
                return priority
        return cls.LOWEST


class Course(enum.StrEnum):
    """What is done about a finding: nothing, tell people, or open a ticket."""

    IGNORE = "ignore"
    ALERT = "alert"
    TICKET = "ticket"


@attrs.frozen
class Decision:
    """What is done about a finding, and why; analysts read the reason."""

    course: Course = attrs.field(converter=Course)
    reason: str = attrs.field(kw_only=True)
    by: str = attrs.field(default="", kw_only=True)

    @classmethod
    def ticket(cls, reason: str) -> Self:
        """Open an incident with a ticket."""
        return cls(Course.TICKET, reason=reason)

    @classmethod
    def alert(cls, reason: str) -> Self:
        """Open an incident without a ticket and tell people."""
        return cls(Course.ALERT, reason=reason)

    @classmethod
    def ignore(cls, reason: str) -> Self:
        """Count it and go on."""
        return cls(Course.IGNORE, reason=reason)
