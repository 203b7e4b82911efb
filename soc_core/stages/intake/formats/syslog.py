"""Syslog as it is met in the wild: RFC 3164, RFC 5424, rsyslog's ISO times, Cisco's years, headers without a host."""

import re
from collections.abc import Mapping
from datetime import datetime

from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts
from soc_core.stages.intake.formats.plain import plain_facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import from_iso, named_time

_PRI = re.compile(r"<([0-9]{1,3})>")
_NAMED = re.compile(
    r"([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) (?:([0-9]{4}) )?([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.[0-9]{1,9})?(?: ([0-9]{4}))?:? "
)
_NUMBERED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}) {1,2}"
)
_TAG = re.compile(r"([^\s\[\]:<>\"'{}=]{1,128})(?:\[([^\]\s]{1,64})\])?:(?: |$)")
_NEW = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,255}) (-(?: |$))?")
_BOM = "\ufeff"


def syslog_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts | None:
    """Read a line with a syslog header, or None if it has none. `message` is the text after the header."""
    pri, start = None, 0
    if text[:1] == "<" and (found := _PRI.match(text)):
        pri, start = int(found[1]), found.end()
        if pri > 191:
            return None
    if text.startswith("1 ", start) and (facts := _new(text, start, received, severities)) is not None:
        pass
    elif (facts := _old(text, start, received, severities, sure=pri is not None)) is None:
        return None
    fields: dict[str, object] = {"raw": text, **facts.get("fields", {})}
    if pri is not None:
        fields["pri"] = pri
        if facts.get("severity") is None:
            facts["severity"] = severities.of_pri(pri)
    facts["fields"] = fields
    facts["schema"] = "syslog"
    return facts


def _old(text: str, start: int, received: datetime, severities: Severities, *, sure: bool) -> Facts | None:
    if found := _NAMED.match(text, start):
        month, day, early, hour, minute, second, late = found.groups()
        stated = early or late
        time = named_time(month, day, (hour, minute, second), received, year=int(stated) if stated else None)
    elif found := _NUMBERED.match(text, start):
        time = from_iso(found[0])
    elif sure:  # RFC 3164 allows a PRI and nothing else
        return _body(text[start:], None, received, severities)
    else:
        return None
    rest = text[found.end() :]
    host, _, behind = rest.partition(" ")
    if host.endswith(":") or (host.endswith("]") and "[" in host):
        host, behind = "", rest  # some programs leave the host out
    behind = behind.lstrip(" ")
    tagged = _TAG.match(behind)
    if tagged is None and found.re is _NUMBERED and not sure:
        return None  # any log may begin with a time
    facts = _body(behind, tagged, received, severities)
    facts["time"] = time
    if host:
        facts["host"] = host
    return facts


def _body(behind: str, tagged: re.Match[str] | None, received: datetime, severities: Severities) -> Facts:
    facts = plain_facts(behind[tagged.end() :] if tagged else behind, received, severities)
    if tagged:
        facts["source"] = tagged[1]
        if tagged[2]:
            facts["fields"] = {"pid": tagged[2], **facts["fields"]}
    return facts


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
