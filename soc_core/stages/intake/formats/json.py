"""JSON events: decoded within bounds, laid out flat, and read by the shape of the product that wrote them."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from soc_core.errors import InputError
from soc_core.stages.intake.formats.facts import Facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.shapes import shape_facts

DEPTH_CAP = 64
KEY_CAP = 10_000

_decoder = msgspec.json.Decoder()


def json_object(text: str) -> dict[str, object]:
    """The object that a line holds.

    Raises:
        InputError: It is no JSON object, or one built to exhaust its reader.
    """
    if text.count("{") + text.count("[") > DEPTH_CAP or text.count(":") > KEY_CAP:
        _bounded(text)
    try:
        value = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise InputError(f"this line is no valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"this line is JSON, but no object: it is {_names.get(type(value), 'a number')}")
    return value


def json_facts(text: str, received: datetime, severities: Severities = SEVERITIES) -> Facts:
    """Read a line that is one JSON object.

    Raises:
        InputError: It is not, or it breaks the bounds.
    """
    return object_facts(json_object(text), text, received, severities)


def object_facts(
    event: Mapping[str, object], text: str, received: datetime, severities: Severities = SEVERITIES
) -> Facts:
    """Read a decoded object; `text` is the line it came from."""
    facts = shape_facts(event, received, severities)
    facts.setdefault("message", text)
    return facts


def _bounded(text: str) -> None:
    """Refuse what is too deep or too wide before it is built; counts by the text, so strings are skipped."""
    depth = keys = 0
    quoted = escaped = False
    for sign in text:
        if escaped:
            escaped = False
        elif quoted:
            if sign == "\\":
                escaped = True
            elif sign == '"':
                quoted = False
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            depth += 1
            if depth > DEPTH_CAP:
                raise InputError(f"this JSON is nested deeper than {DEPTH_CAP} levels")
        elif sign in "}]":
            depth -= 1
        elif sign == ":":
            keys += 1
            if keys > KEY_CAP:
                raise InputError(f"this JSON has more than {KEY_CAP:,} keys")


_names = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
