"""JSON documents: CloudTrail's files and whole arrays become one event for each element, in bounded memory."""

import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.stages.intake.reading import Reader
from soc_core.stages.intake.unrolled import Broken, Unrolled, is_document


def record(number, **more):
    return {
        "eventVersion": "1.08",
        "eventName": "StopLogging" if number % 7 == 0 else "DescribeInstances",
        "eventSource": "cloudtrail.amazonaws.com",
        "eventTime": "2026-03-02T11:00:00Z",
        "eventID": f"e-{number}",
        "sourceIPAddress": "203.0.113.9",
        "userIdentity": {"type": "IAMUser", "userName": "mallory"},
        **more,
    }


RECORDS = [record(n) for n in range(50)]
SHAPES = {
    "CloudTrail": json.dumps({"Records": RECORDS}),
    "CloudTrail, laid out": json.dumps({"Records": RECORDS}, indent=2),
    "array": json.dumps(RECORDS),
    "array, laid out": "\ufeff" + json.dumps(RECORDS, indent=4) + "\n",
    "one document behind the other": "\n".join(json.dumps({"Records": RECORDS[n : n + 10]}) for n in range(0, 50, 10)),
}


class Slow(io.BytesIO):
    """Gives little at a time."""

    def __init__(self, data, least=7):
        super().__init__(data)
        self.least = least

    def read(self, size=-1):
        return super().read(min(size, self.least) if size > 0 else size)

    def read1(self, size=-1):
        return self.read(size)


def read(clock, *paths, **given):
    batches = list(Reader([str(path) for path in paths], clock=clock, **given))
    return [event for batch in batches for event in batch.events], [bad for b in batches for bad in b.quarantined]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_element_is_an_event_of_its_own(tmp_path, clock, shape, packed):
    path = tmp_path / "trail.json"
    data = SHAPES[shape].encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    events, bad = read(clock, path)
    assert bad == []
    assert len(events) == 50
    assert {event.source for event in events} == {"cloudtrail.amazonaws.com"}
    assert [event.field("eventID") for event in events] == [one["eventID"] for one in RECORDS]
    assert {(event.user, event.ip) for event in events} == {("mallory", "203.0.113.9")}


def test_standard_input_may_be_a_document(clock):
    events, bad = read(clock, "-", stdin=Slow(SHAPES["CloudTrail, laid out"].encode(), least=100))
    assert bad == []
    assert len(events) == 50


def test_a_document_is_read_on_from_where_reading_stopped_and_not_again(tmp_path, clock):
    path = tmp_path / "trail.json"
    path.write_text(SHAPES["CloudTrail"])
    [batch] = Reader([str(path)], clock=clock)
    again = list(Reader([str(path)], clock=clock, saved={batch.cursor: batch.position}))
    assert sum(one.lines for one in again) == 0
    ids = [event.id for event in batch.events]
    assert len(set(ids)) == 50


def test_lines_that_begin_with_a_bracket_are_no_document():
    for line in (
        b"[2016-12-20 00:04:03,234] TRACE x",
        b"[client 10.0.0.1]",
        b'["a"]',
        b'{"message": "[{"}',
        b'{"Records": 5}',
    ):
        assert not is_document(line)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (json.dumps({"Records": RECORDS})[:-200], 49),
        (json.dumps(RECORDS)[:-1], 50),
        (json.dumps(RECORDS) + " and more", 50),
        (json.dumps(RECORDS[:3])[:-1] + ", {broken}, " + json.dumps(RECORDS[3:])[1:], 3),
    ],
)
def test_what_breaks_off_or_is_broken_is_kept_in_quarantine_and_what_was_before_is_read(tmp_path, clock, data, whole):
    path = tmp_path / "trail.json"
    path.write_text(data)
    events, [bad] = read(clock, path)
    assert len(events) == whole
    assert "JSON document" in bad.reason


def test_a_document_is_never_held_as_a_whole():
    rows = json.dumps(record(1, blob="x" * 2_000))

    class Endless(io.RawIOBase):
        left = 20_000

        def read(self, size=-1):
            if not self.left:
                return b""
            self.left -= 1
            return ('{"Records": [' if self.left == 19_999 else ", ").encode() + rows.encode()

        def seek(self, offset, whence=0):
            return 0

    document = Unrolled(Endless())
    tracemalloc.start()
    total = 0
    while total < 20_000:
        total += document.read(1 << 18).count(b"\n")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    with pytest.raises(Broken, match="breaks off"):
        document.read(1)


def test_an_element_without_end_is_refused_within_bounds():
    document = Unrolled(io.BytesIO(b'[{"a": "' + b"x" * (20 << 20)))
    with pytest.raises(Broken, match="cannot be read, or one over"):
        document.read(10)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.integers(), st.lists(st.text(max_size=3)))),
        min_size=1,
        max_size=6,
    ),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
    size=st.sampled_from([1, 5, 1 << 18]),
)
def test_the_lines_are_the_elements_whatever_is_in_them(rows, indent, ascii_only, size):
    data = json.dumps({"Records": rows}, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    document = Unrolled(Slow(data) if size < 10 else io.BytesIO(data))
    said = b""
    while piece := document.read(size):
        said += piece
    assert [json.loads(line.decode("utf-8", "surrogatepass")) for line in said.split(b"\n")[:-1]] == rows
    assert document.seek(len(said) // 2) == len(said) // 2
    assert document.read(1 << 20) == said[len(said) // 2 :][: 1 << 20]
