"""Events that are read as far as somebody asks are the events that reading at once makes, whatever is asked first."""

import pickle
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.model.event import Event
from soc_core.stages.intake.formats import LineEvent, Origin, line_events, parse

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES = [field.name for field in attrs.fields(Event)]
HEADERS = [
    "",
    "<34>",
    "<999>",
    "<34>1 2026-11-23T09:08:07Z web-1 app 77 ID1 - ",
    "<34>1 broken ",
    "Nov 23 09:08:07 web-1 sshd[77]: ",
    "<86>Nov 23 09:08:07 web-1 sshd[77]: ",
    "Nov 23 25:61:07 web-1 sshd: ",
    "Feb 29 09:08:07 web-1 ",
    "2026-11-23T09:08:07+01:00 web-1 app: ",
    "2026-11-23 09:08:07Z no tag",
    "2036-11-23T09:08:07Z web-1 app: ",
    "1 ",
]
BODIES = [
    "",
    " ",
    "Failed password for root from 203.0.113.9 port 22 ssh2",
    'user=ada src=198.51.100.7 result=denied level=error msg="no"',
    '{"action": "login", "user": "ada", "source.ip": "192.0.2.1", "severity": "high"}',
    '{"source": "app", "message": "Failed password for mia from 192.0.2.2"}',
    "{broken}",
    "CEF:0|v|p|1|77|name|8|src=192.0.2.3 suser=eve",
    "LEEF:1.0|v|p|1|77|src=192.0.2.3\tusrName=eve",
    "hexadecimal EF:01:02",
    '192.0.2.9 - ada [23/Nov/2026:10:00:00 +0100] "POST /login HTTP/1.1" 401 532 "-" "curl/8"',
    "\0\ufeff line",
]
LINES = st.builds("{}{}{}".format, st.sampled_from(HEADERS), st.sampled_from(BODIES), st.sampled_from(["", "\r\n"]))


def unread(line: bytes, *, form: str = "auto") -> LineEvent:
    origin = Origin(received=NOW, format=form, identity="log")
    [event] = line_events([line], [7], [frozenset({"a:b"})], origin, whole=False)
    assert isinstance(event, LineEvent)
    return event


@settings(max_examples=400, deadline=None)
@given(
    line=LINES.map(str.encode) | st.binary(max_size=80),
    order=st.permutations(NAMES),
    form=st.sampled_from(["auto", "mixed", "plain", "syslog"]),
)
def test_whatever_is_asked_first_the_event_is_the_same(line: bytes, order: list[str], form: str) -> None:
    event, own = unread(line, form=form), Origin(received=NOW, identity="log").id_of(line, 7)
    whole = parse(line, received=NOW, format=form, id=own, hits=frozenset({"a:b"}))
    for name in order:
        assert getattr(event, name) == getattr(whole, name), name
    assert event == whole
    assert whole == event


@pytest.mark.parametrize("line", [header + body for header in HEADERS for body in BODIES])
def test_an_unread_event_is_equal_copied_and_sent_like_any_other(line: str) -> None:
    whole = parse(line, received=NOW, id=unread(line.encode()).id, hits=frozenset({"a:b"}))
    assert unread(line.encode()) == whole
    assert whole == unread(line.encode())
    assert pickle.loads(pickle.dumps(unread(line.encode()))) == whole
    assert attrs.evolve(unread(line.encode()), source="other") == attrs.evolve(whole, source="other")
    assert attrs.asdict(unread(line.encode())) == attrs.asdict(whole)


def test_an_unread_event_differs_where_its_line_differs() -> None:
    assert unread(b"one") != unread(b"another")
    assert unread(b"one") != "one"


def test_an_event_has_no_other_parts() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        unread(b"one").nothing  # noqa: B018
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        unread(b"one").message = "another"
