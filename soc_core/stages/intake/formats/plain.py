"""Plain lines: no header, no structure; a leading time, pairs, access-log columns and people are read."""

import re
from datetime import datetime

from soc_core.stages.intake.formats.entities import address, outcome_of_status, pairs, text_facts
from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import from_access, from_epoch, from_iso

_QUOTED = r'([^"\\]*(?:\\.[^"\\]*)*)'  # in runs, which is five times quicker than one by one
_ACCESS = re.compile(
    r"(?:([\w.\-]{1,255}:[0-9]{1,5}) )?([\w.:\-]{2,255})(?:,? [\w.:\-]{2,64})? (\S{1,128}) (\S{1,256}) "
    r"\[([^\]]{20,40})\] "
    rf'"{_QUOTED}" ([0-9]{{3}}) ([0-9]+|-)(?: "{_QUOTED}" "{_QUOTED}")?'
)
_AUDIT_TIME = re.compile(r"audit\(([0-9]{9,11}\.[0-9]{1,6}):[0-9]{1,12}\)")
_DIGITS = frozenset("0123456789")


def plain_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts:
    """Read a line that is no other format, or what follows a syslog header; never fails."""
    if '] "' in text and (facts := _access_facts(text)) is not None:
        return facts
    fields = pairs(text)
    facts = text_facts(text, fields)
    facts["message"] = text
    facts["fields"] = fields
    if (time := _leading_time(text)) is not None:
        facts["time"] = time
    elif "audit(" in text and (found := _AUDIT_TIME.search(text[:MATCH_CAP])):
        facts["time"] = from_epoch(float(found[1]))
    if "severity" in fields:
        facts["severity"] = severities.of_word(fields["severity"])
    elif "level" in fields:
        facts["severity"] = severities.of_level(fields["level"])
    return facts


def _leading_time(text: str) -> datetime | None:
    start = 1 if text[:1] == "[" else 0
    if text[start : start + 1] not in _DIGITS:
        return None
    head = text[start : start + 40]
    return from_iso(head) or from_access(head)


def _access_facts(text: str) -> Facts | None:
    found = _ACCESS.match(text[:MATCH_CAP])
    if found is None:
        return None
    vhost, client, _, user, stamp, request, status, size, referer, agent = found.groups()
    method, _, rest = request.partition(" ")
    path, _, protocol = rest.rpartition(" ") if " HTTP/" in rest else (rest, "", "")
    fields: dict[str, object] = {
        "client": client,
        "method": method,
        "path": path,
        "protocol": protocol,
        "status": int(status),
        "size": int(size) if size.isdecimal() and len(size) < 20 else 0,
    }
    if referer is not None and referer != "-":
        fields["referer"] = referer
    if agent is not None:
        fields["agent"] = agent
    facts: Facts = {"message": text, "fields": fields, "source": "access_log", "schema": "access"}
    facts["time"] = from_access(stamp) or from_iso(stamp)
    facts["action"] = method if method.isalpha() and len(method) <= 16 else None
    facts["outcome"] = outcome_of_status(int(status))
    facts["ip"] = address(client)
    if user != "-":
        facts["user"] = fields["user"] = user
    if vhost:
        facts["host"] = fields["vhost"] = vhost
    return facts
