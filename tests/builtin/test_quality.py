"""The figures of bench/quality: what is counted, what is a grey zone, and how ranks are compared."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

FILE = Path(__file__).resolve().parents[2] / "bench" / "quality" / "figures.py"
figures = SimpleNamespace(**runpy.run_path(str(FILE)))


def row(truth: dict[str, object], *, severity: float = 1, ticket: bool = False, family: str = "app") -> object:
    known = {"ticket": None, "security": None, "severity": None, "rule_ids": [], **truth}
    return figures.Scored(
        family=family,
        corpus="panther",
        truth=known,
        severity=severity,
        security=True,
        ticket=ticket,
        rule="r",
        row="1",
    )


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([(1, 1), (2, 2), (3, 3)], 1.0),
        ([(1, 3), (2, 2), (3, 1)], -1.0),
        ([(1, 1), (2, 3), (3, 2), (4, 4)], 0.8),
        ([(1, 1), (1, 2), (2, 3), (2, 4)], 0.894),  # with ties, as by the usual definition
    ],
)
def test_ranks_are_compared_as_spearman_did(pairs: list[tuple[float, float]], wanted: float) -> None:
    assert figures.spearman(pairs) == pytest.approx(wanted, abs=0.001)


def test_the_best_rank_is_that_of_true_means_and_cannot_tell_apart_what_is_of_one_kind() -> None:
    rows = [row({"severity": true}, family=family) for true, family in [(1, "a"), (3, "a"), (8, "b"), (9, "b")]]
    assert figures.best_rank(rows, lambda one: one.family) == pytest.approx(0.894, abs=0.001)
    assert figures.best_rank(rows, lambda one: str(one.truth["severity"])) == 1
    assert figures.best_rank([*rows, row({}, family="c")], lambda one: one.family) == pytest.approx(0.894, abs=0.001)


def test_hits_and_misses_are_counted_and_a_grey_zone_is_not() -> None:
    found = figures.summary(
        [
            row({"ticket": True}, ticket=True),
            row({"ticket": True}),
            row({"ticket": False}, ticket=True),
            row({"ticket": False}),
            row({"ticket": None}, ticket=True),
        ]
    )
    assert (found.ticket.tp, found.ticket.fn, found.ticket.fp, found.ticket.tn) == (1, 1, 1, 1)
    assert (found.ticket.precision, found.ticket.recall, found.ticket.f1) == (0.5, 0.5, 0.5)
    assert found.security == figures.Tally()


def test_false_tickets_are_told_per_ten_thousand_quiet_lines() -> None:
    quiet = [row({"ticket": False}, ticket=n == 0, family="kafka") for n in range(400)]
    assert figures.summary([*quiet, row({"ticket": False}, ticket=True)]).false_tickets == 25.0
    assert figures.summary([row({})]).false_tickets is None


def test_near_misses_are_compared_with_what_the_same_rule_must_find() -> None:
    found = [row({"rule_ids": ["panther:A"]}, severity=8), row({"rule_ids": ["panther:B"]}, severity=3)]
    spared = [
        row({"ticket": False, "rule_ids": ["panther:not:A"]}, severity=2),
        row({"ticket": False, "rule_ids": ["panther:not:A"]}, severity=8, ticket=True),
    ]
    assert figures.pairs([*found, *spared]) == (2, 1, 1)
    assert figures.near_misses([*found, *spared]) == (2, 1)
