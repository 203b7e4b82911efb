"""What a run comes to is the same with every engine, however the input is torn, and without any scan."""

import gzip
import io
import json
import re
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core import Finding, Pattern, hookimpl
from soc_core.app import Soc
from soc_core.calls import FailureKind
from soc_core.scan import Scanner, engine_named, engines
from soc_core.stages.intake.reading import Reader
from soc_core.stages.triage.judgement import judge

STREAMS = Path(__file__).parents[3] / "shared" / "data" / "streams"
BAD = re.compile(r"failed password|invalid user|authentication failure|\.\./|select.+from|exception", re.IGNORECASE)


ENGINES = [None, *engines()]
IN_MEMORY = {
    "store": "sqlite://",
    "plugins": {"disable": ["rules", "jira", "slack"]},
    "storm": {"limit": 100_000},
}


class Declared:
    """Confirms what it declares, as a good plugin does."""

    @hookimpl
    def register_patterns(self):
        return [Pattern(name=f"p{n}", text=text) for n, text in enumerate(BAD.pattern.split("|"))]

    @hookimpl
    def classify_event(self, event):
        said = BAD.search(f"{event.message} {event.field('message')}")
        return said and Finding(event=event, label="Security Alert", severity=9, rule=said[0].lower(), confidence=0.95)


class Trusting:
    """Goes by the patterns that fired and looks at nothing else."""

    @hookimpl
    def register_patterns(self):
        return [Pattern(name="root", text=r"\broot\b"), Pattern(name="quoted", text='say "hello"')]

    @hookimpl
    def classify_event(self, event):
        for hit in sorted(event.hits):
            return Finding(event=event, label="Security Alert", severity=9.5, rule=hit, confidence=0.95)
        return None


class Curious:
    """Declares nothing and so sees every event."""

    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Error", severity=8, rule="long") if len(event.message) > 300 else None


@pytest.fixture(scope="module")
def socs():
    """One soc-core for each set of plugins; the scan by each engine is put in when it is asked for."""
    with ExitStack() as stack:
        yield {
            plugins: stack.enter_context(Soc.open(env={}, overrides=IN_MEMORY, plugins=plugins))
            for plugins in (DECLARED, ALL)
        }


def findings(soc, data, engine, *, chunk=1 << 18, log_format="auto"):
    """Read some bytes; answers the lines, those in quarantine, and all findings. Nothing is stored."""
    see_all = set_engine(soc, engine)
    reader = reader_of(soc, data, engine, chunk=chunk, log_format=log_format)
    lines, quarantined, found = 0, [], []
    for batch in reader:
        lines += batch.lines
        quarantined += [(bad.line_number, bad.reason) for bad in batch.quarantined]
        for judged in judge(soc.calls, batch.events, see_all=see_all if batch.selected else None):
            # A busy machine may make any call slow, which is no plugin's failure.
            assert {one.kind for one in judged.classified.failures} <= {FailureKind.OVERRAN}
            assert not judged.classified.held
            found += [(one.event.message, one.rule, one.severity, one.classifier) for one in judged.classified.findings]
    return lines, quarantined, found


def run(data, plugins, engine, *, chunk=1 << 18):
    """Read some bytes and store what follows; answers the lines, those in quarantine, and the incidents."""
    with Soc.open(env={}, overrides=IN_MEMORY, plugins=plugins) as soc:
        set_engine(soc, engine)
        lines = quarantined = 0
        for batch in reader_of(soc, data, engine, chunk=chunk):
            lines += batch.lines
            quarantined += len(batch.quarantined)
            soc.take(batch)
        incidents = sorted((i.label, i.severity, i.rule, i.source, i.count, i.kind) for i in soc.reports.incidents())
    return lines, quarantined, incidents


def set_engine(soc, engine):
    if engine is None:
        return None
    undeclared = ["curious"] if "curious" in soc.calls.listeners("classify_event") else []
    soc.scanner = Scanner(soc.calls.patterns(), undeclared=undeclared, engine=engine_named(engine))
    return soc.scanner.sees_all


def reader_of(soc, data, engine, *, chunk, log_format="auto"):
    select = None if engine is None else soc.candidates
    return Reader(["-"], clock=soc.clock, format=log_format, stdin=Torn(data, chunk), select=select)


class Torn(io.BytesIO):
    """An input that gives at most so many bytes at a time."""

    def __init__(self, data, chunk):
        super().__init__(data)
        self.chunk = chunk

    def read1(self, size=-1):
        return super().read1(min(size, self.chunk))


DECLARED = (("declared", Declared()), ("second", Declared()))
ALL = (*DECLARED, ("curious", Curious()))
SAMPLE = (
    b"Nov 23 10:00:00 gate sshd[7]: Failed password for root from 203.0.113.9 port 22 ssh2\n"
    b"nothing here\n\n"
    b"Nov 23 10:00:01 gate sshd[7]: Invalid user \xff\xfe from 203.0.113.9\r\n"
    b'203.0.113.9 - - [23/Nov/2026:10:00:02 +0000] "GET /a/../../etc/passwd HTTP/1.1" 404 7\n'
    + b"x" * 400
    + b"\nNov 23 10:00:03 gate app: SELECT * FROM users\0; exception\n"
    + b"the last line has no end: authentication failure"
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("chunk", [1, 7, 100, 1 << 20])
def test_findings_do_not_depend_on_engine_or_block_size(socs, engine, chunk):
    found = findings(socs[ALL], SAMPLE, engine, chunk=chunk)
    assert found == findings(socs[ALL], SAMPLE, None)
    assert found[0] == 8
    assert {rule for _, rule, *_ in found[2]} >= {"failed password", "invalid user", "../", "select * from", "long"}


@pytest.mark.parametrize("engine", engines())
@pytest.mark.parametrize("chunk", [100, 1 << 20])
def test_incidents_do_not_depend_on_engine_or_block_size(engine, chunk):
    assert run(SAMPLE * 3, ALL, engine, chunk=chunk) == run(SAMPLE * 3, ALL, None)


BROKEN = [
    b'{"message": ',
    b"not json",
    b'{message: "x"}',
    b"{}}",
    b'["a"]',
    b'"{"',
    b"null",
    b'{"a"} x',
    b'{"a" "b"}',
    b"{} {}",
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_broken_line_in_a_log_of_json_is_kept_in_quarantine(socs, engine, broken, line_end):
    good = [json.dumps({"message": f"number {n}", "level": "info"}).encode() for n in range(10)]
    good[3] = b'{"message": "Failed passw\\u006frd for root"}'
    data = line_end.join([*good[:6], broken, *good[7:]]) + line_end
    for chunk in (1, 64, 1 << 20):
        read, [bad], found = findings(socs[DECLARED], data, engine, chunk=chunk)
        assert (read, bad[0]) == (10, 7)
        assert {rule for _, rule, *_ in found} == {"failed password"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(
        st.one_of(
            st.sampled_from(SAMPLE.splitlines()),
            st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b" ")),
            st.builds(
                lambda words, codes: json.dumps({"message": " ".join(words) + codes}).encode(),
                st.lists(st.sampled_from(["Failed password", "exception", "a\\b", "../", "café", "\n"]), max_size=3),
                st.text(max_size=5),
            ),
        ),
        min_size=1,
        max_size=12,
    ),
    chunk=st.sampled_from([1, 10, 1 << 20]),
    log_format=st.sampled_from(["auto", "mixed", "syslog", "plain"]),
)
def test_findings_of_random_lines_do_not_depend_on_the_scan(socs, lines, chunk, log_format):
    data = b"nothing, but text\n" * 3 + b"\n".join(lines)
    for plugins in (DECLARED, ALL):
        expected = findings(socs[plugins], data, None, chunk=chunk, log_format=log_format)
        for engine in engines():
            assert findings(socs[plugins], data, engine, chunk=chunk, log_format=log_format) == expected


@pytest.mark.parametrize("name", ["auth.log.gz", "apache_access.log.gz", "kafka.log.gz", "ossec_levels.jsonl.gz"])
def test_findings_of_real_logs_do_not_depend_on_the_scan(socs, name):
    if not STREAMS.is_dir():
        pytest.skip(f"{STREAMS} is not there: clone the shared data beside the repository")
    data = b"".join(gzip.decompress((STREAMS / name).read_bytes()).splitlines(keepends=True)[:2000])
    expected = findings(socs[DECLARED], data, None)
    for engine in engines():
        assert findings(socs[DECLARED], data, engine) == expected


def test_a_block_from_elsewhere_is_scanned_and_stored_and_a_plugin_may_go_by_the_patterns_that_fired():
    lines = ["session opened for root", "nothing", json.dumps({"text": 'say "hello"'})]
    with Soc.open(env={}, overrides=IN_MEMORY, plugins=[("trusting", Trusting())]) as soc:
        block = soc.process_block("\n".join(lines).encode())
        assert (block.lines, block.processed, block.quarantined, block.candidates) == (3, 3, 0, 2)
        assert {incident.rule for incident in soc.reports.incidents()} == {"trusting:root", "trusting:quoted"}
        assert soc.process_block(lines[0].encode()).outcome.joined == 1


def test_the_shipped_rules_miss_nothing_that_people_are_told_of_when_lines_are_scanned(tmp_path):
    if not STREAMS.is_dir():
        pytest.skip(f"{STREAMS} is not there: clone the shared data beside the repository")
    data = b"".join(
        line
        for name in ("auth.log.gz", "apache_access.log.gz", "kafka.log.gz")
        for line in gzip.decompress((STREAMS / name).read_bytes()).splitlines(keepends=True)[:1500]
    )
    shipped = {**IN_MEMORY, "plugins": {"disable": ["jira", "slack"]}}
    with Soc.open(env={}, overrides=shipped) as soc:
        every = []
        for engine in (None, *engines()):
            if engine is not None:
                soc.scanner = Scanner(soc.calls.patterns(), engine=engine_named(engine), cache=tmp_path)
            found = []
            for batch in reader_of(soc, data, engine, chunk=1 << 18):
                found += [
                    (judged.finding.event.message, judged.finding.rule, judged.finding.severity)
                    for judged in judge(soc.calls, batch.events, see_all=() if batch.selected else None)
                    if judged.finding is not None and (judged.raised or judged.finding.severity >= 6)
                ]
            every.append(found)
    assert every[0]
    assert all(found == every[0] for found in every)


def test_blocks_in_which_little_is_found_are_stored_together_and_followed_lines_at_once(tmp_path):
    log = tmp_path / "app.log"
    quiet = b"nothing of any interest is said in this line\n" * 60_000
    log.write_bytes(quiet + b"Failed password for root\n" + quiet)
    stop = threading.Event()
    with Soc.open(env={}, overrides=IN_MEMORY, plugins=DECLARED) as soc:
        batches = list(Reader([str(log)], clock=soc.clock, select=soc.candidates))
        assert [(b.lines, len(b.events), b.processed) for b in batches] == [(120_001, 1, 120_001)]
        soc.take(batches[0])
        follower = Reader([str(log)], clock=soc.clock, select=soc.candidates, saved=soc.positions())
        coming = follower.follow(stop, poll=0.01)
        for text in (b"nothing\n", b"Invalid user\nnothing\n"):
            with log.open("ab") as file:
                file.write(text)
            batch = next(coming)
            assert (batch.lines, len(batch.events)) == (text.count(b"\n"), text.count(b"user"))
        stop.set()
        assert list(coming) == []
