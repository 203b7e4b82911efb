"""What is read out of one line, format by format, in lines written for these tests."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.errors import InputError, SettingsError
from soc_core.model.event import Event
from soc_core.stages.intake.formats import FORMATS, event_of, parse

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def check(event: Event, expected: dict[str, object]) -> None:
    for name, value in expected.items():
        seen = event.field(name.removeprefix("fields.")) if name.startswith("fields.") else getattr(event, name)
        assert seen == value, f"{name} of {event}"


PLAIN = [
    ("disk almost full", {"schema": "plain", "source": "log", "message": "disk almost full", "severity": None}),
    (
        "[2026-11-23 09:08:07,250] WARN slow (app.Pool)",
        {"schema": "plain", "time": datetime(2026, 11, 23, 9, 8, 7, 250000, UTC), "severity": None},
    ),
    ("2026-11-23T09:08:07+02:00 not a syslog line at all", {"schema": "plain", "time": at(2026, 11, 23, 7, 8, 7)}),
    (
        'time=2026-11-23T09:08:07Z level=error msg="login failed" user=mia src=198.51.100.7 result=denied',
        {"user": "mia", "ip": "198.51.100.7", "outcome": "failure", "severity": 5.0, "fields.msg": "login failed"},
    ),
    (
        (
            'type=USER_AUTH msg=audit(1795430000.500:77): pid=9 uid=0 msg=\'op=PAM:authentication acct="root"'
            ' exe="/usr/bin/su" hostname=? addr=192.0.2.4 terminal=pts/1 res=failed\''
        ),
        {
            "user": "root",
            "ip": "192.0.2.4",
            "action": "PAM:authentication",
            "outcome": "failure",
            "fields.type": "USER_AUTH",
            "fields.exe": "/usr/bin/su",
            "time": datetime.fromtimestamp(1795430000.5, UTC),
        },
    ),
    (
        '192.0.2.9 - ada [23/Nov/2026:10:00:00 +0100] "POST /login?x=1 HTTP/1.1" 401 532 "-" "curl/8"',
        {
            "schema": "access",
            "source": "access_log",
            "ip": "192.0.2.9",
            "user": "ada",
            "action": "POST",
            "outcome": "failure",
            "fields.path": "/login?x=1",
            "fields.status": 401,
            "fields.agent": "curl/8",
            "time": at(2026, 11, 23, 9),
        },
    ),
    (
        '2001:db8::7 - - [23/Nov/2026:10:00:00 +0000] "GET / HTTP/2.0" 200 -',
        {"schema": "access", "ip": "2001:db8::7", "user": None, "outcome": "success", "fields.size": 0},
    ),
    (
        'shop.example:443 192.0.2.9 - - [23/Nov/2026:10:00:00 +0000] "\\x16\\x03" 400 0 "-" "-"',
        {"schema": "access", "host": "shop.example:443", "outcome": "failure"},
    ),
    ("connect from peer ::ffff:198.51.100.2 refused, sent to 10.0.0.1", {"ip": "198.51.100.2"}),
    ("version 1.2.3.4444 of 999.1.1.1", {"ip": None}),
]

SYSLOG = [
    (
        "Nov 23 11:22:33 web1 sshd[812]: Failed password for invalid user eve from 203.0.113.5 port 4022 ssh2",
        {
            "schema": "syslog",
            "source": "sshd",
            "host": "web1",
            "user": "eve",
            "ip": "203.0.113.5",
            "fields.pid": "812",
            "message": "Failed password for invalid user eve from 203.0.113.5 port 4022 ssh2",
            "time": at(2026, 11, 23, 11, 22, 33),
            "severity": None,
        },
    ),
    ("Dec 31 23:59:59 web1 cron[1]: x", {"time": at(2025, 12, 31, 23, 59, 59)}),
    ("Nov 24 01:00:00 web1 cron[1]: a clock that runs ahead", {"time": at(2026, 11, 24, 1)}),
    ("Feb 29 10:00:00 web1 cron[1]: x", {"time": at(2024, 2, 29, 10)}),
    ("Nov 31 10:00:00 web1 cron[1]: no such day", {"time": None, "source": "cron"}),
    ("Nov  3 2026 10:00:00 fw1 asa: %ASA-4-106023: Deny tcp", {"host": "fw1", "time": at(2026, 11, 3, 10)}),
    ("Nov 23 11:22:33 sshd[9]: Server listening", {"host": None, "source": "sshd"}),
    (
        "Nov 23 11:22:33 web1 sudo:     bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/cat /etc/shadow",
        {"source": "sudo", "user": "bob", "fields.USER": "root"},
    ),
    (
        "Nov 23 11:22:33 fw1 kernel: [77.1] [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.8 DST=10.0.0.2 PROTO=TCP DPT=22",
        {"source": "kernel", "ip": "203.0.113.8", "fields.DPT": "22", "fields.IN": "eth0"},
    ),
    (
        "<134>1 1795431600.123456789 fw7 flows src=192.0.2.3 dst=198.51.100.1 protocol=tcp",
        {"ip": "192.0.2.3", "fields.pri": 134, "fields.src": "192.0.2.3"},
    ),
    ("Nov 23 11:22:33 ldap1 slapd[7]: conn=1 op=0 BIND dn=x", {"action": None, "outcome": None}),
    ("<33>Nov 23 11:22:33 web1 sudo: typo", {"severity": 7.0, "fields.pri": 33}),
    ("<38>Nov 23 11:22:33 web1 app: hello", {"severity": 2.0}),
    ("<13>just this", {"schema": "syslog", "message": "just this", "severity": 3.0}),
    ("<999>Nov 23 11:22:33 web1 app: no PRI", {"schema": "plain", "severity": None}),
    (
        "2026-11-23T11:22:33.5+01:00 nas1 httpd[4]: ready",
        {"source": "httpd", "host": "nas1", "time": datetime(2026, 11, 23, 10, 22, 33, 500000, UTC)},
    ),
    (
        '<165>1 2026-11-23T11:22:33.003Z mail1 imapd 42 ID7 [a@1 who="x\\"y\\]z\\\\" n="2"][b@1] \ufeffgrüße',
        {
            "schema": "syslog",
            "source": "imapd",
            "host": "mail1",
            "message": "grüße",
            "fields.pid": "42",
            "fields.msgid": "ID7",
            "fields.who": 'x"y]z\\',
            "fields.structured_data": {"a@1": {"who": 'x"y]z\\', "n": "2"}, "b@1": {}},
            "severity": 3.0,
        },
    ),
    ("<14>1 - - - - - -", {"host": None, "time": None, "source": "log", "message": "", "fields.pid": None}),
    ("<14>1 - h a - - [broken sd", {"host": "h", "source": "a", "message": "[broken sd"}),
    (
        'Nov 23 11:22:33 edge1 caddy[1]: {"level":"error","msg":"boom","request":{"remote_ip":"192.0.2.77"}}',
        {"source": "caddy", "host": "edge1", "schema": "json", "severity": 5.0, "ip": "192.0.2.77"},
    ),
    (
        '<34>{"source": "app", "message": "Failed password for mia from 192.0.2.2"}',
        {"source": "app", "user": "mia", "ip": "192.0.2.2", "message": "Failed password for mia from 192.0.2.2"},
    ),
]

CEF = [
    (
        (
            "CEF:0|Acme|Fire\\|Wall|1.0|100|worm \\\\ stopped|8|"
            "src=192.0.2.1 suser=joe msg=a b\\=c d act=blocked cs1=red cs1Label=Team"
        ),
        {
            "schema": "cef",
            "source": "Fire|Wall",
            "severity": 8.0,
            "ip": "192.0.2.1",
            "user": "joe",
            "action": "blocked",
            "outcome": "failure",
            "fields.msg": "a b=c d",
            "fields.name": "worm \\ stopped",
            "fields.Team": "red",
        },
    ),
    ("CEF:0|A|B|1|2|n|Very-High|", {"severity": 9.0, "action": "n"}),
    ("CEF:0|A|B|1|2|n|Unknown|", {"severity": None}),
    (
        "<134>Nov 23 11:22:33 relay1 CEF:1|A|B|1|2|n|3|dvchost=fw7 rt=1795430000000",
        {"schema": "cef", "severity": 3.0, "host": "fw7", "time": datetime.fromtimestamp(1795430000, UTC)},
    ),
    ("Nov 23 11:22:33 relay1 cef: CEF:0|A|B|1|2|n|3|x=1", {"host": "relay1", "source": "B"}),
]

LEEF = [
    (
        "LEEF:1.0|Acme|IDS|1|probe|src=192.0.2.3\tusrName=kim\tsev=9\tmsg=a b=c",
        {"schema": "leef", "source": "IDS", "severity": 9.0, "user": "kim", "ip": "192.0.2.3", "fields.msg": "a b=c"},
    ),
    ("LEEF:2.0|Acme|IDS|1|probe|^|src=192.0.2.3^action=deny", {"ip": "192.0.2.3", "outcome": "failure"}),
    ("LEEF:2.0|Acme|IDS|1|probe|0x7C|src=192.0.2.3|usrName=kim", {"ip": "192.0.2.3", "user": "kim"}),
    ("LEEF:2.0|Acme|IDS|1|probe|x5E|usrName=kim^x=1", {"user": "kim", "fields.x": "1"}),
    ("LEEF:2.0|Acme|IDS|1|probe|usrName=kim\tx=1", {"user": "kim", "fields.x": "1"}),
]


@pytest.mark.parametrize(("line", "expected"), PLAIN + SYSLOG + CEF + LEEF)
def test_a_line_is_read_for_what_it_says(line, expected):
    check(parse(line, received=NOW), expected)
    check(parse(line.encode() + b"\r\n", received=NOW), expected)


def test_syslog_keeps_the_raw_line_and_structured_formats_are_their_own_message():
    line = "Nov 23 11:22:33 web1 app[1]: hello"
    assert parse(line, received=NOW).fields["raw"] == line
    for structured in (CEF[0][0], LEEF[0][0], '{"a": 1}'):
        assert parse(structured, received=NOW).message == structured


@pytest.mark.parametrize("stamp", ["2036-01-01T00:00:00Z", "2026-11-25T00:00:00Z", "2011-11-23T00:00:00Z"])
def test_a_far_off_time_is_not_believed_and_noted(stamp):
    event = parse(json.dumps({"@timestamp": stamp, "a": 1}), received=NOW)
    assert event.time is None
    assert stamp[:10] in str(event.fields["soc.time_note"])
    assert event.fields["a"] == 1


@pytest.mark.parametrize(
    ("format_", "line", "said"),
    [
        ("json", '{"a": ', "no valid JSON"),
        ("json", "[1, 2]", "no object: it is a list"),
        ("json", "12", "a number"),
        ("json", '{"a":' * 65 + "1" + "}" * 65, "deeper than 64"),
        ("json", "[" * 100_000, "deeper than 64"),
        ("json", "{" + ",".join(f'"k{number}":1' for number in range(10_001)) + "}", "more than 10,000 keys"),
        ("json", '{"a":"\\ud800"}', "no valid JSON"),
        ("cef", "CEF:0|too|short", "of the 7 columns"),
        ("cef", "plain text", "no 'CEF:' header"),
        ("leef", "LEEF:2.0|A|B", "of the 5 columns"),
        ("leef", "LEEF:2.0|A|B|1|E|long|a=1", "delimiter"),
    ],
)
def test_a_line_that_breaks_its_declared_format_is_refused_and_auto_takes_it_as_plain(format_, line, said):
    with pytest.raises(InputError, match=said):
        parse(line, received=NOW, format=format_)
    assert parse(line, received=NOW).schema == "plain"


def test_depth_and_keys_inside_of_strings_do_not_count():
    line = json.dumps({"text": "{[:" * 5000, "deep": json.loads("[" * 60 + "]" * 60)})
    assert parse(line, received=NOW, format="json").schema == "json"


def test_an_unknown_format_is_a_usage_error():
    with pytest.raises(SettingsError, match="did you mean 'json'"):
        parse("x", received=NOW, format="jsn")


def test_a_row_is_parsed_as_the_line_it_carries():
    row = {"id": "r-1", "source": "bastion", "message": SYSLOG[0][0]}
    for event in (parse(json.dumps(row), received=NOW), event_of(row, received=NOW)):
        check(event, {"id": "r-1", "source": "bastion", "user": "eve", "host": "web1", "schema": "syslog"})
    nested = {"id": 7, "source": "cloud", "message": '{"severity": "high", "user": {"name": "ada"}}'}
    check(event_of(nested, received=NOW), {"id": "7", "severity": 7.0, "user": "ada", "schema": "json"})
    stated = {"id": "x", "source": "s", "message": "hello", "severity": 8.5, "host": "h1"}
    check(event_of(stated, received=NOW), {"severity": 8.5, "host": "h1", "message": "hello", "schema": "plain"})


def test_escaped_nul_bytes_reach_nothing_that_is_stored_as_text():
    row = {"id": "a\0b", "source": "s\0", "message": "nul\0here", "user": "u\0", "host": "h\0"}
    event = event_of(row, received=NOW)
    assert (event.id, event.source, event.message) == ("a\ufffdb", "s\ufffd", "nul\ufffdhere")
    assert (event.user, event.host) == ("u\ufffd", "h\ufffd")


def test_the_senders_id_wins_over_the_place_in_the_file():
    row = '{"id": "r-1", "source": "s", "message": "m"}'
    assert parse(row, received=NOW, id="file:0").id == "r-1"
    assert parse("m", received=NOW, id="file:0").id == "file:0"


def test_python_values_become_events():
    pair = event_of(("vpn", "login failed for user bob from 192.0.2.1"), received=NOW)
    check(pair, {"source": "vpn", "user": "bob", "ip": "192.0.2.1"})
    assert event_of(pair, received=NOW) is pair
    assert event_of("hello", received=NOW).message == "hello"
    check(event_of({"level": "warn", "at": NOW}, received=NOW), {"severity": 4.0, "schema": "json"})
    assert event_of(("s", "lone \ud800 surrogate"), received=NOW).message == "lone ? surrogate"
    assert event_of({"a": "lone \ud800"}, received=NOW).fields == {"a": "lone ?"}
    endless: dict[str, object] = {}
    endless["again"] = endless
    for value in (None, 5, ("a",), ("a", 2), endless):
        with pytest.raises(InputError):
            event_of(value, received=NOW)


WORDS = "time @timestamp severity level user ip source message id host Event System EventData EventID Channel rule win "
WORDS += "eventdata log stream MESSAGE PRIORITY outcome result detail detail-type specversion type data integration"
KEYS = st.sampled_from(WORDS.split())
JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
PIECES = ["CEF:0|", "LEEF:2.0|", "<34>", "1 ", "- ", "Nov 23 11:22:33 ", "2026-13-45T99:99:99Z ", "user", "::"]
PIECES += [*'[]"\\=|{}:, \0\ud800٣', "1.2.3.4", "audit(999999999.9:1)", "0x", '{"a":1}']
FRAGMENTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join)


@settings(max_examples=250, deadline=None)
@given(line=st.binary(max_size=200) | FRAGMENTS | st.dictionaries(KEYS, JSONISH, max_size=5).map(json.dumps))
def test_no_line_ever_raises_anything_but_a_refusal(line):
    event = parse(line, received=NOW)
    event.message.encode("utf-8")
    for name in FORMATS:
        try:
            parse(line, received=NOW, format=name)
        except InputError:
            assert name in ("json", "cef", "leef")


@settings(max_examples=150, deadline=None)
@given(value=st.dictionaries(KEYS, JSONISH, max_size=6))
def test_no_dict_ever_raises_anything_but_a_refusal(value):
    with contextlib.suppress(InputError):
        assert event_of(value, received=NOW).received == NOW


BAIT = [
    "a=" * 30_000,
    'x="' + "\\" * 60_000,
    "1 - - - - - [" + 'a a="' * 12_000,
    "<34>1 - - - - - " + "[a " * 20_000,
    "Nov 23 11:22:33 " + "a" * 60_000,
    "CEF:0|" + "\\|" * 30_000,
    "CEF:0|a|b|c|d|e|5|" + " a" * 30_000,
    "LEEF:2.0|" + "|" * 60_000,
    '1.1.1.1 - - [23/Nov/2026:10:00:00 +0000] "' + '\\"' * 30_000,
    "user user user " * 4_000,
    "Failed " * 9_000 + "for",
    "from " * 12_000 + "::" * 9,
    "1." * 30_000,
    ":" * 60_000,
    "a:1 " * 15_000 + '] "',
    "bob : " + "x ; " * 15_000,
    '{"a":' * 60_000,
    "9" * 60_000 + "-01-01",
]


@pytest.mark.timeout(10)  # quadratic work on 60,000 characters takes far longer, linear work a blink
@pytest.mark.parametrize("bait", BAIT, ids=range(len(BAIT)))
def test_a_line_made_to_exhaust_expressions_is_read_like_any_other(bait):
    assert parse(bait, received=NOW).received == NOW


def test_an_arrival_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="received needs a time zone"):
        parse("door forced", received=datetime(2026, 3, 2))  # noqa: DTZ001
