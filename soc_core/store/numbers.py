"""The figures as `soc metrics --json` and the API write them: plain names, seconds and percent.

They are part of the versioned output. Both doors show this one document, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Mapping

import attrs

from soc_core import codec
from soc_core.model.event import Priority
from soc_core.model.figures import Figures, Kept, Spread

_NOISY = 10


def numbers(found: Figures) -> Mapping[str, Mapping[str, object]]:
    """All figures as numbers of plain names, by topic; a topic without any is empty."""
    statuses: Counter[str] = Counter()
    priorities: Counter[str] = Counter()
    for (status, priority), number in found.incidents.items():
        statuses[status] += number
        priorities[priority.value] += number
    creation = found.creation
    uncertain = found.oldest_uncertain
    return {
        "incidents": statuses,
        "priorities": priorities,
        "tickets": {"made": creation.made} if found.incidents else {},
        "ticket_creation": {
            "failed": creation.failed,
            "waiting": creation.waiting,
            "success_percent": _percent(creation.share),
            "seconds_uncertain": None if uncertain is None else round((found.at - uncertain).total_seconds(), 1),
        }
        if creation.made + creation.failed + creation.waiting
        else {},
        "tickets_per_day": {day.isoformat(): number for day, number in found.tickets_per_day.items()},
        "seconds_to_ticket": {} if found.log_to_ticket is None else _times(found.log_to_ticket),
        "sla": _promises(_all_priorities(found)) if found.incidents else {},
        "sla_by_priority": {
            f"{priority} {clock}": _promises(found.kept[clock, priority])
            for priority in Priority
            for clock in ("response", "resolution")
            if (clock, priority) in found.kept
        },
        "seconds_to_acknowledge": _by_priority(found.acknowledge),
        "seconds_to_resolve": _by_priority(found.resolve),
        "queue": {left.value: number for left, number in found.queue.items()},
        "next_breaches": {one.incident: codec.iso(one.due_at.replace(microsecond=0)) for one in found.next_breaches},
        "escalations": {f"{clock} {rung}": number for (clock, rung), number in found.escalations.items()},
        "verdicts": found.verdicts,
        "false_positives_by_rule": {one.rule: _percent(one.false_share) for one in found.rules if one.judged},
        "deliveries": _of_plugins(found.jobs),
        "delivery_tries": _of_plugins(found.attempts),
        "seconds_to_deliver": {dest: _times(spread) for dest, spread in found.attempt_seconds.items()},
        "shelves": {"held": found.held, "quarantined": found.quarantined} if found.held or found.quarantined else {},
        "heartbeat": {"last_round": codec.iso(found.heartbeat)} if found.heartbeat is not None else {},
        "events_by_rule": {one.rule: one.events for one in found.rules[:_NOISY] if one.events},
    }


def _all_priorities(found: Figures) -> Kept:
    kept = [one for (clock, _), one in found.kept.items() if clock == "resolution"]
    return Kept(
        met=sum(one.met for one in kept),
        missed=sum(one.missed for one in kept),
        overdue=sum(one.overdue for one in kept),
    )


def _promises(kept: Kept) -> dict[str, object]:
    return {
        "within": kept.met,
        "missed": kept.missed,
        "overdue_now": kept.overdue,
        "within_percent": _percent(kept.share),
    }


def _by_priority(spreads: Mapping[Priority, Spread]) -> dict[str, object]:
    return {priority.value: _times(spreads[priority]) for priority in Priority if priority in spreads}


def _times(spread: Spread) -> dict[str, object]:
    return {name: round(value, 1) for name, value in attrs.asdict(spread).items()}


def _of_plugins(numbers: Mapping[tuple[str, str], int]) -> dict[str, object]:
    return {f"{dest} {state}": number for (dest, state), number in sorted(numbers.items()) if dest != "core"}


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
