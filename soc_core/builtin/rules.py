"""The rules classifier: what the shipped rules, and those a team adds, make of an event.

The strongest matching rule speaks: highest severity, then confidence, then id. Where no rule knows an event, what the
event says about itself and what was done to what decide (`judgement.py`).
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

from soc_core import Event, Finding, Pattern, SettingsError, Threshold, hookimpl, setting
from soc_core.builtin.judgement import FIELDS, judge
from soc_core.builtin.response import ResponseTable, read_response_table
from soc_core.builtin.rule import Count, Rule, severity_of
from soc_core.builtin.rule_book import RuleBook
from soc_core.builtin.rule_fields import Values
from soc_core.builtin.rule_language import read_rule_files
from soc_core.builtin.rule_needs import patterns_of
from soc_core.builtin.rule_table import nearest

if TYPE_CHECKING:  # click is only needed when the command line is built
    import click

HERE = Path(__file__).parent
PACK = HERE / "rules"
"""The shipped rules."""

_TEXTS = ("plain", "syslog", "access")
_NAME = "rules"  # signed at once: otherwise the core makes a copy for the signature
_ENTITIES = ("ip", "user", "host", "source")
_T = TypeVar("_T")


def _in_order(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(values)


class Rules:
    """Classifies events by rule files."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """Which rules are in force."""

        pack: bool = attrs.field(default=True, metadata=setting("Whether the shipped rules are used"))
        paths: tuple[Path, ...] = attrs.field(
            default=(),
            converter=_in_order,
            metadata=setting("Further folders or files of rules; they take the place of shipped ones with the same id"),
        )
        disable: tuple[str, ...] = attrs.field(
            default=(), converter=_in_order, metadata=setting("Ids of rules that are not used")
        )
        prefilter: bool = attrs.field(
            default=True,
            metadata=setting("Pass over lines that cannot come to severity 6; off if other plugins act on less"),
        )
        actions: Path | None = attrs.field(
            default=None, metadata=setting("File with recommended response actions, instead of the shipped table")
        )

    def __init__(self, settings: "Rules.Settings | None" = None) -> None:
        settings = settings or self.Settings()
        own = read_rule_files(settings.paths)
        replaced = {rule.id for rule in own}  # a new release may ship an id that a team has long had
        shipped = [rule for rule in read_rule_files([PACK] if settings.pack else []) if rule.id not in replaced]
        self.rules: tuple[Rule, ...] = _enabled((*shipped, *own), settings.disable)
        self._prefilter = settings.prefilter
        self._classifier = Classifier(self.rules, read_response_table(settings.actions or HERE / "actions.toml"))

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        """The finding of the strongest rule, or None for an event that says nothing."""
        return self._classifier.classify([event])[0]

    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding | None]:
        """The same for many events."""
        return self._classifier.classify(events)

    @hookimpl
    def register_patterns(self) -> Sequence[Pattern]:
        """What a line must contain to come to an alert, alone or by being counted."""
        return patterns_of(self.rules) if self._prefilter else ()

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """Add `soc rules list` and `soc rules test`."""
        from soc_core.builtin.rule_commands import rules_group  # noqa: PLC0415  # click and rich only for the command line

        cli.add_command(rules_group(self.rules))


class Classifier:
    """A set of rules at work on single events."""

    def __init__(self, rules: Sequence[Rule], response: ResponseTable) -> None:
        self._book = RuleBook(rules, FIELDS)
        self._actions = lru_cache(maxsize=1024)(response.actions)
        self._reasons = {rule.id: rule.reason for rule in rules}
        self._single = frozenset(rule.id for rule in rules if rule.threshold is None or rule.threshold.own)
        self._by_words = frozenset(rule.id for rule in rules if _by_words(rule))
        self._counted = lru_cache(maxsize=4096)(self._threshold)  # one rule and one key come again and again

    def classify(self, events: Sequence[Event]) -> list[Finding | None]:
        """What the rules, or failing that the events' own words, say."""
        found = self._book.matching(events)
        return [self._finding(event, values, matched) for event, (values, matched) in zip(events, found, strict=True)]

    def _finding(self, event: Event, values: Values, matched: Sequence[Rule]) -> Finding | None:
        if not matched:
            return self._unknown(event, values, (), ())
        best: Rule | None = None
        best_rank: tuple[float, float] = (-1.0, -1.0)
        for rule in matched:
            if rule.id not in self._single:
                continue
            rank = (severity_of(rule, event), rule.confidence)
            if best is None or rank > best_rank or (rank == best_rank and rule.id < best.id):
                best, best_rank = rule, rank
        thresholds = tuple(
            [found for rule in matched if rule.threshold and (found := self._count(rule, rule.threshold, event))]
        )
        if best is None or (event.schema not in _TEXTS and best.id in self._by_words):
            judged = self._unknown(event, values, matched, thresholds)
            if best is None or (judged is not None and judged.severity > best_rank[0]):
                return judged
        return Finding(
            event=event,
            label=best.label,
            severity=best_rank[0],
            confidence=best.confidence,
            rule=best.id,
            reason=best.reason_for(values) or self._reasons[best.id],
            actions=best.actions or self._actions(best.label, best_rank[0]),
            security=best.security,
            thresholds=thresholds,
            classifier=_NAME,
        )

    def _unknown(
        self, event: Event, values: Values, matched: Sequence[Rule], thresholds: tuple[Threshold, ...]
    ) -> Finding | None:
        """An event that no rule speaks of by itself; rules that only count it still do."""
        judgement = judge(event, values)
        if judgement is None and not matched:
            return None
        security = any(rule.security for rule in matched)
        if judgement is None:
            rule = matched[0]
            return Finding(
                event=event,
                label="Unclassified",
                severity=1,
                confidence=rule.confidence,
                rule=rule.id,
                reason=f"{self._reasons[rule.id]}; one alone is worth nothing, it is counted",
                security=security,
                thresholds=thresholds,
                classifier=_NAME,
            )
        return Finding(
            event=event,
            label=judgement.label,
            severity=judgement.severity,
            confidence=judgement.confidence,
            rule=judgement.rule,
            reason=judgement.reason,
            actions=self._actions(judgement.label, judgement.severity),
            security=judgement.security or security,
            thresholds=thresholds,
            classifier=_NAME,
        )

    def _count(self, rule: Rule, count: Count, event: Event) -> Threshold | None:
        """The count an event takes part in; None where the event lacks everything it is counted by."""
        parts = [_key_part(name, event) for name in count.by]
        if not any(parts):
            return None
        return self._counted(rule, count, "|".join([part.replace("|", "_") or "-" for part in parts]))

    def _threshold(self, rule: Rule, count: Count, key: str) -> Threshold:
        return Threshold(
            rule=rule.id,
            count=count.count,
            within=count.within,
            key=key,
            label=count.label,
            severity=count.severity,
            confidence=count.confidence,
            reason=f"{count.count} or more within {count.span}: {self._reasons[rule.id]}",
            actions=rule.actions or self._actions(count.label, count.severity),
        )


def _by_words(rule: Rule) -> bool:
    """Whether a rule goes by words alone: what an event's fields say may then count for more."""
    return not (rule.sources or rule.all.fields or any(group.fields for group in rule.any))


def _key_part(name: str, event: Event) -> str:
    value = getattr(event, name) if name in _ENTITIES else event.field(name)
    return "" if value is None else str(value)[:200]


def _enabled(rules: Sequence[Rule], disabled: Sequence[str]) -> tuple[Rule, ...]:
    names = [rule.id for rule in rules]
    for name in disabled:
        if name not in names:
            raise SettingsError(f"[plugins.rules] disable: there is no rule {name!r}{nearest(name, names)}")
    return tuple(rule for rule in rules if rule.id not in disabled)
