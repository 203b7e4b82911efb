"""What a line holds, whichever language it is in: envelopes are opened, and what they carry is read like a line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from soc_core.errors import InputError
from soc_core.stages.intake.formats.cef import cef_facts
from soc_core.stages.intake.formats.entities import text_facts
from soc_core.stages.intake.formats.facts import Facts, fill
from soc_core.stages.intake.formats.flat import text as readable
from soc_core.stages.intake.formats.json import json_object, object_facts
from soc_core.stages.intake.formats.leef import leef_facts
from soc_core.stages.intake.formats.plain import plain_facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.syslog import Header, old_facts, old_header, syslog_facts

HEADER_REACH = 512  # how far into a line a CEF or LEEF mark is looked for, behind a syslog header


LENIENT = frozenset({"auto", "mixed"})
"""The formats whose lines are read for what they look like."""

Glance = Header | Literal["plain"] | None
"""What is known of a line at first sight: its header, that it has none, or nothing: then it must be read in full."""


def glance(text: str) -> Glance:
    """Read a line's header and nothing else, where that tells the message: a plain line is its own."""
    if text[:1] == "{" or text.startswith("1 ", text.find(">", 0, 5) + 1) or "EF:" in text[:HEADER_REACH]:
        return None
    header = old_header(text)
    if header is None:
        return "plain"
    return None if _looks_like_object(header.body) else header


def behind(seen: Header | Literal["plain"], text: str, received: datetime, severities: Severities) -> Facts:
    """The rest of what the line says, and its message."""
    if isinstance(seen, str):
        return plain_facts(text, received, severities)
    return old_facts(seen, text, received, severities)


def facts_of(text: str, format: str, received: datetime, severities: Severities) -> Facts:  # noqa: A002
    """Read a line of a known format in full; `auto` and `mixed` never refuse one.

    Raises:
        InputError: The line is not of the format.
    """
    if format in LENIENT:
        return _any(text, received, severities)
    return _declared(text, format, received, severities)


def text_of(line: bytes | str) -> str:
    """A line as text that can be stored and sent anywhere."""
    if isinstance(line, str):
        # a lone surrogate cannot be stored or sent anywhere
        text = line if line.isascii() else line.encode("utf-8", "replace").decode("utf-8")
    else:
        text = line.decode("utf-8", "replace")
    return text.rstrip("\r\n").removeprefix("\ufeff").replace("\0", "\ufffd")


def _any(text: str, received: datetime, severities: Severities) -> Facts:
    if (seen := glance(text)) is not None:
        return behind(seen, text, received, severities)
    try:
        if text[:1] == "{":
            return _object(json_object(text), text, received, severities)
        if mark := mark_of(text):
            return _marked(text, mark, received, severities)
    except InputError:
        return plain_facts(text, received, severities)
    return _syslog_or_plain(text, received, severities)


def _declared(text: str, name: str, received: datetime, severities: Severities) -> Facts:
    if name == "json":
        return _object(json_object(text.strip()), text, received, severities)
    if name in ("cef", "leef"):
        mark = mark_of(text)
        if mark is None or mark[0] != name:
            raise InputError(f"this line holds no '{name.upper()}:' header")
        return _marked(text, mark, received, severities)
    if name == "syslog":
        return _syslog_or_plain(text, received, severities)
    return plain_facts(text, received, severities)


def mark_of(text: str) -> tuple[str, int] | None:
    """Whether a line is CEF or LEEF, and where that begins."""
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
    if _looks_like_object(body):
        try:
            inner = _object(json_object(body), text, received, severities)
        except InputError:
            return facts
        if inner.get("schema") == "json" and (program := facts.get("source")):
            inner["source"] = program
        fill(inner, facts)
        return inner
    return facts


def _looks_like_object(body: str) -> bool:
    return body[:1] == "{" and body[-1:] == "}"


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
        facts["id"] = text_of(f"{event['source']}#{number}")
        facts["action"] = facts.get("action") or readable(event.get("type"))
    return facts


def _row(event: dict[str, object], message: str, received: datetime, severities: Severities) -> Facts:
    """A row `{"id", "source", "message"}`: the message is a line of its own, and the row fills what it leaves open."""
    facts = _any(text_of(message), received, severities)
    facts["source"] = text_of(str(event["source"]))
    if "id" in event:
        facts["id"] = text_of(str(event["id"]))
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
    inner = _any(text_of(line), received, severities)
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


_PAIR = {"source", "message"}
_PRIORITIES = frozenset("01234567")
