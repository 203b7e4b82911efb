import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core.errors import SettingsError
from soc_core.model.pattern import Pattern
from soc_core.scan import Scanner, engine_named, engines

PATTERNS = [
    "failed password",
    r"accepted (?:password|publickey) for root\b",
    r"\buser=\w+ .*uid=0\b",
    r"^kernel: .*oops$",
    "GET /[^ ]*\\.\\./",
    r"(?<!not )critical",
    "café",
    Pattern(name="exact", text="DROP TABLE", ignore_case=False),
    Pattern(name="plain text", text="a.b[c]", literal=True),
]
WORDS = [
    *("failed", "password", " ", "Accepted publickey for root", "user=x", "uid=0", "kernel: ", "oops", "GET /a/../b"),
    *("not critical", "CRITICAL", "CAFÉ", "café", "DROP TABLE", "drop table", "a.b[c]", "axb[c]"),
    *("\\", '"', "é", "\t", "{", "\0"),
]


def hits_of(scanner, data):
    return {(c.offset, c.data): {name.removeprefix("mine:") for name in c.hits} for c in scanner.candidates(data)}


def test_a_candidate_knows_its_line_and_what_fired(scanner_of):
    scanner = scanner_of("failed", "root")
    data = b"nothing\nFailed for root\n\nfailed\nnothing"
    found = scanner.candidates(data, offset=100)
    assert [(c.offset, c.data) for c in found] == [(108, b"Failed for root"), (125, b"failed")]
    assert [c.hits for c in found] == [{"mine:failed", "mine:root"}, {"mine:failed"}]


def test_without_patterns_nothing_is_a_candidate_and_a_plugin_that_declares_nothing_sees_all(engine):
    assert Scanner([], engine=engine).candidates(b"a\nb\n") == []
    curious = Scanner([("mine", Pattern(name="b", text="b"))], undeclared=["curious"], engine=engine)
    assert [(c.offset, c.data, set(c.hits)) for c in curious.candidates(b"a\n\nb")] == [
        (0, b"a", set()),
        (2, b"", set()),
        (3, b"b", {"mine:b"}),
    ]
    assert curious.candidates(b"") == []


def test_a_pattern_that_selects_nothing_makes_its_plugin_see_every_line_and_says_so(engine):
    scanner = Scanner([("vague", Pattern(name="ahead", text="(?=x)(?!y)."))], engine=engine)
    assert "vague" not in scanner.sees_all
    scanner = Scanner([("vague", Pattern(name="maybe", text=r"x?(?<=z)\b"))], engine=engine)
    assert "maybe" in scanner.sees_all["vague"]
    assert [c.data for c in scanner.candidates(b"a\nb\n")] == [b"a", b"b"]


def test_bytes_that_are_no_text_are_scanned_all_the_same(scanner_of):
    scanner = scanner_of("root", "caf.!")
    found = hits_of(scanner, b"\xff\xfe\x00root\x00\xff\nx\x80y\ncaf\xff!\ncaf\xc3\xa9!\ncaf\xe2\x82\xac!\n")
    assert list(found.values()) == [{"root"}, {"caf.!"}, {"caf.!"}, {"caf.!"}]


@pytest.mark.parametrize(
    "line",
    [
        b'{"user": "r\\u006fot"}',
        b'{"user": "\\u0072\\u006F\\u006f\\u0074"}',
        b'{"log": "{\\"user\\": \\"ro\\\\u006ft\\"}"}',
    ],
)
def test_escapes_of_json_hide_nothing(scanner_of, line):
    before = b"\\n nothing \\x\n"
    found = hits_of(scanner_of("root"), before + line + b"\nC:\\nothing\n")
    assert found == {(len(before), line): {"root"}}


def test_the_text_that_an_engine_is_tried_with_is_no_pattern(scanner_of):
    assert scanner_of("root").candidates(b"\x00soc-core scan probe\x00\n") == []


def test_escaped_line_ends_and_quotes_are_read(scanner_of):
    scanner = scanner_of(r'say "hello"\s+world', "a/b", "😀")
    lines = [json.dumps({"m": 'say "hello"\nworld'}), '{"m": "a\\/b"}', json.dumps({"m": "😀"})]
    assert len(hits_of(scanner, "\n".join(lines).encode())) == 3


def test_a_loud_pattern_is_named_and_changes_no_answer(engine):
    loud, quiet = Pattern(name="letter", text="[a-z]"), Pattern(name="root", text="root")
    scanner = Scanner([("mine", loud), ("mine", quiet)], engine=engine)
    data = b"the root of it all: nothing\n1234567890\n" * 500
    found = scanner.candidates(data)
    assert len(found) == 500
    assert {c.hits for c in found} == {frozenset({"mine:letter", "mine:root"})}
    if engine.name == "hyperscan":
        assert scanner.loud == {"mine:letter": 1}


def test_hostile_lines_end_in_time(scanner_of):
    scanner = scanner_of(r"(a+)+b", r"a.*b.*c.*d", r"(?:\w+\s?)*!", "root")
    bait = [b"a" * (1 << 20), b"ab" * (1 << 19), b"word " * 200_000, b"\\" * (1 << 20), b'{"' * (1 << 18)]
    for line in bait:
        [found] = scanner.candidates(line + b" root")
        assert "mine:root" in found.hits


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_however_the_lines_are_cut_into_blocks_the_answer_is_the_same(scanner_of, size):
    scanner = scanner_of(*PATTERNS)
    chance = random.Random(4)
    lines = ["".join(chance.choices(WORDS, k=chance.randint(0, 5))).encode() for _ in range(300)]
    whole = scanner.candidates(b"".join(line + b"\n" for line in lines))
    pieces, offset = [], 0
    for start in range(0, len(lines), size):
        block = b"".join(line + b"\n" for line in lines[start : start + size])
        pieces += scanner.candidates(block, offset=offset)
        offset += len(block)
    assert pieces == whole
    assert whole


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.one_of(st.lists(st.sampled_from(WORDS), max_size=5).map("".join), st.text(max_size=20)), max_size=8
    )
)
def test_all_engines_agree(lines):
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    answers = []
    for name in engines():
        scanner = _ALL.get(name)
        if scanner is None:
            patterns = [p if isinstance(p, Pattern) else Pattern(name=p, text=p) for p in PATTERNS]
            scanner = _ALL[name] = Scanner([("mine", p) for p in patterns], engine=engine_named(name))
        answers.append(scanner.candidates(data))
    assert all(answer == answers[0] for answer in answers)


_ALL = {}


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="plain"):
        engine_named("grep")


def test_compiled_patterns_are_kept_and_a_damaged_file_is_made_anew(engine, tmp_path):
    def scan():
        scanner = Scanner([("mine", Pattern(name="root", text="root"))], engine=engine, cache=tmp_path / "kept")
        return [c.offset for c in scanner.candidates(b"a\nroot\n")]

    assert scan() == [2]
    [file] = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    assert scan() == [2]
    for damage in (b"", whole[:-1], whole[:40] + b"x" + whole[41:]):
        file.write_bytes(damage)
        assert scan() == [2]
        assert file.read_bytes() == whole
    assert [f.name for f in (tmp_path / "kept").iterdir()] == [file.name]


def test_a_cache_that_cannot_be_written_is_done_without(engine, tmp_path):
    (tmp_path / "file").write_text("no folder")
    scanner = Scanner([("mine", Pattern(name="root", text="root"))], engine=engine, cache=tmp_path / "file")
    assert [c.hits for c in scanner.candidates(b"root")] == [{"mine:root"}]
