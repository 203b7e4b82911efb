"""Undoes the escapes of JSON in raw lines, so that they hide no word from the scan."""

import re
from collections.abc import Iterator
from itertools import accumulate

LEVELS = 3
"""JSON within JSON within JSON."""

_ESCAPE = re.compile(rb'((?:\\u[0-9a-fA-F]{4})+)|\\([nrtbf"/\\])')
_SHORT = {b"n": b" ", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def readings(data: bytes) -> Iterator[tuple[dict[int, int], bytes]]:
    """Each reading of the lines that hold a backslash: as JSON would read them, then as JSON within that.

    Answers where each line of a reading began in `data`, by where it begins in the reading, and the reading itself. A
    line stays one line: an escaped line end is read as a blank.
    """
    lines = _with_backslash(data)
    for _ in range(LEVELS):
        if not lines:
            return
        text = _ESCAPE.sub(_read, b"\n".join(line for _, line in lines))
        read = [(origin, line) for (origin, _), line in zip(lines, text.split(b"\n"), strict=True)]
        starts = accumulate((len(line) + 1 for _, line in read), initial=0)
        yield {start: origin for start, (origin, _) in zip(starts, read, strict=False)}, text
        lines = [new for new, old in zip(read, lines, strict=True) if new != old and b"\\" in new[1]]


def _with_backslash(data: bytes) -> list[tuple[int, bytes]]:
    lines = []
    at = 0
    while (at := data.find(b"\\", at)) >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        at = end if end >= 0 else len(data)
        lines.append((start, data[start:at]))
    return lines


def _read(match: "re.Match[bytes]") -> bytes:
    short = match[2]
    if short is not None:
        return _SHORT.get(short, short)
    text = match[1].decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\n", " ").encode()
