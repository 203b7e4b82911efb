"""What a line must contain for the rules classifier to have more than a passing interest in it.

Most lines of most logs can become neither an alert nor part of a count. So that they can be passed over at full speed,
each rule that matters names the texts its events cannot lack, and so do the two ways in which events that no rule
knows are judged: a severity that is stated, and an operation that is named.
"""

import re
from collections.abc import Iterable, Sequence

import attrs

from soc_core import Pattern
from soc_core.builtin.literals import Literal, telling
from soc_core.builtin.rule import Group, Rule

FLOOR = 6.0
"""What is below this can become neither an alert nor a ticket."""

_LAST_RESORT = 0.1
_LONG = 12
_HEADER = frozenset({"raw", "pid", "pri", "msgid", "structureddata"})
_COLUMNS = frozenset({"client", "user", "vhost", "method", "path", "protocol", "status", "size", "referer", "agent"})
"""Names that the intake gives to what has none in its line: parts of syslog headers, and columns of access logs."""
_SERIOUS_PRI = "|".join(str(pri) for pri in range(192) if pri % 8 <= 3)
_KEY = r"[\w.]{0,40}[\"']?\s*[:=]\s*[\"']?\s*"
_FIELD = r"[\w. -]{0,40}(?:[\"']\s*:|=)"

JUDGED = (
    Pattern(name="stated-by-priority", text=f"<(?:{_SERIOUS_PRI})>"),
    Pattern(name="stated-by-header", text="CEF:|LEEF:"),
    Pattern(
        name="stated-by-word",
        text=r"\b(?:d?panic|crit|critical|fatal|alert|emerg|emergency|severe|high|important|major|malicious"
        r"|very[- ]?high)\b",
    ),
    Pattern(name="stated-by-number", text=rf"(?:sever|sev|criticality|risk_?level|priority|prio){_KEY}[0-9]"),
    Pattern(name="stated-by-level", text=rf"(?:level|lvl){_KEY}(?:[0136-9]\b|1[0-9]\b|60)"),
    Pattern(
        name="finding-named",
        text=rf"(?:signature|threat|malware|virus|attack|detect|scenario|categor|tactic|technique|objective|note|model"
        rf"|reason|rule|risk|finding|alert|kind|confidence|display[_ -]?message){_FIELD}",
    ),
    Pattern(name="named", text=r'(?i:"(?:events?\.)?(?:name|object|cat)(?:\\?")\s*:)'),
    Pattern(
        name="operation-named",
        text=rf"(?:action|act|oper|op|event|activity|verb|method|type|title|class|description|_tag|\.tag){_KEY}\S",
    ),
)
"""What events carry that are judged by what they state or by what was done."""


@attrs.frozen
class Need:
    """A text as an expression, and how few lines contain it, roughly."""

    expression: str
    rarity: float


def patterns_of(rules: Sequence[Rule]) -> tuple[Pattern, ...]:
    """Patterns one of which fires on every event that can come to `FLOOR`, alone or by being counted.

    Empty if some rule that matters names nothing its events cannot lack: then every event must be seen.
    """
    patterns = list(JUDGED)
    for rule in rules:
        if not matters(rule):
            continue
        needs = needs_of(rule)
        if not needs:
            return ()
        patterns.append(Pattern(name=rule.id, text="|".join(need.expression for need in needs)))
    return tuple(patterns)


def matters(rule: Rule) -> bool:
    """Whether a rule can lead to an alert or a ticket."""
    reached = [rule.severity]
    if rule.stated is not None:
        reached.append(rule.stated[1])
    if rule.threshold is not None:
        reached.append(rule.threshold.severity)
    return max(reached) >= FLOOR


def needs_of(rule: Rule) -> tuple[Need, ...]:
    """What every event of a rule contains one of; empty if nothing can be named."""
    choices = [_group_needs(rule.all)]
    groups = [_group_needs(group) for group in rule.any]
    if groups and all(groups):
        choices.append(tuple(dict.fromkeys(need for needs in groups for need in needs)))
    return max(choices, key=_rarity)


def _group_needs(group: Group) -> tuple[Need, ...]:
    choices = [_of_literals(field.needs) for field in group.fields]
    choices += [_of_names(field.named) for field in group.fields]
    choices += [
        _of_literals([literal for pattern in patterns for literal in pattern.literals])
        for patterns in group.texts
        if all(pattern.literals for pattern in patterns)
    ]
    return max(choices, key=_rarity, default=())


def _rarity(needs: Sequence[Need]) -> float:
    return min((need.rarity for need in needs), default=0.0)


def _of_literals(literals: Iterable[Literal]) -> tuple[Need, ...]:
    return tuple(Need(_expression(literal), _rarity_of(literal)) for literal in dict.fromkeys(literals))


def _expression(literal: Literal) -> str:
    """A literal to look for; the edges of a long one tell nothing, and take scanners long to learn."""
    escaped = re.escape(literal.text)
    return rf"\b{escaped}\b" if literal.whole and len(literal.text) < _LONG else escaped


def _rarity_of(literal: Literal) -> float:
    """Numbers that stand alone, such as those of events, tell more here than in the ordering of rules."""
    return telling(literal) + (len(literal.text) if literal.whole and literal.text.isdecimal() else 0)


def _of_names(names: Iterable[tuple[str, ...]]) -> tuple[Need, ...]:
    """Names of fields, however their words are joined."""
    return tuple(Need("[_ -]?".join(words), _rarity_of_name(words)) for words in dict.fromkeys(names) if words)


def _rarity_of_name(words: Sequence[str]) -> float:
    """Each line of a product has its names, few have one of its values; names that are not in a line say nothing."""
    name = "".join(words)
    return _LAST_RESORT if name in _HEADER | _COLUMNS else 0.6 * telling(Literal(name, whole=False))


def undeclarable(rules: Iterable[Rule]) -> tuple[str, ...]:
    """The rules that matter and name nothing their events cannot lack."""
    return tuple(rule.id for rule in rules if matters(rule) and not needs_of(rule))
