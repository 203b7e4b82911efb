"""Syslog as it is met in the wild: RFC 3164, RFC 5424, rsyslog's ISO times, Cisco's years, headers without a host."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts
from soc_core.stages.intake.formats.plain import plain_facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import from_iso, named_time

_LAST_PRI = 191
_PRI = re.compile(r"<([0-9]{1,3})>")
_NAMED = re.compile(
    r"([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) (?:([0-9]{4}) )?([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.[0-9]{1,9})?(?: ([0-9]{4}))?:? "
)
_NUMBERED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}) {1,2}"
)
_TAG = re.compile(r"([^\s\[\]:<>\"'{}=]{1,128})(?:\[([^\]\s]{1,64})\])?:(?: |$)")
_NEW = re.compile(r"1 (-|[0-9]{4}-\S{1,59}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,255}) (-(?: |$))?")
_BOM = "\ufeff"


class Header(NamedTuple):
    """A header of the old form (RFC 3164 and its kin), its time as it is written, and the text behind it."""

    pri: int | None
    stamp: re.Match[str] | None
    host: str
    tag: re.Match[str] | None
    body: str


def syslog_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts | None:
    """Read a line with a syslog header, or None if it has none. `message` is the text after the header."""
    pri, start = _pri(text)
    if text.startswith("1 ", start) and (facts := _new(text, start, received, severities)) is not None:
        return _with_header(facts, {"raw": text, **facts["fields"]}, pri, severities)
    header = _header(text, start, pri)
    return None if header is None else old_facts(header, text, received, severities)


def old_header(text: str) -> Header | None:
    """The header of a line in the old form, or None if it has none."""
    pri, start = _pri(text)
    return _header(text, start, pri)


def old_facts(header: Header, text: str, received: datetime, severities: Severities) -> Facts:
    """Read a line behind its header."""
    facts = plain_facts(header.body, received, severities)
    if tag := header.tag:
        facts["source"] = tag[1]
    if header.stamp is not None:
        facts["time"] = _time(header.stamp[0], received)
    if header.host:
        facts["host"] = header.host
    pid = {"pid": tag[2]} if tag and tag[2] else {}
    return _with_header(facts, {"raw": text, **pid, **facts["fields"]}, header.pri, severities)


def _with_header(facts: Facts, fields: dict[str, object], pri: int | None, severities: Severities) -> Facts:
    if pri is not None:
        fields["pri"] = pri
        if facts.get("severity") is None:
            facts["severity"] = severities.of_pri(pri)
    facts["fields"] = fields
    facts["schema"] = "syslog"
    return facts


def _pri(text: str) -> tuple[int | None, int]:
    """The number in angle brackets that a line may begin with, and where the line goes on."""
    if text[:1] == "<" and (found := _PRI.match(text)):
        return int(found[1]), found.end()
    return None, 0


def _header(text: str, start: int, pri: int | None) -> Header | None:
    if pri is not None and pri > _LAST_PRI:
        return None
    found = _NAMED.match(text, start) or _NUMBERED.match(text, start)
    if found is None:  # RFC 3164 allows a PRI and nothing else
        return None if pri is None else Header(pri, None, "", None, text[start:])
    rest = text[found.end() :]
    host, _, behind = rest.partition(" ")
    if host.endswith(":") or (host.endswith("]") and "[" in host):
        host, behind = "", rest  # some programs leave the host out
    behind = behind.lstrip(" ")
    tag = _TAG.match(behind)
    if tag is None and pri is None and found.re is _NUMBERED:
        return None  # any log may begin with a time
    return Header(pri, found, host, tag, behind[tag.end() :] if tag else behind)


@lru_cache(maxsize=1024)  # lines of one second state one time
def _time(stamp: str, received: datetime) -> datetime | None:
    if found := _NAMED.match(stamp):
        month, day, early, hour, minute, second, late = found.groups()
        stated = early or late
        return named_time(month, day, (hour, minute, second), received, year=int(stated) if stated else None)
    return from_iso(stamp)


def _new(text: str, start: int, received: datetime, severities: Severities) -> Facts | None:
    found = _NEW.match(text, start)
    if found is None:
        return None
    stamp, host, program, pid, message_id, nothing = found.groups()
    data: Mapping[str, Mapping[str, str]] = {}
    rest = text[found.end() :]
    if not nothing and (taken := structured_data(rest)) is not None:
        data, rest = taken
    facts = plain_facts(rest.removeprefix(_BOM), received, severities)
    header: dict[str, object] = {name: value for name, value in (("pid", pid), ("msgid", message_id)) if value != "-"}
    if data:
        header["structured_data"] = data
        for element in data.values():
            header.update((key, value) for key, value in element.items() if key not in header)
    facts["fields"] = {**facts["fields"], **header}
    if program != "-":
        facts["source"] = program
    if host != "-":
        facts["host"] = host
    if stamp != "-":
        facts["time"] = from_iso(stamp)
    return facts


def structured_data(text: str) -> tuple[dict[str, dict[str, str]], str] | None:
    """The elements at the start of `text` and what follows them, or None if they are not as RFC 5424 wants them."""
    elements: dict[str, dict[str, str]] = {}
    end = min(len(text), MATCH_CAP)
    at = 0
    while at < end and text[at] == "[":
        name = _SD_NAME.match(text, at + 1)
        if name is None:
            return None
        values = elements.setdefault(name[0], {})
        at = name.end()
        while (pair := _SD_PAIR.match(text, at)) is not None:
            values[pair[1]] = _SD_ESCAPE.sub(r"\1", pair[2])
            at = pair.end()
        if not text.startswith("]", at):
            return None
        at += 1
    if at < len(text) and text[at] != " ":
        return None
    return elements, text[at + 1 :]


_SD_NAME = re.compile(r"[^\s=\]\"]{1,255}")
_SD_PAIR = re.compile(r' ([^\s=\]"]{1,255})="((?:[^"\\\]]|\\.)*)"')
_SD_ESCAPE = re.compile(r'\\(["\\\]])')
