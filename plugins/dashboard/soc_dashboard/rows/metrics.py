"""The figures as tables: promises kept, times by priority, noisy rules. What they are is counted elsewhere, once."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from soc_core import Figures, Kept, Priority, RuleFigures, Spread, wording
from soc_dashboard.rows.cells import Row, cell

RESOLUTION = "resolution"
_NOTHING = "-"


def percent(share: float | None) -> str:
    """A share in words."""
    return _NOTHING if share is None else f"{100 * share:.1f} %"


def kept_in_all(figures: Figures, clock: str = RESOLUTION) -> Kept:
    """What was promised and kept over all priorities."""
    kept = [one for (name, _), one in figures.kept.items() if name == clock]
    return Kept(
        met=sum(one.met for one in kept),
        missed=sum(one.missed for one in kept),
        overdue=sum(one.overdue for one in kept),
    )


def kept_rows(figures: Figures) -> list[Row]:
    """Promises by priority and clock."""
    return [
        {
            "Priority": [priority.value],
            "Clock": clock,
            "Within SLA": percent(kept.share),
            "Met": kept.met,
            "Missed": kept.missed,
            "Overdue now": kept.overdue,
        }
        for priority in Priority
        for clock in ("response", RESOLUTION)
        if (kept := figures.kept.get((clock, priority))) is not None
    ]


def spread_rows(spreads: Mapping[Priority, Spread]) -> list[Row]:
    """How long something took, by priority: the mean, and the time within which so many percent were done."""
    return [
        {
            "Priority": [priority.value],
            "Incidents": spread.count,
            "Mean": _time(spread.mean),
            "50 %": _time(spread.p50),
            "90 %": _time(spread.p90),
            "95 %": _time(spread.p95),
            "99 %": _time(spread.p99),
        }
        for priority in Priority
        if (spread := spreads.get(priority)) is not None
    ]


def per_day(tickets: Mapping[date, int]) -> dict[str, list[object]]:
    """Tickets per day as columns, days without any included."""
    if not tickets:
        return {"Day": [], "Tickets": []}
    first, last = min(tickets), max(tickets)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {"Day": [*days], "Tickets": [tickets.get(day, 0) for day in days]}


def rule_rows(rules: Iterable[RuleFigures]) -> list[Row]:
    """The rules, the noisiest first, with how often people said that they were wrong."""
    return [
        {
            "Rule": cell(one.rule),
            "Events": one.events,
            "Incidents": one.incidents,
            "Judged": one.judged,
            "False positives": one.false_positives,
            "False-positive share": percent(one.false_share),
        }
        for one in rules
    ]


def false_share(figures: Figures) -> float | None:
    """The share of false positives, 0..1, among everything that people judged."""
    judged = sum(figures.verdicts.values())
    return figures.verdicts.get("false positive", 0) / judged if judged else None


def mean(spreads: Iterable[Spread]) -> str:
    """The mean over all priorities, in words."""
    found = [(one.count, one.mean) for one in spreads]
    number = sum(count for count, _ in found)
    return _time(sum(count * seconds for count, seconds in found) / number) if number else _NOTHING


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else wording.span(timedelta(seconds=seconds))
