"""Severity, priority and words of labels."""

import math
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from soc_core.model.event import SEVERITY_BY_LABEL, Priority, base_severity, has_word

modest = settings(max_examples=300, deadline=None)


@modest
@given(text=st.text("securityCRITIAL-_ .:[]/é1\n", max_size=40), word=st.sampled_from(["Security", "critical", "s"]))
@example(text="insecurity", word="Security")
@example(text="non-critical", word="critical")
@example(text="[SECURITY] alert", word="Security")
@example(text="security-critical", word="critical")
@example(text="security_critical", word="critical")
@example(text="sécurity", word="s")
def test_a_word_counts_only_as_a_word_of_its_own(text: str, word: str) -> None:
    words = re.sub(r"[^a-zé0-9_-]", " ", text.lower()).split()
    assert has_word(text, word) == (word.lower() in words)


def test_a_word_with_odd_signs_is_taken_as_it_is_written() -> None:
    assert has_word("severity 9 (c++)", "c++")
    assert not has_word("severity 9 (ccc)", "c++")


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (10, "Highest"),
        (9, "Highest"),
        (math.nextafter(9, 0), "High"),
        (7, "High"),
        (math.nextafter(7, 0), "Medium"),
        (5, "Medium"),
        (math.nextafter(5, 0), "Low"),
        (3, "Low"),
        (math.nextafter(3, 0), "Lowest"),
        (0, "Lowest"),
    ],
)
def test_each_priority_begins_at_its_floor_and_ends_below_the_next(severity: float, expected: str) -> None:
    assert Priority.of(severity) == expected


@modest
@given(
    severity=st.floats(0, 10),
    floors=st.lists(st.floats(0, 10), min_size=4, max_size=4, unique=True).map(lambda four: sorted(four, reverse=True)),
)
def test_priority_counts_the_floors_that_are_not_reached(severity: float, floors: list[float]) -> None:
    assert Priority.of(severity, floors).rank == sum(severity < floor for floor in floors)


@pytest.mark.parametrize("label", [*SEVERITY_BY_LABEL, "a word of somebody's own"])
def test_confident_labels_gain_a_point_and_doubtful_ones_lose_one(label: str) -> None:
    base = SEVERITY_BY_LABEL.get(label, 1.0)
    confidences = [0, 0.59, 0.6, 0.9, 0.91, 1]
    expected = [max(0, base - 1), max(0, base - 1), base, base, min(10, base + 1), min(10, base + 1)]
    assert [base_severity(label, confidence) for confidence in confidences] == expected
