"""Phrases and expressions of rules: what they find, which literals they need, and what is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.builtin.literal_finder import literal_finder
from soc_core.builtin.literals import Literal
from soc_core.builtin.rule import Group
from soc_core.builtin.rule_patterns import SHORT, phrase_pattern, text_pattern


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("Failed password", "failed   PASSWORD for root", True),
        ("Failed password", "failed passwords for root", False),
        ("hosts.equiv", "see /etc/hosts.equiv", True),
        ("hosts.equiv", "see /etc/hostsXequiv", False),
        ("[preauth]", "closed [preauth]", True),
    ],
)
def test_a_phrase_is_found_as_whole_words_in_any_case(phrase: str, text: str, *, found: bool) -> None:
    assert phrase_pattern(phrase).search(text) is found


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (r"failed password for (?:invalid user )?\S+", {"failed password for ", "failed password for invalid user "}),
        (r"\bunion\s+select\b", {"select"}),
        (r"(?:mimi|kiwi)katz", {"mimikatz", "kiwikatz"}),
        (r"\blog[ -]?in failed", {"login failed", "log in failed", "log-in failed"}),
        (r"\.\./\.\./", {"../../"}),
        (r"colou?r of \d+", {"color of ", "colour of "}),
        (r"\d+ [a-z]+", set()),
    ],
)
def test_a_pattern_names_the_literals_it_cannot_do_without(source: str, texts: set[str]) -> None:
    assert {literal.text for literal in text_pattern(source).literals} == texts


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("(a+)+b", "repeats a repeat"),
        (r"(?:\w+\s*)+x", "repeats a repeat"),
        ("(a|b+)*c", "repeats a repeat"),
        ("(?:x{1,50}){1,50}y", "repeats a repeat"),
        ("(?=x)y", "looks around"),
        (r"(a)\1", "looks around"),
        ("a*", "empty text"),
        ("x|", "empty text"),
        ("(unclosed", "no regular expression"),
    ],
)
def test_what_could_explode_or_says_nothing_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        text_pattern(source)


def test_a_long_line_is_searched_to_its_end() -> None:
    pattern = text_pattern(r"secret \d{3} found")
    assert pattern.search("x" * (SHORT * 5) + " secret 123 found")
    assert not pattern.search("x" * (SHORT * 5) + " secret 12 found")


LITERALS = (
    Literal("failed", whole=True),
    Literal("../", whole=False),
    Literal("katz", whole=False),
    Literal("a b", whole=False),
    Literal("x_1", whole=True),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Failed", "failedx", "é", "../", "KATZ", "a b", "x_1", "\0", " ", "ſ", "K"]), max_size=8
    ).map("".join)
)
def test_the_finder_gives_the_same_answer_with_and_without_the_native_engine(text: str) -> None:
    assert literal_finder(LITERALS)(text) == literal_finder(LITERALS, native=False)(text)


FRAGMENTS = st.sampled_from(
    ["abc", "de", r"\bfg", r"h\b", "[ -]?", "(?:ij|kl)", r"\s", r"\d{1,3}", "(?:mn|o[pq])?", r"[^\n]{0,5}"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, min_size=1, max_size=5), st.text(alphabet="abcdefghijklmnopq -7\n", max_size=40))
def test_whatever_a_pattern_matches_contains_one_of_its_literals(fragments: list[str], text: str) -> None:
    source = "".join(fragments)
    try:
        pattern = text_pattern(source)
    except ValueError:
        return
    if re.search(source, text, re.IGNORECASE | re.ASCII) and pattern.literals:
        seen = literal_finder(pattern.literals)(text)
        assert seen & pattern.keys
        assert Group(texts=((pattern,),)).among(seen) is not None
