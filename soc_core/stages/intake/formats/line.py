"""One line of whatever kind: which format it is, what it carries inside, and the event that comes of it."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

import attrs
import msgspec

from soc_core.errors import InputError, SettingsError
from soc_core.model.event import Event
from soc_core.stages.intake.formats.contents import facts_of, mark_of, text_of
from soc_core.stages.intake.formats.json import json_object
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.syslog import syslog_facts
from soc_core.stages.intake.formats.unread import Origin, told

FORMATS = ("auto", "mixed", "plain", "syslog", "json", "cef", "leef")


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
    facts = facts_of(text_of(line), known_format(format), received, severities)
    event = told(Event, facts, Origin(received=received, source=source), id, hits)
    attrs.validate(event)  # `received` and the scales of severity are the caller's
    return event


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
            return parse(message, received=received, format=format, source=text_of(source), severities=severities)
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
    text = text_of(line)
    if text[:1] == "{":
        try:
            json_object(text)
        except InputError:
            return "plain"
        return "json"
    mark = mark_of(text)
    if mark:
        return mark[0]
    return "syslog" if syslog_facts(text, _SOME_TIME) is not None else "plain"


def _as_json(value: Mapping[str, object]) -> bytes:
    try:
        try:
            return msgspec.json.encode(value, enc_hook=str)
        except UnicodeError:  # lone surrogates: replaced, as in lines
            return json.dumps(value, default=str, ensure_ascii=False).encode(errors="replace")
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InputError(f"cannot write this dict as JSON: {error}") from error


_SOME_TIME = datetime.fromisoformat("2000-01-01T00:00:00+00:00")  # looking at a line's form needs no clock
