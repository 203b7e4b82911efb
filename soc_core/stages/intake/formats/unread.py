"""Events of lines that are read as far as somebody asks: most candidates are judged by their message alone."""

import zlib
from datetime import datetime
from typing import Any

import attrs

from soc_core.model.event import Event
from soc_core.stages.intake.formats.contents import Glance, behind, facts_of, glance, text_of
from soc_core.stages.intake.formats.facts import Facts
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import far_off

PLAIN_SOURCE = (
    "log"  # for lines that name no program; not the file's name, or the same line would group by where it lay
)
_NAMES = tuple(field.name for field in attrs.fields(Event))


@attrs.frozen(kw_only=True)
class Origin:
    """What the lines of one block have in common.

    Args:
        received: When they arrived.
        format: What to parse them as.
        source: The source of all of them, whatever they say.
        identity: What the ids of their events begin with; None where lines have no identity.
        severities: How stated severities are read.
    """

    received: datetime
    format: str = "auto"
    source: str | None = None
    identity: str | None = None
    severities: Severities = SEVERITIES

    def id_of(self, data: bytes, offset: int) -> str | None:
        """What the event of a line is known by; the checksum keeps lines apart where two logs begin alike."""
        return None if self.identity is None else f"{self.identity}:{offset}:{zlib.crc32(data):08x}"


class LineEvent(Event):
    """The event of a line: an `Event` in all, except that its parts are read when they are asked for.

    The message, which its header tells, is there at once; any other part has the whole line read.
    """

    __slots__ = ("_line",)
    _line: tuple[bytes, int, Origin, Glance]

    @classmethod
    def of(cls, data: bytes, offset: int, origin: Origin, hits: frozenset[str], *, whole: bool = False) -> "LineEvent":
        """An event that is not read yet, or the `whole` of it.

        Raises:
            InputError: The whole was asked for, and the line is not of its format; those of no strict format all are.
        """
        event = cls.__new__(cls)
        _put_received(event, origin.received)
        _put_hits(event, hits)
        text = text_of(data)
        if whole:
            facts = facts_of(text, origin.format, origin.received, origin.severities)
            event._fill(facts, origin, origin.id_of(data, offset))
            return event
        seen = glance(text) if origin.format in ("auto", "mixed") else None
        _put_line(event, (data, offset, origin, seen))
        if seen is not None:
            _put_message(event, text if isinstance(seen, str) else seen.body)
        return event

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever type the part has
        """Read what is not read yet."""
        if name not in _NAMES:
            raise AttributeError(f"an event has no {name!r}", name=name, obj=self)
        self.read()
        return object.__getattribute__(self, name)

    def __eq__(self, other: object) -> bool:
        """Whether all parts are equal, read or not."""
        return isinstance(other, Event) and all(getattr(self, name) == getattr(other, name) for name in _NAMES)

    def __hash__(self) -> int:
        """The hash of any event with these parts."""
        return super().__hash__()

    def read(self) -> None:
        """Read all of it now.

        Raises:
            InputError: The line is not of its format; those that may be left unread refuse none.
        """
        data, offset, origin, seen = self._line
        text = text_of(data)
        if seen is None:
            facts = facts_of(text, origin.format, origin.received, origin.severities)
        else:
            facts = behind(seen, text, origin.received, origin.severities)
        self._fill(facts, origin, origin.id_of(data, offset))

    def _fill(self, facts: Facts, origin: Origin, own: str | None) -> None:
        for put, value in zip(_PUTS, parts(facts, origin.received, origin.source, own), strict=True):
            put(self, value)


PARTS = ["source", "message", "time", "id", "severity", "action", "outcome", "host", "user", "ip", "fields", "schema"]
"""The parts of an event that its line tells."""

# The slots themselves, as an event is frozen.
_PUTS = tuple([getattr(Event, name).__set__ for name in PARTS])
_put_received, _put_hits, _put_message = (getattr(Event, name).__set__ for name in ("received", "hits", "message"))
_put_line = LineEvent.__dict__["_line"].__set__


def parts(facts: Facts, received: datetime, source: str | None, own: str | None) -> tuple[Any, ...]:
    """The parts of the event that a line's facts make; `source` wins over them, and they over the line's `own` id."""
    get = facts.get
    time, fields = facts.get("time"), facts["fields"]
    if time is not None and (note := far_off(time, received)) is not None:
        time, fields = None, {**fields, "soc.time_note": note}
    return (
        source or get("source") or PLAIN_SOURCE,
        facts["message"],
        time,
        get("id") or own,
        get("severity"),
        get("action"),
        get("outcome"),
        get("host"),
        get("user"),
        get("ip"),
        fields,
        get("schema", "plain"),
    )
