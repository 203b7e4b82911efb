"""Messages come out of a stream whole, however it is torn and whoever tears it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc_core.builtin.framing import MOST, Framer, Torn, one_line


def cut(*chunks, most=MOST):
    framer = Framer(most)
    found = [message for chunk in chunks for message in framer.feed(chunk)]
    return [*found, *framer.finish()], framer.torn


@pytest.mark.parametrize(
    ("stream", "messages", "torn"),
    [
        (b"<34>one\n<34>two\n", [b"<34>one", b"<34>two"], 0),
        (b"<34>one\r\n<34>two\0", [b"<34>one", b"<34>two"], 0),
        (b"7 <34>one7 <34>two", [b"<34>one", b"<34>two"], 0),
        (b"7 <34>one<34>two\n7 <34>six", [b"<34>one", b"<34>two", b"<34>six"], 0),
        (b"11 <34>a\nb\r\nc\n", [b"<34>a b c"], 0),
        (b"<34>no end", [b"<34>no end"], 0),
        (b"\n\n\0\r\n", [], 0),
        (b"9 <34>one", [], 1),
        (b"12", [], 1),
        (b"", [], 0),
    ],
)
def test_both_ways_of_framing_are_followed_even_mixed(stream, messages, torn):
    assert cut(stream) == (messages, torn)


def test_a_line_that_begins_with_a_year_is_no_length():
    assert cut(b"2026-03-02T11:00:00Z host app: hello\n") == ([b"2026-03-02T11:00:00Z host app: hello"], 0)


def test_a_length_beyond_the_bound_ends_the_stream():
    framer = Framer(100)
    with pytest.raises(Torn, match="101 bytes"):
        framer.feed(b"101 x")
    assert framer.torn == 1


def test_a_line_beyond_the_bound_is_passed_over_and_counted_once_and_never_kept():
    framer = Framer(100)
    for _ in range(1000):
        assert framer.feed(b"x" * 1000) == []
        assert len(framer._rest) <= 100
    assert framer.feed(b"end\n<34>next\n") == [b"<34>next"]
    assert framer.torn == 1


counted = st.binary(min_size=1, max_size=50).map(lambda body: (b"%d %s" % (len(body), body), one_line(body)))
ended = st.text(st.characters(codec="ascii", categories=["L", "P", "Zs"]), min_size=1, max_size=50).map(
    lambda body: (b"<34>" + body.encode() + b"\n", one_line(b"<34>" + body.encode()))
)


@given(st.lists(counted | ended, max_size=8), st.data())
def test_it_does_not_matter_where_the_stream_is_torn(messages, data):
    stream = b"".join(sent for sent, _ in messages)
    marks = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    chunks = [stream[a:b] for a, b in zip([0, *marks], [*marks, len(stream)], strict=True)]
    assert cut(*chunks) == ([message for _, message in messages if message], 0)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_whatever_is_sent_it_keeps_no_more_than_one_message(chunks):
    framer = Framer(40)
    for chunk in chunks:
        try:
            found = framer.feed(chunk)
        except Torn:
            return
        assert all(len(message) <= 40 and b"\n" not in message for message in found)
        assert len(framer._rest) <= 40 + 8
