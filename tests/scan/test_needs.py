import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.model.pattern import Pattern
from soc_core.scan.needs import Need, Unfit, need_of


def expression(text, **options):
    need = need_of(Pattern(name="p", text=text, **options))
    assert isinstance(need, Need)
    return need.expression


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("error.*", b"error"),
        (".*error.+", b"error"),
        ("^error$", b"error"),
        ("error(?: code \\d+)?", b"error"),
        ("(?:warn|error).*?x{0,3}", b"warn|error"),
        ("ro{2,9}", b"ro{2}"),
        ("(?=x)error(?<!y)", b"error"),
        ("a[^,]*b", b"a[\\x00-\\x09\\x0b-\\x2b\\x2d-\\xff]*b"),
        (r"\broot\b", rb"\broot\b"),
        (r"root\b.*", rb"root\b"),
        (r"\b-root", rb"\x2droot"),
        (r"(a)x\1b", b"ax[\\x00-\\x09\\x0b-\\xff]*b"),
    ],
)
def test_only_what_a_line_must_contain_is_looked_for(text, written):
    assert expression(text) == written


@pytest.mark.parametrize("text", ["(?=error)", r"\b", "(?<!a)$", "^(?!x)", "x?\\b"])
def test_a_pattern_that_names_nothing_is_unfit(text):
    try:
        pattern = Pattern(name="p", text=text)
    except ValueError:
        return  # refused when it was declared
    assert isinstance(need_of(pattern), Unfit)


def test_no_expression_crosses_a_line_end():
    for text in ["a[^,]+b", r"a\s+b", "a(?s:.+)b", r"a\W+b", "a\nb", r"a[\x00-\x20]b"]:
        assert not re.search(expression(text), b"a\nb"), text


def test_repeats_within_repeats_do_not_reach_the_engine():
    for text in [r"(a+)+b", r"(?:a*b*)*c", r"((a|ab)+c*)+d", r"(?:x{1,99}){1,99}y"]:
        bait = b"a" * 2048
        assert not re.search(expression(text), bait), text


def test_literals_are_known_where_one_must_occur():
    def literals(text):
        return set(need_of(Pattern(name="p", text=text)).literals)

    assert literals(r"Failed password for \w+ from") == {b"failed password for "}
    assert literals(r"(?:useradd|groupadd)\[\d+\]") == {b"useradd", b"groupadd"}
    assert literals(r"[ab]\d+") == set()
    assert literals(r"(?:xyz)?[ab]") == set()


# Random expressions in which every kind of part occurs, and lines made of what they speak of.
ATOMS = [
    "a",
    "b",
    "é",
    ".",
    r"\d",
    r"\w",
    r"\s",
    r"\S",
    "[^a]",
    "[a-c]",
    "[é-ü]",
    r"\b",
    r"\B",
    "^",
    "$",
    "-",
    "(?=b)",
    "(?<!a)",
    r"\.",
]


def expressions():
    return st.recursive(
        st.sampled_from(ATOMS),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map("".join),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?", "{0,2}"])).map(
                lambda pair: f"(?:{pair[0]}){pair[1]}"
            ),
        ),
        max_leaves=6,
    )


@settings(max_examples=400, deadline=None)
@given(
    text=expressions(),
    line=st.text(alphabet="abcAéÜ1 -.,", max_size=12),
    ignore_case=st.booleans(),
    ascii_only=st.booleans(),
)
def test_what_a_pattern_matches_its_need_matches_too(text, line, ignore_case, ascii_only):
    try:
        pattern = Pattern(name="p", text=text, ignore_case=ignore_case)
    except ValueError:
        return
    need = need_of(pattern)
    flags = (re.IGNORECASE if ignore_case else 0) | (re.ASCII if ascii_only else 0)
    if isinstance(need, Need) and re.search(text, line, flags):
        folded = re.IGNORECASE if need.ignore_case else 0
        raw = line.encode()
        assert re.search(need.expression, raw, folded), need.expression
        seen = raw.lower() if need.ignore_case else raw
        assert not need.literals or any(literal in seen for literal in need.literals)
