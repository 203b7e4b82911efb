"""The figures of a shift report: how many tickets, how fast, how much of what was promised was kept.

Command line, metrics and dashboard show these values and count nothing themselves, so they cannot disagree.
"""

import enum
from collections.abc import Mapping
from datetime import date, datetime

import attrs

from soc_core.model.event import Priority


class Left(enum.StrEnum):
    """How much time an active incident has left until it should be resolved."""

    OVERDUE = "overdue"
    HOUR = "up to 1h"
    FOUR_HOURS = "up to 4h"
    DAY = "up to 24h"
    LATER = "later"
    NO_CLOCK = "no clock"  # its clock is paused, or nothing was promised


@attrs.frozen(kw_only=True)
class Spread:
    """How long something took, in seconds: the mean, and the time within which so many percent were done."""

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


@attrs.frozen(kw_only=True)
class Kept:
    """How many promises were met, how many were missed, and how many are overdue while the clock still runs."""

    met: int = 0
    missed: int = 0
    overdue: int = 0

    @property
    def share(self) -> float | None:
        """The share that was met, 0..1; what is overdue is not. None before anything was due."""
        judged = self.met + self.missed + self.overdue
        return self.met / judged if judged else None


@attrs.frozen(kw_only=True)
class Creation:
    """What became of the tickets that were asked for."""

    made: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def share(self) -> float | None:
        """The share of tickets that exist, 0..1, of those that are not waiting. None before the first one."""
        ended = self.made + self.failed
        return self.made / ended if ended else None


@attrs.frozen(kw_only=True)
class RuleFigures:
    """How busy a rule is, and how often people said that it was wrong."""

    rule: str
    events: int = 0
    incidents: int = 0
    tickets: int = 0
    judged: int = 0
    true_positives: int = 0
    false_positives: int = 0

    @property
    def precision(self) -> float | None:
        """The share of true positives, 0..1, among the incidents that somebody judged."""
        return self.true_positives / self.judged if self.judged else None

    @property
    def false_share(self) -> float | None:
        """The share of false positives, 0..1, among the incidents that somebody judged."""
        return self.false_positives / self.judged if self.judged else None


@attrs.frozen(kw_only=True)
class Breach:
    """An incident that becomes overdue next."""

    incident: str
    priority: Priority
    due_at: datetime
    assignee: str | None = None


@attrs.frozen(kw_only=True)
class Figures:
    """Everything that can be counted, seen at one moment. Incidents that were merged into others have no times.

    Args:
        at: That moment.
        since: Where counting begins: incidents by detection, tickets, escalations and tries by their own time. What
            stands now (queue, breaches, jobs, shelves) is always whole.
        incidents: Number of incidents by (status, priority).
        verdicts: Number of incidents by verdict.
        tickets_per_day: Tickets made on each day (UTC) that had any.
        log_to_ticket: From detection to the ticket.
        kept: What was promised and kept, by (clock, priority).
        acknowledge, resolve: From detection to acknowledgement and to resolution, of incidents with tickets.
        escalations: Rungs that fired, by (clock, rung): the rung is the reason.
        rules: Every rule that found something, the noisiest first.
        queue: Number of active incidents by the time they have left.
        next_breaches: The active incidents that are due next, soonest first.
        jobs: Number of jobs by (destination, state); `core` are the house's own timers.
        attempts: Number of tries by (destination, outcome): `ok`, `no` (refused) or `unsure`.
        attempt_seconds: How long tries took, by destination.
        oldest_uncertain: Since when it is unknown whether a ticket was created, for the oldest such case.
        heartbeat: When the auditor made its last round; an old one says that the house does not live.
        held, quarantined: Events that nobody could judge, and lines that nobody could read.
    """

    at: datetime
    since: datetime | None = None
    incidents: Mapping[tuple[str, Priority], int]
    verdicts: Mapping[str, int]
    tickets_per_day: Mapping[date, int]
    log_to_ticket: Spread | None
    creation: Creation
    kept: Mapping[tuple[str, Priority], Kept]
    acknowledge: Mapping[Priority, Spread]
    resolve: Mapping[Priority, Spread]
    escalations: Mapping[tuple[str, str], int]
    rules: tuple[RuleFigures, ...]
    queue: Mapping[Left, int]
    next_breaches: tuple[Breach, ...]
    jobs: Mapping[tuple[str, str], int]
    attempts: Mapping[tuple[str, str], int]
    attempt_seconds: Mapping[str, Spread]
    oldest_uncertain: datetime | None
    heartbeat: datetime | None = None
    held: int
    quarantined: int
