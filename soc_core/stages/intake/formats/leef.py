"""LEEF 1.0 and 2.0, the event format of QRadar's world: header columns and attributes parted by one character."""

import re
from datetime import datetime

from soc_core.errors import InputError
from soc_core.stages.intake.formats.cef import header_columns
from soc_core.stages.intake.formats.entities import address, outcome_of
from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import read_time

_HEX = re.compile(r"(?:0x|x|\\x|\\u)([0-9A-Fa-f]{1,4})$")
_COLUMNS = ("device_vendor", "device_product", "device_version", "event_id")


def leef_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts:
    """Read `LEEF:…` up to the end of the line.

    Raises:
        InputError: The header is short of columns, or the delimiter is none.
    """
    columns, rest = header_columns(text, len(_COLUMNS) + 1, what="LEEF")
    version = columns[0][5:]
    delimiter = "\t"
    if version.startswith("2"):
        stated, bar, behind = rest.partition("|")
        if bar and "=" not in stated.removeprefix("="):
            delimiter, rest = _delimiter(stated), behind
    fields: dict[str, object] = {"version": version, **dict(zip(_COLUMNS, columns[1:], strict=True))}
    values: dict[str, str] = {}
    for part in rest[:MATCH_CAP].split(delimiter):
        key, equals, value = part.partition("=")
        if equals and key.strip():
            values[key.strip()] = value.strip()
    fields.update(values)
    get = values.get
    facts: Facts = {"fields": fields, "schema": "leef", "message": text}
    facts["severity"] = severities.of_cef(values["sev"]) if "sev" in values else None
    facts["source"] = columns[2] or columns[1] or "leef"
    facts["host"] = get("identHostName") or get("devName") or get("hostName")
    facts["user"] = get("usrName") or get("accountName") or get("identUserName")
    facts["ip"] = address(get("src")) or address(get("identSrc")) or address(get("dst"))
    facts["time"] = read_time(get("devTime"), received)
    facts["action"] = get("action") or columns[4] or None
    facts["outcome"] = outcome_of(get("outcome")) or outcome_of(get("action"))
    return facts


def _delimiter(stated: str) -> str:
    """One character, as itself or in hexadecimal (`^`, `0x09`, `x5E`); nothing means a tab."""
    if not stated:
        return "\t"
    if len(stated) == 1:
        return stated
    if found := _HEX.match(stated):
        return chr(int(found[1], 16))
    raise InputError(f"this LEEF line names {stated[:20]!r} as its delimiter: give one character or its code as 0x09")
