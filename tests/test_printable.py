import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc_core import printable

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"
CONTROL = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0)]))


@pytest.mark.parametrize("letter", CONTROL + BIDI + ZERO_WIDTH + "\u2028\u2029\ud800\U000e0041", ids=ascii)
def test_what_cannot_be_seen_becomes_visible(letter: str) -> None:
    shown = printable(f"a{letter}b")
    assert letter not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b")


def test_a_terminal_escape_is_written_out() -> None:
    assert printable("\x1b[2J\x1b]0;owned\x07") == "\\x1b[2J\\x1b]0;owned\\x07"


@pytest.mark.parametrize("text", ["plain", "Grüße, 世界", "a\\nb", "tab-less | pipes", "emoji 🎉", "עברית", "é à ñ"])
def test_ordinary_text_of_any_language_stays(text: str) -> None:
    assert printable(text) == text


def test_line_ends_stay_only_if_asked_for() -> None:
    assert printable("a\nb") == "a\\nb"
    assert printable("a\nb\r\n\x1b", lines=True) == "a\nb\\r\n\\x1b"


@given(st.text(st.characters()))
def test_nothing_that_moves_the_cursor_or_reorders_passes(text: str) -> None:
    shown = printable(text)
    # Private-use and unassigned characters are left to the font; controls, surrogates and line ends are not.
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(shown) & set(BIDI + ZERO_WIDTH)
    assert printable(shown) == shown
