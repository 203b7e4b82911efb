"""Durations as people write them: `90s`, `4h`, `1w`, `1h30m`."""

import re
from datetime import timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
_PART = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(us|ms|w|d|h|m|s)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern}\s?)+", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """The duration a text such as `1h30m` stands for.

    Raises:
        ValueError: The text is no duration; it says how to write one.
    """
    cleaned = text.strip()
    if _WHOLE.fullmatch(cleaned) is None:
        raise ValueError(f"a duration is written like 90s, 4h, 1w or 1h30m, not {text!r}")
    try:
        return sum((float(number) * _UNITS[unit] for number, unit in _PART.findall(cleaned)), timedelta())
    except OverflowError as error:
        raise ValueError(f"{text!r} is longer than any duration can be") from error


def show_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same duration; `-` before what is negative."""
    if duration < timedelta():
        return f"-{show_duration(-duration)}"
    parts, left = [], duration
    for unit, length in _UNITS.items():
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
