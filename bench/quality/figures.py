"""What is counted: hits and misses of yes-or-no questions, and how well severities rank."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import attrs

QUIET = ("kafka", "op_")
"""How families begin whose lines are merely operational."""


@attrs.frozen(kw_only=True)
class Scored:
    """One row with its truth and with what was found."""

    family: str
    corpus: str
    truth: dict[str, object]
    severity: float
    security: bool
    ticket: bool
    rule: str
    row: str


@attrs.frozen(kw_only=True)
class Tally:
    """Hits and misses of one yes-or-no question."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0

    def text(self) -> str:
        low, high = interval(self)
        return (
            f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f} [{low:.2f}..{high:.2f}]"
            f"  (tp {self.tp} fp {self.fp} fn {self.fn} tn {self.tn})"
        )


@attrs.frozen(kw_only=True)
class Summary:
    """The figures of a set of rows; `false_tickets` is per 10,000 quiet rows."""

    rows: int
    ticket: Tally
    security: Tally
    spearman: float
    quiet: int
    false_tickets: float | None


def interval(tally: Tally) -> tuple[float, float]:
    """A rough 95 % interval of F1: the normal approximation on its number of decisive rows."""
    n = tally.tp + (tally.fp + tally.fn) / 2
    if n == 0:
        return 0.0, 0.0
    half = 1.96 * math.sqrt(max(tally.f1 * (1 - tally.f1), 1e-9) / n)
    return max(0.0, tally.f1 - half), min(1.0, tally.f1 + half)


def tally(pairs: Iterable[tuple[bool, bool]]) -> Tally:
    """Count (truth, answer) pairs."""
    counts = Counter(pairs)
    return Tally(tp=counts[True, True], fp=counts[False, True], fn=counts[True, False], tn=counts[False, False])


def spearman(pairs: Sequence[tuple[float, float]]) -> float:
    """Rank correlation with ties."""
    if len(pairs) < 3:
        return float("nan")
    left, right = _ranks([a for a, _ in pairs]), _ranks([b for _, b in pairs])
    mean = (len(pairs) + 1) / 2
    cov = sum((a - mean) * (b - mean) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(sum((a - mean) ** 2 for a in left) * sum((b - mean) ** 2 for b in right))
    return cov / spread if spread else float("nan")


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda n: values[n])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for n in order[start:end]:
            ranks[n] = (start + end + 1) / 2
        start = end
    return ranks


def summary(scored: Sequence[Scored]) -> Summary:
    """The figures of a set of rows."""
    tickets = tally((row.truth["ticket"] is True, row.ticket) for row in scored if row.truth["ticket"] is not None)
    security = tally(
        (row.truth["security"] is True, row.security) for row in scored if row.truth["security"] is not None
    )
    ranked = [(true, row.severity) for row, true in _graded(scored)]
    quiet = [row for row in scored if row.family.startswith(QUIET)]
    false = sum(row.ticket for row in quiet)
    return Summary(
        rows=len(scored),
        ticket=tickets,
        security=security,
        spearman=round(spearman(ranked), 3),
        quiet=len(quiet),
        false_tickets=round(1e4 * false / len(quiet), 1) if quiet else None,
    )


def best_rank(scored: Sequence[Scored], kind: Callable[[Scored], str]) -> float:
    """How well rows would rank if each kind had the mean of its true severities: about the best such a scale can do."""
    true: dict[str, list[float]] = defaultdict(list)
    for row, severity in _graded(scored):
        true[kind(row)].append(severity)
    means = {name: sum(found) / len(found) for name, found in true.items()}
    return round(spearman([(severity, means[kind(row)]) for row, severity in _graded(scored)]), 3)


def _graded(scored: Sequence[Scored]) -> list[tuple[Scored, float]]:
    return [(row, float(row.truth["severity"])) for row in scored if row.truth["severity"] is not None]  # type: ignore[arg-type]


def near_misses(scored: Sequence[Scored]) -> tuple[int, int]:
    """Rows a rule of their authors must stay silent on, and how many of them became tickets all the same."""
    near = [
        row
        for row in scored
        if row.corpus == "panther" and row.truth["ticket"] is False and row.truth["severity"] is None
    ]
    return len(near), sum(row.ticket for row in near)


def pairs(scored: Sequence[Scored]) -> tuple[int, int, int]:
    """Pairs of an event a rule must find and one it must not: how many there are, are ranked so, and are level."""
    found: dict[str, list[float]] = defaultdict(list)
    spared: dict[str, list[float]] = defaultdict(list)
    for row in scored:
        for name in row.truth["rule_ids"] or ():  # type: ignore[attr-defined]  # a list of names
            if name.startswith("panther:not:"):
                spared[name.removeprefix("panther:not:")].append(row.severity)
            elif name.startswith("panther:"):
                found[name.removeprefix("panther:")].append(row.severity)
    both = [(worse, milder) for name in found for worse in found[name] for milder in spared.get(name, ())]
    return len(both), sum(worse > milder for worse, milder in both), sum(worse == milder for worse, milder in both)
