"""Outgoing work: one row with a due time for everything that leaves the house or happens later."""

import enum
from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Delivery:
    """What a command or notice knows about its own repetition.

    Args:
        key: Unique for this piece of work and the same at every attempt; a good idempotency key.
        attempt: 1 for the first try.
        uncertain_since: Set when an earlier try may have been carried out: look before you repeat.
    """

    key: str
    attempt: int = 1
    uncertain_since: datetime | None = None


class JobState(enum.StrEnum):
    """Where a job stands: waiting, being worked on, done, given up (a person may retry it), or no longer wanted."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@attrs.frozen(kw_only=True)
class Job:
    """One piece of outgoing work.

    Args:
        dedupe: Unique text; the second job with it is never inserted.
        incident: The incident it belongs to, or None.
        dest: The plugin it goes to, or `core` for the house's own timers.
        kind: The hook's name, or the timer's.
        rank: The priority's rank: 0 (Highest) is claimed first.
        lane: Jobs of one lane go out one after another, in the order they were made.
        not_before: Earliest time, UTC.
        payload: JSON text with what the hook needs beside the incident.
        maybe_sent_at: When a send began whose outcome is unknown.
    """

    id: int = 0
    dedupe: str
    dest: str
    kind: str
    lane: str
    not_before: datetime
    incident: str | None = None
    rank: int = 2
    state: JobState = JobState.READY
    attempts: int = 0
    lease_token: str | None = None
    lease_until: datetime | None = None
    maybe_sent_at: datetime | None = None
    last_error: str = ""
    payload: str = "{}"
