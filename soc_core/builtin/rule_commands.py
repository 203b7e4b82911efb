"""`soc rules`: which rules are in force, and whether the examples beside them still hold."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from soc_core.builtin.rule import Rule
from soc_core.builtin.rule_examples import ExampleResult, test_rules

_WIDE = 120  # columns, from which on there is room for all of a rule


def rules_group(rules: Sequence[Rule]) -> click.Group:
    """The command group over the rules in force."""

    @click.group(name="rules")
    def group() -> None:
        """Rules of the rules classifier."""

    @group.command(name="list")
    @click.argument("words", metavar="[WORD]...", nargs=-1)
    @click.option("--json", "as_json", is_flag=True, help="One JSON document.")
    def list_rules(words: tuple[str, ...], as_json: bool) -> None:
        """Show the rules with their severity: all, or those with every WORD in id, title or file.

        `soc rules list okta` shows what is known of Okta.
        """
        found = [rule for rule in rules if _speaks_of(rule, words)]
        if words and not found:
            click.echo(f"No rule has {' and '.join(map(repr, words))} in its id, title or file.", err=True)
        _show_list(found, as_json=as_json)

    @group.command(name="test")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document.")
    def run_examples(as_json: bool) -> None:
        """Try the examples beside the rules; ends with 1 if one fails."""
        results = test_rules(rules)
        _show_results(results, as_json=as_json)
        if any(result.problem for result in results):
            raise click.exceptions.Exit(1)

    return group


def listing(rules: Sequence[Rule]) -> dict[str, object]:
    """The rules as a document."""
    rows = [
        {
            "id": rule.id,
            "title": rule.title,
            "label": rule.label,
            "severity": rule.severity,
            "confidence": rule.confidence,
            "security": rule.security,
            "source": list(rule.sources),
            "threshold": _threshold(rule) or None,
            "attack": list(rule.attack),
            "examples": len(rule.examples),
            "file": rule.file,
        }
        for rule in rules
    ]
    return {"schema": 1, "rules": rows}


def report(results: Sequence[ExampleResult]) -> dict[str, object]:
    """The outcome of the examples as a document."""
    failed = [
        {"rule": result.rule, "example": result.number, "text": result.text, "problem": result.problem}
        for result in results
        if result.problem
    ]
    return {"schema": 1, "examples": len(results), "failed": failed}


def _show_list(rules: Sequence[Rule], *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        click.echo(json.dumps(listing(rules)))
        return
    console = Console()
    wide = console.width >= _WIDE
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Rule", no_wrap=True)
    table.add_column("Severity", justify="right")
    for name in ("Label", "Threshold") if wide else ():
        table.add_column(name)
    table.add_column("What")
    for rule in rules:
        more = (rule.label, _threshold(rule)) if wide else ()
        table.add_row(*map(Text, (rule.id, f"{rule.severity:g}", *more, rule.title)))
    console.print(table)


def _show_results(results: Sequence[ExampleResult], *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        click.echo(json.dumps(report(results)))
        return
    console = Console()
    for result in results:
        if result.problem:
            console.print(Text(f"{result.rule}, example {result.number}: {result.problem}: {result.text[:200]!r}"))
    failed = sum(bool(result.problem) for result in results)
    console.print(f"{len(results)} examples, {failed} failed")


def _speaks_of(rule: Rule, words: Iterable[str]) -> bool:
    told = f"{rule.id} {rule.title} {Path(rule.file).stem}".lower()
    return all(word.lower() in told for word in words)


def _threshold(rule: Rule) -> str:
    count = rule.threshold
    return "" if count is None else f"{count.count} in {count.span} by {', '.join(count.by)} -> {count.severity:g}"
