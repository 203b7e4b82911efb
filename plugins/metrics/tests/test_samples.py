"""However many rules, rungs and destinations there are, and whatever they are called, the series stay few and valid."""

from datetime import UTC, datetime, timedelta

import attrs
from prometheus_client.parser import text_string_to_metric_families
from soc_metrics.catalogue import ESCALATIONS, INCIDENTS, JOBS, RULE_EVENTS, RULE_FALSE, TRIES, VERDICTS
from soc_metrics.client import page
from soc_metrics.samples import samples

from soc_core import Creation, Figures, Left, Priority, RuleFigures, Spread

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTHING = Figures(
    at=NOW,
    since=NOW - timedelta(days=1),
    incidents={},
    verdicts={},
    tickets_per_day={},
    log_to_ticket=None,
    creation=Creation(),
    kept={},
    acknowledge={},
    resolve={},
    escalations={},
    rules=(),
    queue={Left.OVERDUE: 1},
    next_breaches=(),
    jobs={},
    attempts={},
    attempt_seconds={},
    oldest_uncertain=None,
    held=0,
    quarantined=0,
)


def of(metric, *, most=2, **changed):
    found = samples(attrs.evolve(NOTHING, **changed), started=NOW, most=most)
    return {one.labels: one.value for one in found if one.metric is metric}


def test_the_busiest_rules_have_a_series_and_the_rest_is_added_up():
    rules = tuple(
        RuleFigures(rule=f"r{n}", events=100 - n, incidents=1, judged=2, false_positives=n % 2) for n in range(50)
    )
    assert of(RULE_EVENTS, rules=rules) == {("r0",): 100, ("r1",): 99, ("other",): sum(100 - n for n in range(2, 50))}
    assert of(RULE_FALSE, rules=rules) == {("r0",): 0, ("r1",): 0.5, ("other",): 24 / 96}


def test_a_word_that_nobody_knows_is_other():
    incidents = {("Open", Priority.HIGH): 1, ("Waiting", Priority.HIGH): 2, ("Lost", Priority.HIGH): 3}
    assert of(INCIDENTS, incidents=incidents) == {("Open", "High"): 1, ("other", "High"): 5}
    assert of(VERDICTS, verdicts={"benign": 1, "who knows": 2}) == {("benign",): 1, ("other",): 2}
    jobs = {("jira", "ready"): 5, ("jira", "odd"): 1, ("slack", "dead"): 4, ("x", "dead"): 1, ("y", "dead"): 1}
    assert of(JOBS, jobs=jobs) == {
        ("jira", "ready"): 5,
        ("jira", "other"): 1,
        ("slack", "dead"): 4,
        ("other", "dead"): 2,
    }
    assert of(TRIES, attempts={("jira", "ok"): 1, ("jira", "maybe"): 2}) == {("jira", "ok"): 1, ("jira", "other"): 2}
    fired = {("resolution", "50%"): 9, ("response", "50%"): 1, ("resolution", "a"): 5, ("odd", "b"): 2, ("odd", "c"): 1}
    assert of(ESCALATIONS, escalations=fired) == {
        ("resolution", "50%"): 9,
        ("response", "50%"): 1,
        ("resolution", "a"): 5,
        ("other", "other"): 3,
    }


def test_a_hostile_name_is_a_short_visible_label():
    names = ['x"} 1\nsoc_held_events 9', "\x1b[31mred", "\ud800", "a\\b", "other", "l" * 100_000, "l" * 200_000]
    rules = tuple(RuleFigures(rule=name, events=1) for name in names)
    spread = Spread(count=1, mean=1, p50=1, p90=1, p95=1, p99=1)
    figures = attrs.evolve(NOTHING, rules=rules, attempt_seconds={"\ud800": spread})
    text = page(samples(figures, started=NOW, most=50)).decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert [one.value for one in found if one.name == "soc_held_events"] == [0]
    events = {one.labels["rule"]: one.value for one in found if one.name == "soc_rule_events"}
    assert events == {
        'x"} 1\\nsoc_held_events 9': 1,
        "\\x1b[31mred": 1,
        "\\ud800": 1,
        "a\\b": 1,
        "other": 1,
        "l" * 100: 2,
    }


def test_rules_whose_names_begin_alike_share_a_series():
    rules = tuple(RuleFigures(rule="l" * n, events=1) for n in range(90, 130))
    found = of(RULE_EVENTS, rules=rules, most=5)
    assert (len(found), found["l" * 100,], found["other",]) == (6, 30, 6)
