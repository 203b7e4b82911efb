"""From figures to samples: which numbers a scrape shows, with a bounded number of series."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from soc_core import Figures, Priority, RuleFigures, Spread, Status, Verdict, printable
from soc_metrics import catalogue as c

OTHER = "other"
_LONGEST = 100
_NOTHING: Mapping[str, int] = {}
_CLOCKS = ("response", "resolution")
_STATES = ("ready", "leased", "done", "dead", "cancelled")
_OUTCOMES = ("ok", "no", "unsure")


@attrs.frozen
class Sample:
    """One number of a metric; `labels` follow the metric's."""

    metric: c.Metric
    labels: tuple[str, ...]
    value: float


def samples(
    figures: Figures, *, started: datetime, most: int, counted: Mapping[str, int] = _NOTHING
) -> Iterator[Sample]:
    """Everything a scrape shows.

    Args:
        figures: What was counted.
        started: When this process began.
        most: How many rules, rungs and destinations have series of their own.
        counted: What this process has counted, by `plugin.what`.
    """
    yield from _incidents(figures)
    yield from _tickets(figures)
    yield from _promises(figures)
    yield from _escalations(figures, most)
    yield from _rules(figures.rules, most)
    yield from _queue(figures)
    yield from _deliveries(figures, most)
    yield Sample(c.HELD, (), figures.held)
    yield Sample(c.QUARANTINED, (), figures.quarantined)
    yield from _occurrences(counted, most)
    yield Sample(c.STARTED, (), started.timestamp())
    if figures.heartbeat is not None:
        yield Sample(c.HEARTBEAT, (), figures.heartbeat.timestamp())
    yield Sample(c.COUNTED, (), figures.at.timestamp())


def _occurrences(counted: Mapping[str, int], most: int) -> Iterator[Sample]:
    shown = frozenset(sorted(counted)[:most])
    added: Counter[tuple[str, ...]] = Counter()
    for what, number in counted.items():
        added[(_short(_known(what, shown)),)] += number
    yield from _each(c.OCCURRENCES, added)


def _incidents(figures: Figures) -> Iterator[Sample]:
    counted: Counter[tuple[str, ...]] = Counter()
    for (status, priority), number in figures.incidents.items():
        counted[_known(status, Status), priority.value] += number
    yield from _each(c.INCIDENTS, counted)
    verdicts: Counter[tuple[str, ...]] = Counter()
    for verdict, number in figures.verdicts.items():
        verdicts[(_known(verdict, Verdict),)] += number
    yield from _each(c.VERDICTS, verdicts)


def _tickets(figures: Figures) -> Iterator[Sample]:
    today, days = figures.at.date(), figures.tickets_per_day
    yield Sample(c.TICKETS, ("today",), days.get(today, 0))
    yield Sample(c.TICKETS, ("yesterday",), days.get(today - timedelta(days=1), 0))
    if figures.since is not None:
        window = (figures.at - figures.since) / timedelta(days=1)
        yield Sample(c.TICKETS, ("mean",), sum(days.values()) / window)
    yield from _spread(c.TO_TICKET, c.TO_TICKET_MEAN, (), figures.log_to_ticket)
    creation = figures.creation
    for outcome, number in attrs.asdict(creation).items():
        yield Sample(c.CREATIONS, (outcome,), number)
    yield from _share(c.CREATION_SHARE, (), creation.share)


def _promises(figures: Figures) -> Iterator[Sample]:
    for (clock, priority), kept in figures.kept.items():
        if clock in _CLOCKS:
            for outcome, number in attrs.asdict(kept).items():
                yield Sample(c.CLOCKS, (clock, priority.value, outcome), number)
            yield from _share(c.WITHIN, (clock, priority.value), kept.share)
    for priority in Priority:
        label = (priority.value,)
        yield from _spread(c.ACKNOWLEDGE, c.ACKNOWLEDGE_MEAN, label, figures.acknowledge.get(priority))
        yield from _spread(c.RESOLVE, c.RESOLVE_MEAN, label, figures.resolve.get(priority))


def _escalations(figures: Figures, most: int) -> Iterator[Sample]:
    rungs: Counter[str] = Counter()
    for (_, rung), number in figures.escalations.items():
        rungs[_short(rung)] += number
    shown = _foremost(rungs, most)
    counted: Counter[tuple[str, ...]] = Counter()
    for (clock, rung), number in figures.escalations.items():
        counted[_known(clock, _CLOCKS), _known(_short(rung), shown)] += number
    yield from _each(c.ESCALATIONS, counted)


def _rules(rules: tuple[RuleFigures, ...], most: int) -> Iterator[Sample]:
    busy: Counter[str] = Counter()
    for one in rules:
        busy[_short(one.rule)] += one.events + one.incidents
    shown = _foremost(busy, most)
    added: dict[str, RuleFigures] = {}
    for one in rules:
        name = _known(_short(one.rule), shown)
        before = added.get(name, RuleFigures(rule=name))
        added[name] = RuleFigures(
            rule=name,
            events=before.events + one.events,
            incidents=before.incidents + one.incidents,
            judged=before.judged + one.judged,
            false_positives=before.false_positives + one.false_positives,
        )
    for name, one in added.items():
        yield Sample(c.RULE_EVENTS, (name,), one.events)
        yield Sample(c.RULE_INCIDENTS, (name,), one.incidents)
        yield from _share(c.RULE_FALSE, (name,), one.false_share)


def _queue(figures: Figures) -> Iterator[Sample]:
    for left, number in figures.queue.items():
        yield Sample(c.QUEUE, (left.value,), number)
    for breach in figures.next_breaches[:1]:
        yield Sample(c.NEXT_BREACH, (), (breach.due_at - figures.at).total_seconds())


def _deliveries(figures: Figures, most: int) -> Iterator[Sample]:
    busy: Counter[str] = Counter()
    for numbers in (figures.jobs, figures.attempts):
        for (dest, _), number in numbers.items():
            busy[_short(dest)] += number
    shown = _foremost(busy, most)
    for metric, numbers, words in ((c.JOBS, figures.jobs, _STATES), (c.TRIES, figures.attempts, _OUTCOMES)):
        counted: Counter[tuple[str, ...]] = Counter()
        for (dest, word), number in numbers.items():
            counted[_known(_short(dest), shown), _known(word, words)] += number
        yield from _each(metric, counted)
    for dest, spread in figures.attempt_seconds.items():
        if _short(dest) in shown:  # percentiles cannot be added up
            yield from _spread(c.DELIVERY, c.DELIVERY_MEAN, (_short(dest),), spread)
    uncertain = figures.oldest_uncertain
    yield Sample(c.UNCERTAIN, (), 0 if uncertain is None else (figures.at - uncertain).total_seconds())


def _each(metric: c.Metric, numbers: Mapping[tuple[str, ...], float]) -> Iterator[Sample]:
    for labels, number in numbers.items():
        yield Sample(metric, labels, number)


def _spread(metric: c.Metric, mean: c.Metric, labels: tuple[str, ...], spread: Spread | None) -> Iterator[Sample]:
    if spread is None:
        return
    for percentile, value in (("50", spread.p50), ("90", spread.p90), ("95", spread.p95), ("99", spread.p99)):
        yield Sample(metric, (*labels, percentile), value)
    yield Sample(mean, labels, spread.mean)


def _share(metric: c.Metric, labels: tuple[str, ...], share: float | None) -> Iterator[Sample]:
    if share is not None:
        yield Sample(metric, labels, share)


def _foremost(numbers: "Counter[str]", most: int) -> frozenset[str]:
    return frozenset(name for name, _ in numbers.most_common(most))


def _known(text: str, words: "type[Status] | type[Verdict] | tuple[str, ...] | frozenset[str]") -> str:
    return text if text in [str(word) for word in words] else OTHER


def _short(text: str) -> str:
    return printable(text)[:_LONGEST]
