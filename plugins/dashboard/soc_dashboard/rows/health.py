"""How soc-core itself is: where events come from, where deliveries go, what waits, what was given up."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from soc_core import Job, JobState, wording
from soc_dashboard.rows.cells import Row, cell

TIMERS = "core"
_READER = "intake"
_ALIVE = timedelta(minutes=3)


def heartbeat(at: datetime | None, now: datetime) -> tuple[str, bool]:
    """When the house was last at work, in words, and whether that is recent."""
    if at is None:
        return "never", False
    return wording.ago(at, now), now - at <= _ALIVE


def given_up(counts: Mapping[tuple[str, str], int]) -> int:
    """How many deliveries were given up."""
    return sum(number for (dest, state), number in counts.items() if state == JobState.DEAD and dest != TIMERS)


def source_rows(sources: Mapping[tuple[str, str], datetime], now: datetime) -> list[Row]:
    """Inputs that were read and systems that are asked, with the time since each last got on."""
    return [
        {
            "Source": cell(name),
            "Kind": "log" if owner == _READER else cell(f"asked by {owner}"),
            "Last news": wording.ago(at, now),
        }
        for (owner, name), at in sorted(sources.items(), key=lambda item: item[1], reverse=True)
    ]


def sink_rows(
    counts: Mapping[tuple[str, str], int], pauses: Mapping[str, tuple[datetime | None, str]], now: datetime
) -> list[Row]:
    """Destinations of deliveries: what waits, what was given up, and whether the destination is paused.

    Args:
        counts: Number of jobs by (destination, state).
        pauses: Until when and why a destination is paused.
        now: The present instant.
    """
    dests = sorted({dest for dest, _ in counts} | set(pauses) - {TIMERS})
    return [
        {
            "Sink": cell(dest),
            "State": [_state(dest, pauses, now)],
            "Waiting": counts.get((dest, JobState.READY), 0),
            "At work": counts.get((dest, JobState.LEASED), 0),
            "Given up": counts.get((dest, JobState.DEAD), 0),
            "Done": counts.get((dest, JobState.DONE), 0),
            "Why": cell(pauses.get(dest, (None, ""))[1]),
        }
        for dest in dests
        if dest != TIMERS
    ]


def job_rows(jobs: Iterable[Job], now: datetime) -> list[Row]:
    """Deliveries that wait or were given up."""
    return [
        {
            "Job": job.id,
            "Incident": job.incident or "",
            "For": cell(job.dest),
            "What": cell(job.kind.removeprefix("on_").replace("_", " ")),
            "Tries": job.attempts,
            "When": _when(job, now),
            "Why": cell(job.last_error),
        }
        for job in jobs
        if job.dest != TIMERS
    ]


def _state(dest: str, pauses: Mapping[str, tuple[datetime | None, str]], now: datetime) -> str:
    until, _ = pauses.get(dest, (None, ""))
    return "paused" if until is not None and until > now else "at work"


def _when(job: Job, now: datetime) -> str:
    if job.state is not JobState.READY:
        return "given up" if job.state is JobState.DEAD else "at work"
    return "due" if job.not_before <= now else f"in {wording.span(job.not_before - now)}"
