"""The table of stated severities: monotone, and the numbers of the product page."""

import pytest

from soc_core.stages.intake.formats.severity import SEVERITIES, Severities


@pytest.mark.parametrize("scale", ["syslog", "ocsf", "wazuh", "cvss", "cef"])
def test_what_its_authors_call_worse_is_never_less(scale):
    rows = getattr(SEVERITIES, scale)
    values = [SEVERITIES.of_number(rows, step / 10) for step in range(int(rows[-1][0] * 10) + 1)]
    known = [value for value in values if value is not None]
    assert known == sorted(known)
    assert known[-1] == 10


def test_a_scale_that_falls_is_refused():
    with pytest.raises(ValueError, match="must rise"):
        Severities(ocsf=((1, 5.0), (2, 3.0)))
    with pytest.raises(ValueError, match="must rise"):
        Severities(cef=((1, 11.0),))


def test_words_rise_with_their_meaning():
    words = ["informational", "low", "medium", "high", "critical"]
    assert [SEVERITIES.of_word(word) for word in words] == [1, 3, 5, 7, 9]
    levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
    for reading in (SEVERITIES.of_level, SEVERITIES.of_word):
        stated = [reading(word) for word in levels]
        assert stated == sorted(stated)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (8, 8),
        (8.9, 8.9),
        ("9.5", 9.5),
        (0, 0),
        (73, 7.3),
        (101, None),
        (-1, None),
        ("nan", None),
        (True, None),
        ("?", None),
    ],
)
def test_a_number_from_0_to_10_is_taken_as_it_is(stated, expected):
    assert SEVERITIES.of_word(stated) == expected


def test_a_pri_alone_is_capped_at_7():
    assert [SEVERITIES.of_pri(pri) for pri in range(8)] == [7, 7, 7, 7, 5, 3, 2, 0]


@pytest.mark.parametrize(
    ("stated", "expected"), [("10", 10), (9, 9), (5, 5), (2, 3), (0, 0), ("High", 7), (11, None), ("", None)]
)
def test_cef_severities(stated, expected):
    assert SEVERITIES.of_cef(stated) == expected


@pytest.mark.parametrize(
    ("level", "expected"), [(0, 0), (3, 2), (5, 4), (7, 5), (11, 7), (12, 8), (14, 9), (15, 10), (16, None)]
)
def test_wazuh_levels(level, expected):
    assert SEVERITIES.of_number(SEVERITIES.wazuh, level) == expected
