"""Tries the examples that stand beside each rule: does the rule see what its author says it sees, and nothing else?"""

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from soc_core import Event
from soc_core.builtin.rule import Example, Rule, severity_of
from soc_core.builtin.rule_book import RuleBook

_SEEN = datetime(2000, 1, 1, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class ExampleResult:
    """How one example beside a rule came out; `problem` is empty when it passed."""

    rule: str
    number: int
    text: str
    problem: str = ""


def test_rules(rules: Sequence[Rule]) -> tuple[ExampleResult, ...]:
    """Try every example beside every rule, each against its own rule alone."""
    results = []
    for rule in rules:
        book = RuleBook([rule])
        for number, example in enumerate(rule.examples, 1):
            problem = _problem(rule, book, example)
            results.append(ExampleResult(rule=rule.id, number=number, text=example.text, problem=problem))
    return tuple(results)


test_rules.__test__ = False  # type: ignore[attr-defined]  # pytest collects functions of this name


def example_event(example: Example) -> Event:
    """An example as the event that a classifier would see."""
    known = example.known
    return Event(
        source=example.source,
        message=example.text,
        received=_SEEN,
        severity=example.stated,
        action=known.get("action"),
        outcome=known.get("outcome"),
        host=known.get("host"),
        user=known.get("user"),
        ip=known.get("ip"),
        fields=example.fields,
        schema="json" if example.fields else "plain",
    )


def _problem(rule: Rule, book: RuleBook, example: Example) -> str:
    event = example_event(example)
    [(_, found)] = book.matching([event])
    matched = bool(found)
    if matched != example.match:
        return "it should match and does not" if example.match else "it should not match and does"
    label, severity = rule.label, severity_of(rule, event)
    if rule.threshold is not None and not rule.threshold.own:
        label, severity = rule.threshold.label, rule.threshold.severity
    if matched and example.label is not None and example.label != label:
        return f"the label should be {example.label!r} and is {label!r}"
    if matched and example.severity is not None and example.severity != severity:
        return f"the severity should be {example.severity:g} and is {severity:g}"
    return ""
