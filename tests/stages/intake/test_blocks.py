"""Blocks hold whole lines and every byte once, however the bytes arrived."""

from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.stages.intake.blocks import BLOCK_SIZE, Block, Cutter, Piece, Refused


def cut(chunks: list[bytes]) -> list[Piece]:
    cutter = Cutter("log")
    return [piece for chunk in chunks for piece in cutter.feed(chunk)] + list(cutter.finish())


@settings(max_examples=100, deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\0"]), max_size=40).map(b"".join),
    size=st.integers(1, 9),
)
def test_torn_chunks_give_the_lines_of_the_whole(data, size):
    blocks = cut([data[at : at + size] for at in range(0, len(data), size)])
    assert b"".join(block.data for block in blocks if isinstance(block, Block)) == data
    lines = [line for block in blocks if isinstance(block, Block) for line in block.lines()]
    assert [line.data for line in lines] == data.split(b"\n")[: len(lines)]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert all(data[line.offset : line.offset + len(line.data)] == line.data for line in lines)
    assert sum(block.count for block in blocks if isinstance(block, Block)) == len(lines)


@settings(max_examples=50, deadline=None)
@given(data=st.lists(st.sampled_from([b"ab", b"\n"]), min_size=1, max_size=30).map(b"".join), place=st.integers(0, 59))
def test_the_line_at_a_place_is_the_one_that_lies_there(data, place):
    place %= len(data)
    (block, *_) = cut([data])
    assert isinstance(block, Block)
    if place >= len(block.data):
        return
    expected = [line for line in block.lines() if line.offset <= place]
    assert block.line_at(place) == expected[-1]


def test_blocks_keep_to_their_size_and_a_longer_line_has_one_for_itself():
    short, long = b"s" * 99 + b"\n", b"l" * (BLOCK_SIZE * 2) + b"\n"
    blocks = [block for block in cut([short * 6000 + long + short]) if isinstance(block, Block)]
    assert max(len(block.data) for block in blocks) == len(long)
    assert [block for block in blocks if block.data == long]
    assert all(len(block.data) <= BLOCK_SIZE for block in blocks if block.data != long)


def test_a_line_beyond_the_cap_is_not_kept_in_memory_while_it_comes():
    cutter = Cutter("log")
    for _ in range(100):
        assert list(cutter.feed(b"x" * 100_000)) == []
        assert len(cutter.rest) <= 1_100_000
    refused, block = cutter.feed(b"end\nnext\n")
    assert isinstance(refused, Refused)
    assert "10,000,004 bytes" in refused.reason
    assert isinstance(block, Block)
    assert (block.offset, block.first_line) == (10_000_004, 2)


def test_a_line_beyond_the_cap_without_an_end_is_refused_at_the_end():
    (refused,) = cut([b"x" * 900_000] * 3)
    assert isinstance(refused, Refused)
    assert refused.number == 1
