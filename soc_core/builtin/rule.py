"""A rule as it was read: what it looks for, what it says, and the examples beside it."""

from collections.abc import Mapping, Set
from datetime import timedelta

import attrs

from soc_core import Event
from soc_core.builtin.rule_fields import FieldCondition, Values
from soc_core.builtin.rule_patterns import SHORT, TextPattern

_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


@attrs.frozen(kw_only=True, eq=False)
class Group:
    """Conditions that must hold together."""

    texts: tuple[tuple[TextPattern, ...], ...] = ()
    """Of each list of patterns one must occur."""
    fields: tuple[FieldCondition, ...] = ()

    def among(self, seen: Set[str]) -> "Group | None":
        """What is left to ask of a text in which these literals occur and no others; None if the group cannot hold."""
        texts = tuple(tuple(one for one in some if not one.keys or one.keys & seen) for some in self.texts)
        return attrs.evolve(self, texts=texts) if all(texts) else None

    def holds(self, text: str, values: Values) -> bool:
        """Whether an event is what the group asks for."""
        for field in self.fields:  # plain loops: this runs for every rule that a line brings up
            if not field.holds(values):
                return False
        short = len(text) <= SHORT
        for patterns in self.texts:
            for pattern in patterns:
                if pattern.in_short(text) if short else pattern.search(text):
                    break
            else:
                return False
        return True


@attrs.frozen(kw_only=True, cache_hash=True)
class Count:
    """How many such events within which time, and what they become."""

    count: int
    within: timedelta
    by: tuple[str, ...]
    severity: float
    label: str
    confidence: float
    own: bool
    """Whether the count has a severity of its own; if not, a single event is worth nothing by this rule."""

    @property
    def span(self) -> str:
        """The time as rules write it, such as `2m`."""
        seconds = int(self.within.total_seconds())
        return next(f"{seconds // size}{unit}" for unit, size in _UNITS if seconds % size == 0)


@attrs.frozen(kw_only=True)
class Example:
    """A line or event beside a rule, and what the rule says to it."""

    rule: str
    text: str
    fields: Mapping[str, object]
    source: str
    match: bool
    label: str | None = None
    severity: float | None = None
    known: Mapping[str, str] = attrs.field(factory=dict)
    stated: float | None = None


@attrs.frozen(kw_only=True, eq=False)
class Rule:
    """One rule as it was read.

    Args:
        sources: What the source must look like, lower case; empty for any.
        stated: The bounds between which the event's own severity is taken, or None to go by `severity`.
        file: Where it stands.
    """

    id: str
    title: str
    label: str
    severity: float
    confidence: float
    security: bool
    sources: tuple[str, ...]
    all: Group
    any: tuple[Group, ...]
    unless: tuple[Group, ...]
    stated: tuple[float, float] | None
    threshold: Count | None
    actions: tuple[str, ...]
    attack: tuple[str, ...]
    references: tuple[str, ...]
    examples: tuple[Example, ...]
    file: str

    def among(self, seen: Set[str]) -> "Rule | None":
        """What is left to ask of a text in which these literals occur and no others; None if it cannot match."""
        whole, some = self.all.among(seen), tuple(filter(None, (group.among(seen) for group in self.any)))
        if whole is None or (self.any and not some):
            return None
        unless = tuple(filter(None, (group.among(seen) for group in self.unless)))
        return attrs.evolve(self, all=whole, any=some, unless=unless)

    def matches(self, text: str, values: Values) -> bool:
        """Whether an event of an admitted source is what the rule speaks of."""
        return (
            self.all.holds(text, values)
            and (not self.any or any(group.holds(text, values) for group in self.any))
            and not (self.unless and any(group.holds(text, values) for group in self.unless))
        )

    @property
    def reason(self) -> str:
        """Why events get this rule's label and severity, in one sentence."""
        shown = "; ".join(field.shown for field in self.all.fields if not field.absent)
        return f"{self.title} (rule {self.id}{f': {shown}' if shown else ''})"

    def reason_for(self, values: Values) -> str:
        """The same for an event that it speaks of, with the fields that decided; empty if it goes by words."""
        if not self.all.fields and not self.any:
            return ""
        fields = (*self.all.fields, *next((one.fields for one in self.any if _meant(one, values)), ()))
        decided = "; ".join([seen for field in fields if (seen := field.seen(values))])
        return f"{self.title} (rule {self.id}: {decided})" if decided else ""


def _meant(group: Group, values: Values) -> bool:
    return bool(group.fields) and all(field.holds(values) for field in group.fields)


def severity_of(rule: Rule, event: Event) -> float:
    """The severity a rule gives an event: its own, or what the event states within the rule's bounds."""
    if rule.stated is None or event.severity is None:
        return rule.severity
    low, high = rule.stated
    return min(high, max(low, event.severity))
