"""What the plugins say about events, and what of it leaves a trace; nothing is stored here."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs

from soc_core.calls import Calls, Classified, Decided
from soc_core.model.event import Course, Decision, Event, Finding, Threshold
from soc_core.spans import span

RAW_RULE = "raw-severity"


class Judgement(NamedTuple):
    """What the plugins said about one event, before anything is counted or stored.

    Args:
        classified: Every classifier's answer and what failed.
        decided: What is decided about the finding as it stands.
        raised: For each threshold the finding it would become, and what is decided about that.
    """

    classified: Classified
    decided: Decided | None = None
    raised: tuple[tuple[Threshold, Finding, Decided], ...] = ()

    @property
    def finding(self) -> Finding | None:
        """The strongest finding, or None."""
        return self.classified.finding

    @property
    def standing(self) -> tuple[Finding, Decision] | None:
        """The finding as it stands without any count, with its decision."""
        if self.decided is None:
            return None
        finding, event = self.finding, self.classified.event
        if finding is not None:
            return settled(finding, self.decided)
        if self.decided.decision is not None and event.severity is not None:
            finding = Finding(event=event, label="Security Alert", severity=event.severity, rule=RAW_RULE)
            return finding, self.decided.decision
        return None

    @property
    def undecided(self) -> bool:
        """Whether no decider could answer."""
        return self.decided is not None and self.decided.decision is None

    @property
    def to_be_held(self) -> bool:
        """Whether the event is kept for a replay."""
        return self.classified.held or (self.undecided and self.finding is not None)

    @property
    def matters(self) -> bool:
        """Whether the event leaves a trace, so that seeing it twice would show."""
        if self.raised or self.classified.held:
            return True
        decision = None if self.decided is None else self.decided.decision
        if decision is None:  # the built-in last word may have one
            return self.standing is not None
        return decision.course is not Course.IGNORE

    @property
    def rule(self) -> str:
        """What found it, to be counted under."""
        finding = self.finding
        return "" if finding is None else finding.rule or finding.label

    @property
    def identity(self) -> tuple[str, str] | None:
        """What the event is known by when it is seen again; None if it has no id."""
        event = self.classified.event
        return None if event.id is None else (event.source[:255], event.id[:255])


def judge(
    calls: Calls, events: Sequence[Event], *, see_all: Collection[str] | None = None, counts: bool = True
) -> tuple[Judgement, ...]:
    """Ask the classifiers and deciders about events; nothing is stored, so `soc explain` may ask too.

    Args:
        calls: The way to the plugins.
        events: What to judge.
        see_all: For events that a scan selected: the classifiers that see them all, see `Calls.classify`.
        counts: Whether to ask as well what would be decided once a count is reached.
    """
    with span("soc.classify"):
        classified = calls.classify(events, see_all=see_all)
    asked: list[Finding] = []
    for answer in classified:
        if not answer.findings:
            continue
        finding = answer.findings[0]
        asked.append(finding)
        if counts and finding.thresholds:
            asked.extend([_raised(finding, threshold) for threshold in finding.thresholds])
    with span("soc.decide"):
        decided = zip(asked, calls.decide(asked), strict=True)
    return tuple([_judgement(answer, decided, counts=counts) for answer in classified])


def _judgement(answer: Classified, decided: Iterator[tuple[Finding, Decided]], *, counts: bool) -> Judgement:
    finding = answer.finding
    if finding is None:
        return Judgement(answer, _raw(answer))
    _, plain = next(decided)
    if not (counts and finding.thresholds):
        return Judgement(answer, plain)
    raised = tuple((threshold, *next(decided)) for threshold in finding.thresholds)
    return Judgement(answer, plain, raised)


@attrs.frozen(kw_only=True)
class Weighed:
    """Judged events, of which only those are kept that leave a trace; it is small, and may come from another process.

    Args:
        judgements: Those that leave a trace, by their position among all.
        rules: How many of the others each rule found.
        processed: How many events there were.
    """

    judgements: Mapping[int, Judgement]
    rules: Mapping[str, int]
    processed: int


def weighed(judgements: Sequence[Judgement]) -> Weighed:
    """Tell what leaves a trace from what is only counted."""
    kept: dict[int, Judgement] = {}
    rules: dict[str, int] = {}
    for place, one in enumerate(judgements):
        if one.matters or one.to_be_held:
            kept[place] = one
        elif rule := one.rule:
            rules[rule] = rules.get(rule, 0) + 1
    return Weighed(judgements=kept, rules=rules, processed=len(judgements))


def settled(finding: Finding, decided: Decided) -> tuple[Finding, Decision] | None:
    """A finding with its decision; the built-in last word where no decider could be asked."""
    if decided.decision is not None:
        return finding, decided.decision
    if finding.severity >= 9:
        reason = f"severity {finding.severity:g} and no decider could be asked"
        return finding, Decision(Course.TICKET, reason=reason, by=RAW_RULE)
    return None


def _raised(finding: Finding, threshold: Threshold) -> Finding:
    return Finding(  # all of it named: `attrs.evolve` takes three times as long
        event=finding.event,
        label=threshold.label,
        severity=threshold.severity,
        confidence=threshold.confidence,
        rule=threshold.rule,
        reason=threshold.reason,
        actions=threshold.actions,
        security=finding.security,
        classifier=finding.classifier,
    )


def _raw(answer: Classified) -> Decided | None:
    """The built-in last word for an event that nobody could judge although it says itself that it is critical."""
    severity = answer.event.severity
    if not answer.held or severity is None or severity < 9:
        return None
    reason = f"the event states severity {severity:g} and no classifier could be asked"
    return Decided(decision=Decision(Course.TICKET, reason=reason, by=RAW_RULE), failures=answer.failures, answers=())
