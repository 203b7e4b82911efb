"""One line of whatever kind: which format it is, what it carries inside, and the event that comes of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

import msgspec

from soc_core.errors import InputError, SettingsError
from soc_core.model.event import Event
from soc_core.stages.intake.formats.cef import cef_facts
from soc_core.stages.intake.formats.entities import text_facts
from soc_core.stages.intake.formats.facts import Facts, fill
from soc_core.stages.intake.formats.flat import text as readable
from soc_core.stages.intake.formats.json import json_object, object_facts
from soc_core.stages.intake.formats.leef import leef_facts
from soc_core.stages.intake.formats.plain import plain_facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.syslog import syslog_facts
from soc_core.stages.intake.formats.times import far_off

FORMATS = ("auto", "mixed", "plain", "syslog", "json", "cef", "leef")
PLAIN_SOURCE = (
    "log"  # for lines that name no program; not the file's name, or the same line would group by where it lay
)
HEADER_REACH = 512  # how far into a line a CEF or LEEF mark is looked for, behind a syslog header


def known_format(name: str) -> str:
    """The name itself if it is a format.

    Raises:
        SettingsError: It is none; the text offers the nearest.
    """
    if name in FORMATS:
        return name
    near = get_close_matches(name, FORMATS, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(FORMATS)}"
    raise SettingsError(f"{name!r} is no log format: {hint}")


def parse(
    line: bytes | str,
    *,
    received: datetime,
    format: str = "auto",  # noqa: A002  # the word users know from --format
    source: str | None = None,
    id: str | None = None,  # noqa: A002  # the event's own word
    severities: Severities = SEVERITIES,
    hits: frozenset[str] = frozenset(),
) -> Event:
    """Make an event of one line; `source` wins over what the line says, `id` gives way to the sender's own.

    `auto` and `mixed` never refuse a line: what is nothing else is plain.

    Raises:
        InputError: The line is not of the format that was asked for.
        SettingsError: There is no such format.
    """
    text = _text(line)
    if format in ("auto", "mixed"):
        facts = _any(text, received, severities)
    else:
        facts = _declared(text, known_format(format), received, severities)
    return _event(facts, received, source, id, hits)


def event_of(
    value: object,
    *,
    received: datetime,
    format: str = "auto",  # noqa: A002
    severities: Severities = SEVERITIES,
) -> Event:
    """Make an event of what Python code holds: a line, a `(source, message)` pair, a dict, or an event already made.

    Raises:
        InputError: It is none of these, or cannot be written as JSON.
    """
    if isinstance(value, Event):
        return value
    if isinstance(value, str | bytes):
        return parse(value, received=received, format=format, severities=severities)
    if isinstance(value, Mapping):
        return parse(_as_json(value), received=received, format="json", severities=severities)
    if isinstance(value, tuple | list) and len(value) == 2:
        source, message = value
        if isinstance(source, str) and isinstance(message, str):
            return parse(message, received=received, format=format, source=_text(source), severities=severities)
    raise InputError(
        f"cannot make an event of {type(value).__name__}: give a line, a (source, message) pair, a dict or an Event"
    )


STRICT = frozenset({"json", "cef", "leef"})  # in a log of these, a line that is not is broken


def detect(lines: Sequence[bytes]) -> str:
    """The format of a log by its first lines: the one that half of them are in, `mixed` if there are several."""
    seen = Counter(looks_like(line) for line in lines)
    plain = seen.pop("plain", 0)
    if len(seen) > 1:
        return "mixed"
    return next((name for name, count in seen.items() if count >= plain), "plain")


def looks_like(line: bytes) -> str:
    """The format that one line by itself is in, as `auto` sees it."""
    text = _text(line)
    if text[:1] == "{":
        try:
            json_object(text)
        except InputError:
            return "plain"
        return "json"
    mark = _mark(text)
    if mark:
        return mark[0]
    return "syslog" if syslog_facts(text, _SOME_TIME) is not None else "plain"


def _text(line: bytes | str) -> str:
    if isinstance(line, str):
        # a lone surrogate cannot be stored or sent anywhere
        text = line if line.isascii() else line.encode("utf-8", "replace").decode("utf-8")
    else:
        text = line.decode("utf-8", "replace")
    text = text.rstrip("\r\n")
    return text.replace("\0", "\ufffd").removeprefix("\ufeff") if not text.isprintable() else text


def _any(text: str, received: datetime, severities: Severities) -> Facts:
    try:
        if text[:1] == "{":
            return _object(json_object(text), text, received, severities)
        if mark := _mark(text):
            return _marked(text, mark, received, severities)
    except InputError:
        return plain_facts(text, received, severities)
    return _syslog_or_plain(text, received, severities)


def _declared(text: str, name: str, received: datetime, severities: Severities) -> Facts:
    if name == "json":
        return _object(json_object(text.strip()), text, received, severities)
    if name in ("cef", "leef"):
        mark = _mark(text)
        if mark is None or mark[0] != name:
            raise InputError(f"this line holds no '{name.upper()}:' header")
        return _marked(text, mark, received, severities)
    if name == "syslog":
        return _syslog_or_plain(text, received, severities)
    return plain_facts(text, received, severities)


def _mark(text: str) -> tuple[str, int] | None:
    head = text[:HEADER_REACH]
    for mark, name in (("CEF:", "cef"), ("LEEF:", "leef")):
        at = head.find(mark)
        if (at == 0 or (at > 0 and head[at - 1] == " ")) and head[at + len(mark) : at + len(mark) + 1].isdecimal():
            return name, at
    return None


def _marked(text: str, mark: tuple[str, int], received: datetime, severities: Severities) -> Facts:
    name, at = mark
    facts = (cef_facts if name == "cef" else leef_facts)(text[at:], received, severities)
    facts["message"] = text
    if at and (header := syslog_facts(text[:at] + "-", received, severities)) is not None:
        header["source"] = facts["source"]
        header["severity"] = None if facts.get("severity") is not None else header.get("severity")
        fill(facts, header)
    return facts


def _syslog_or_plain(text: str, received: datetime, severities: Severities) -> Facts:
    facts = syslog_facts(text, received, severities)
    if facts is None:
        return plain_facts(text, received, severities)
    body = facts["message"]
    if body[:1] == "{" and body[-1:] == "}":
        try:
            inner = _object(json_object(body), text, received, severities)
        except InputError:
            return facts
        if inner["schema"] == "json" and (program := facts.get("source")):
            inner["source"] = program
        fill(inner, facts)
        return inner
    return facts


def _object(event: dict[str, object], text: str, received: datetime, severities: Severities) -> Facts:
    message = event.get("message")
    if isinstance(message, str) and isinstance(event.get("source"), str):
        is_row = isinstance(event.get("id"), str | int) or event.keys() == _PAIR
        if is_row:
            return _row(event, message, received, severities)
    if isinstance(log := event.get("log"), str) and "stream" in event:
        return _carried(event, event, log, received, severities, schema="docker")
    if isinstance(said := event.get("MESSAGE"), str) and ("PRIORITY" in event or "_HOSTNAME" in event):
        return _carried(event, _journal(event), said, received, severities, schema="journald")
    facts = object_facts(event, text, received, severities)
    if "user" not in facts or facts["user"] is None or facts.get("ip") is None:
        said = event.get("message") or event.get("msg")
        if isinstance(said, str):
            fill(facts, _people(said))
    if "specversion" in event and isinstance(number := event.get("id"), str) and isinstance(event.get("source"), str):
        facts["id"] = _text(f"{event['source']}#{number}")
        facts["action"] = facts.get("action") or readable(event.get("type"))
    return facts


def _row(event: dict[str, object], message: str, received: datetime, severities: Severities) -> Facts:
    """A row `{"id", "source", "message"}`: the message is a line of its own, and the row fills what it leaves open."""
    facts = _any(_text(message), received, severities)
    facts["source"] = _text(str(event["source"]))
    if "id" in event:
        facts["id"] = _text(str(event["id"]))
    rest = {key: value for key, value in event.items() if key not in ("id", "source", "message")}
    if rest:
        fill(facts, object_facts(rest, message, received, severities))
        if facts.get("schema", "plain") == "plain":
            facts["fields"] = {**rest, **facts["fields"]}
    return facts


def _carried(
    event: Mapping[str, object],
    read_as: Mapping[str, object],
    line: str,
    received: datetime,
    severities: Severities,
    *,
    schema: str,
) -> Facts:
    """An envelope that a collector put round a log line: the line is what people read."""
    inner = _any(_text(line), received, severities)
    outer = object_facts(read_as, line, received, severities)
    if "source" in inner:
        outer.pop("source", None)
    fill(inner, outer)
    inner["fields"] = {**event, **inner["fields"]}
    if inner.get("schema", "plain") == "plain":
        inner["schema"] = schema
    return inner


def _journal(event: Mapping[str, object]) -> dict[str, object]:
    """Journald's names in the words that are read; its priority is a syslog PRI."""
    stated = event.get("PRIORITY")
    journal = dict(event)
    for name, path in (
        ("host", "_HOSTNAME"),
        ("source", "SYSLOG_IDENTIFIER"),
        ("timestamp", "__REALTIME_TIMESTAMP"),
    ):
        if path in event:
            journal[name] = event[path]
    if isinstance(stated, str | int) and str(stated) in _PRIORITIES:
        journal["severity"] = SEVERITIES.of_pri(int(stated))
    return journal


def _people(said: str) -> Facts:
    found = text_facts(said, {})
    return {"user": found.get("user"), "ip": found.get("ip")}


def _event(
    facts: Facts,
    received: datetime,
    source: str | None,
    id: str | None,  # noqa: A002
    hits: frozenset[str],
) -> Event:
    time = facts.get("time")
    fields = facts.get("fields", {})
    if time is not None and (note := far_off(time, received)) is not None:
        time, fields = None, {**fields, "soc.time_note": note}
    return Event(
        source=source or facts.get("source") or PLAIN_SOURCE,
        message=facts["message"],
        received=received,
        time=time,
        id=facts.get("id") or id,
        severity=facts.get("severity"),
        action=facts.get("action"),
        outcome=facts.get("outcome"),
        host=facts.get("host"),
        user=facts.get("user"),
        ip=facts.get("ip"),
        fields=fields,
        schema=facts.get("schema", "plain"),
        hits=hits,
    )


def _as_json(value: Mapping[str, object]) -> bytes:
    try:
        try:
            return msgspec.json.encode(value, enc_hook=str)
        except UnicodeError:  # lone surrogates: replaced, as in lines
            return json.dumps(value, default=str, ensure_ascii=False).encode(errors="replace")
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InputError(f"cannot write this dict as JSON: {error}") from error


_PAIR = {"source", "message"}
_PRIORITIES = frozenset("01234567")
_SOME_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")  # looking at a line's form needs no clock
