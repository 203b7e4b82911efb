"""The languages logs are written in, and the one entry that reads them all."""

from soc_core.stages.intake.formats.line import FORMATS, STRICT, detect, event_of, known_format, looks_like, parse
from soc_core.stages.intake.formats.unread import LineEvent, Origin, line_events

__all__ = [
    "FORMATS",
    "STRICT",
    "LineEvent",
    "Origin",
    "detect",
    "event_of",
    "known_format",
    "line_events",
    "looks_like",
    "parse",
]
