"""CEF, the Common Event Format of security products: seven header columns and an extension of key=value pairs."""

import re
from datetime import datetime

from soc_core.errors import InputError
from soc_core.stages.intake.formats.entities import address, outcome_of
from soc_core.stages.intake.formats.facts import MATCH_CAP, Facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import read_time

_HEADER = re.compile(r"((?:[^|\\]|\\.)*)\|")
_KEY = re.compile(r"(?:^| )([A-Za-z0-9_][\w.\-\[\]]{0,127})=")
_HEADER_ESCAPE = re.compile(r"\\([\\|])")
_VALUE_ESCAPE = re.compile(r"\\([\\=nr|])")
_VALUE_MEANS = {"n": "\n", "r": "\r"}
_COLUMNS = ("device_vendor", "device_product", "device_version", "event_class_id", "name", "severity")


def cef_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts:
    """Read `CEF:…` up to the end of the line.

    Raises:
        InputError: The header has fewer than its seven columns.
    """
    columns, extension = header_columns(text, len(_COLUMNS) + 1, what="CEF")
    fields: dict[str, object] = {"version": columns[0][4:], **dict(zip(_COLUMNS, columns[1:], strict=True))}
    values = _extension(extension)
    _name_the_custom_ones(values)
    fields.update(values)
    get = values.get
    facts: Facts = {"fields": fields, "schema": "cef", "message": text, "severity": severities.of_cef(columns[6])}
    facts["source"] = columns[2] or columns[1] or "cef"
    facts["host"] = get("dvchost") or get("shost") or get("dhost") or get("dvc")
    facts["user"] = get("suser") or get("duser") or get("suid") or get("duid")
    facts["ip"] = address(get("src")) or address(get("sourceAddress")) or address(get("c6a2")) or address(get("dst"))
    facts["time"] = read_time(get("rt") or get("start") or get("end"), received)
    facts["action"] = get("act") or columns[5] or None
    facts["outcome"] = outcome_of(get("outcome")) or outcome_of(get("act"))
    return facts


def header_columns(text: str, count: int, *, what: str) -> tuple[list[str], str]:
    """The first `count` columns of a header with escapes undone, and what follows them."""
    columns: list[str] = []
    at = 0
    while len(columns) < count:
        found = _HEADER.match(text, at, MATCH_CAP)
        if found is None:
            # the very last column may end the line where there is no extension
            if len(columns) == count - 1 and at < len(text):
                columns.append(_HEADER_ESCAPE.sub(r"\1", text[at:MATCH_CAP]))
                return columns, ""
            raise InputError(
                f"this {what} line has {len(columns)} of the {count} columns of its header, separated by '|': "
                "check what writes it"
            )
        columns.append(_HEADER_ESCAPE.sub(r"\1", found[1]))
        at = found.end()
    return columns, text[at:]


def _extension(text: str) -> dict[str, str]:
    """Values run up to the space before the next `key=`, so they may contain spaces and escaped `=`."""
    text = text[:MATCH_CAP].strip(" ")
    marks = [(found[1], found.start(), found.end()) for found in _KEY.finditer(text)]
    values: dict[str, str] = {}
    for number, (key, _, begin) in enumerate(marks):
        end = marks[number + 1][1] if number + 1 < len(marks) else len(text)
        values[key] = _VALUE_ESCAPE.sub(lambda found: _VALUE_MEANS.get(found[1], found[1]), text[begin:end].rstrip(" "))
    return values


def _name_the_custom_ones(values: dict[str, str]) -> None:
    for key in [key for key in values if key.endswith("Label")]:
        if (value := values.get(key.removesuffix("Label"))) is not None and values[key]:
            values.setdefault(values[key], value)
