"""Every line of a log is processed or in quarantine, whatever the log looks like."""

import gzip
import io
import os
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core.errors import InputError, SettingsError
from soc_core.scan import Candidate
from soc_core.stages.intake.batch import Batch
from soc_core.stages.intake.blocks import LINE_CAP
from soc_core.stages.intake.files import Limits
from soc_core.stages.intake.reading import Reader

SSHD = b"Nov 23 11:00:%02d web1 sshd[7]: Failed password for root from 203.0.113.9 port 22 ssh2\n"


def read(clock, *paths, **options):
    reader = Reader([str(path) for path in paths], clock=clock, **options)
    return reader, list(reader)


def total(batches: list[Batch]) -> tuple[int, int, int]:
    return (
        sum(batch.lines for batch in batches),
        sum(len(batch.events) for batch in batches),
        sum(len(batch.quarantined) for batch in batches),
    )


def cursors(batches: list[Batch]) -> dict[str, str]:
    return {batch.cursor: batch.position for batch in batches if batch.cursor and batch.position}


def write(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_a_syslog_file_becomes_events_with_an_identity_each(tmp_path, clock):
    log = write(tmp_path / "auth.log", *(SSHD % second for second in range(10)))
    reader, batches = read(clock, log)
    events = [event for batch in batches for event in batch.events]
    assert total(batches) == (10, 10, 0)
    assert reader.format_chosen(str(log)) == "syslog"
    assert len({event.id for event in events}) == 10
    assert {(event.source, event.user, event.ip) for event in events} == {("sshd", "root", "203.0.113.9")}


def test_broken_json_in_line_7_of_10_is_quarantined_with_its_place(tmp_path, clock):
    lines = [b'{"message": "line %d"}\n' % number for number in range(1, 11)]
    lines[6] = b'{"message": "line 7"\n'
    log = write(tmp_path / "app.json", *lines)
    reader, batches = read(clock, log)
    assert reader.format_chosen(str(log)) == "json"
    assert total(batches) == (10, 9, 1)
    (refused,) = batches[0].quarantined
    assert refused.line_number == 7
    assert refused.offset == sum(map(len, lines[:6]))
    assert "JSON" in refused.reason
    assert refused.data_head == lines[6].strip()


def test_a_plain_line_in_a_json_log_is_quarantined_and_in_a_mixed_log_it_is_read(tmp_path, clock):
    log = write(tmp_path / "app.log", b'{"a": 1}\n', b'{"a": 2}\n', b"server started\n")
    assert total(read(clock, log)[1]) == (3, 2, 1)
    assert total(read(clock, log, format="mixed")[1]) == (3, 3, 0)


def test_a_log_of_several_formats_is_read_line_by_line(tmp_path, clock):
    log = write(tmp_path / "relay.log", SSHD % 1, b'{"a": 1}\n', b"CEF:0|v|p|1|2|n|5|\n", b"CEF:broken\n")
    reader, batches = read(clock, log)
    assert reader.format_chosen(str(log)) == "mixed"
    assert [event.schema for event in batches[0].events] == ["syslog", "json", "cef", "plain"]


def test_an_empty_file_is_fine(tmp_path, clock):
    assert read(clock, write(tmp_path / "empty.log"))[1] == []


def test_empty_lines_count_as_lines_and_make_no_events(tmp_path, clock):
    _, batches = read(clock, write(tmp_path / "gaps.log", b"one\n\n \r\ntwo\n"))
    assert total(batches) == (4, 2, 0)
    assert batches[0].processed == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.log", None, "does not exist"),
        ("program", b"\x7fELF\x02\x01\x01" + bytes(64) + b"\x01\x02\x03" * 900, "binary"),
        ("utf16.log", "Fehler in Zeile\n".encode("utf-16"), "iconv"),
        ("old.zip", b"PK\x03\x04rest", "unpack"),
        ("a.zst", b"\x28\xb5\x2f\xfdrest", "zstdcat"),
    ],
)
def test_what_is_no_log_is_refused_with_advice(tmp_path, clock, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(clock, path)


def test_a_directory_is_refused_with_advice(tmp_path, clock):
    with pytest.raises(InputError, match="directory: name the files"):
        read(clock, tmp_path)


def test_nothing_is_read_when_one_of_the_files_is_missing(tmp_path, clock):
    with pytest.raises(InputError, match="does not exist"):
        Reader([str(write(tmp_path / "a.log", b"x\n")), str(tmp_path / "b.log")], clock=clock)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused_with_advice(tmp_path, clock):
    log = write(tmp_path / "secret.log", b"x\n")
    log.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read(clock, log)


def test_an_unknown_format_is_a_usage_error_with_a_suggestion(tmp_path, clock):
    with pytest.raises(SettingsError, match="did you mean 'syslog'"):
        read(clock, write(tmp_path / "a.log", b"x\n"), format="sysloq")


def test_a_5_mb_line_is_quarantined_and_its_neighbours_are_read(tmp_path, clock):
    log = write(tmp_path / "long.log", b"before\n", b"x" * 5_000_000 + b"\n", b"after\n")
    _, batches = read(clock, log)
    assert total(batches) == (3, 2, 1)
    assert [event.message for batch in batches for event in batch.events] == ["before", "after"]
    (refused,) = [refused for batch in batches for refused in batch.quarantined]
    assert (refused.line_number, refused.offset) == (2, 7)
    assert "5,000,001 bytes" in refused.reason
    assert len(refused.data_head) <= 4096


def test_invalid_utf8_and_nul_bytes_are_read_with_replacements(tmp_path, clock):
    log = write(
        tmp_path / "odd.log", b"caf\xe9 \xff\xfe\n", b"nul\0here\n", b"\xed\xa0\x80 surrogate\n", *[b"fine\n"] * 9
    )
    _, batches = read(clock, log)
    messages = [event.message for event in batches[0].events]
    assert messages[0] == "caf\ufffd \ufffd\ufffd"
    assert messages[1] == "nul\ufffdhere"
    assert all(message.encode("utf-8") for message in messages)


def test_a_compressed_log_is_read_as_what_is_inside(tmp_path, clock):
    plain = b"".join(SSHD % second for second in range(50))
    log = tmp_path / "auth.log.gz"
    log.write_bytes(gzip.compress(plain[:2000]) + gzip.compress(plain[2000:]))  # logrotate may append members
    _, batches = read(clock, log)
    assert total(batches) == (50, 50, 0)


def test_a_truncated_gz_gives_what_was_readable_and_one_clear_refusal(tmp_path, clock):
    plain = b"".join(b"%d %s\n" % (number, os.urandom(20).hex().encode()) for number in range(5000))
    packed = gzip.compress(plain)
    log = write(tmp_path / "cut.log.gz", packed[: len(packed) // 2])
    _, batches = read(clock, log)
    lines, events, refused = total(batches)
    assert refused == 1
    assert events == lines - 1 > 1000
    assert "cut short" in batches[-1].quarantined[0].reason
    # fetched again, whole this time: reading goes on where it stopped
    log.write_bytes(packed)
    _, more = read(clock, log, saved=cursors(batches))
    assert events + total(more)[1] == 5000
    assert total(more)[2] == 0


def test_a_damaged_gz_is_no_traceback(tmp_path, clock):
    packed = bytearray(gzip.compress(b"".join(SSHD % (second % 60) for second in range(2000))))
    packed[len(packed) // 2] ^= 0xFF
    _, batches = read(clock, write(tmp_path / "bad.log.gz", bytes(packed)))
    assert total(batches)[2] >= 1
    _, batches = read(clock, write(tmp_path / "worse.log.gz", b"\x1f\x8b" + b"nonsense" * 9))
    assert total(batches) == (1, 0, 1)


def test_a_compression_bomb_is_stopped(tmp_path, clock):
    bomb = write(tmp_path / "bomb.gz", gzip.compress(b"a" * 20_000_000))
    _, batches = read(clock, bomb, limits=Limits(free=1 << 20))
    assert "bomb" in batches[-1].quarantined[0].reason
    log = write(tmp_path / "big.gz", gzip.compress(b"".join(b"%d\n" % number for number in range(60_000))))
    _, batches = read(clock, log, limits=Limits(size=1 << 18))
    assert "bomb" in batches[-1].quarantined[0].reason
    assert sum(len(batch.events) for batch in batches) > 1000


def test_standard_input_has_no_identity_and_no_position(clock):
    _, batches = read(clock, "-", stdin=io.BytesIO(SSHD % 1 + SSHD % 2))
    assert total(batches) == (2, 2, 0)
    assert batches[0].cursor is batches[0].position is None
    assert {event.id for event in batches[0].events} == {None}


def test_standard_input_is_not_waited_for_to_fill_a_block(clock):
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as reading, os.fdopen(theirs, "wb", buffering=0) as writing:
        batches = iter(Reader(["-"], clock=clock, stdin=reading))
        writing.write(b"first\n")
        assert next(batches).events[0].message == "first"
        writing.write(b"second\nthi")
        assert next(batches).events[0].message == "second"
        writing.write(b"rd")
        writing.close()
        assert next(batches).events[0].message == "third"
        assert next(batches, None) is None


def test_several_inputs_are_read_in_order(tmp_path, clock):
    _, batches = read(
        clock, write(tmp_path / "b.log", b"b\n"), "-", write(tmp_path / "a.log", b"a\n"), stdin=io.BytesIO(b"stdin\n")
    )
    assert [batch.events[0].message for batch in batches] == ["b", "stdin", "a"]


def test_a_stated_source_wins_over_the_lines(tmp_path, clock):
    _, batches = read(clock, write(tmp_path / "a.log", SSHD % 1, b"plain\n"), source="bastion")
    assert {event.source for event in batches[0].events} == {"bastion"}


def test_a_scan_may_select_lines_and_the_others_still_count(tmp_path, clock):
    def select(block):
        line = block.line_at(block.data.index(b"line 42"))
        return [Candidate(line.offset, line.data, frozenset({"mine:42"}))]

    log = write(tmp_path / "a.log", *(b"line %d\n" % number for number in range(100)))
    [batch] = Reader([str(log)], clock=clock, select=select)
    assert batch.lines == batch.processed == 100
    [event] = batch.events
    assert (event.message, event.hits) == ("line 42", {"mine:42"})
    [everything] = Reader([str(log)], clock=clock)
    (whole,) = [event for event in everything.events if event.message == "line 42"]
    assert attrs.evolve(event, hits=frozenset()) == whole


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=400)
    | st.lists(st.sampled_from([b'{"a":', b"}", b"\n", b"\0", b"CEF:0|", b"x"])).map(b"".join)
)
def test_any_bytes_are_counted_line_by_line_or_refused_as_a_whole(tmp_path, clock, data):
    log = write(tmp_path / "any", data)
    try:
        _, batches = read(clock, log)
    except InputError:
        return
    if data[:2] != b"\x1f\x8b":
        lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        assert sum(batch.lines for batch in batches) == lines
    for batch in batches:
        assert batch.processed + len(batch.quarantined) == batch.lines


def test_a_line_at_the_cap_is_read(tmp_path, clock):
    log = write(tmp_path / "edge.log", b"y" * (LINE_CAP - 1) + b"\n", b"z" * LINE_CAP + b"\n")
    assert total(read(clock, log)[1]) == (2, 1, 1)
