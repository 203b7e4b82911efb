"""Each log family judged as if nobody had ever written a rule for it.

A rule knows a family if most of the labelled rows it speaks of are of that family. Without those rules a family is
judged by the generic layer and by the rules of other products alone, which shows on open data how the judgement holds
on logs never seen.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from figures import Scored
from judging import Judge, event_in, score_rows

from soc_core.builtin.rule_book import RuleBook
from soc_core.builtin.rules import Rules

_MOST = 0.8


def score_unseen(labelled: Sequence[Mapping[str, object]]) -> list[Scored]:
    """Judge every family without the rules that know it."""
    knowing = rules_by_family(labelled)
    families: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for row in labelled:
        families[str(row["family"])].append(row)
    return [
        scored
        for family, part in families.items()
        for scored in score_rows(Judge(without=knowing.get(family, ())), part)
    ]


def rules_by_family(labelled: Sequence[Mapping[str, object]]) -> dict[str, list[str]]:
    """For each family, the rules most of whose rows are in it."""
    book = RuleBook(Rules().rules)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in labelled:
        event = event_in(row)
        [(_, matching)] = book.matching([event])
        for rule in matching:
            seen[rule.id][str(row["family"])] += 1
    knowing: dict[str, list[str]] = defaultdict(list)
    for rule, families in seen.items():
        family, hits = families.most_common(1)[0]
        if hits >= _MOST * families.total():
            knowing[family].append(rule)
    return knowing
