"""Undoes the escapes of JSON in raw lines, so that they hide no word from the scan."""

import re
from collections.abc import Iterator, Sequence

LEVELS = 3
"""JSON within JSON within JSON."""

_NO_QUOTE = re.compile(rb'\\[^"]')
_ESCAPE = re.compile(rb"\\(.)")
_CODES = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")
_SIGNS = {b"n": b" ", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_ASIDE = b"\0"  # stands for an escaped backslash meanwhile: what follows it is no escape


def readings(data: bytes) -> Iterator[tuple[bytes, Sequence[int]]]:
    """Each reading of the lines that hold a backslash: as JSON would read them, then as JSON within that.

    Answers the reading, and where each of its lines began in `data`. A line stays one line: an escaped line end is read
    as a blank.
    """
    lines = list(_with_backslash(data))
    for _ in range(LEVELS):
        if not lines:
            return
        text = _unescaped(b"\n".join(line for _, line in lines))
        origins = [origin for origin, _ in lines]
        yield text, origins
        if b"\\" not in text:
            return
        lines = [(o, line) for o, line in zip(origins, text.split(b"\n"), strict=True) if b"\\" in line]


def _with_backslash(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while (at := data.find(b"\\", at)) >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        at = data.find(b"\n", at)
        at = at if at >= 0 else len(data)
        yield start, data[start:at]


def _unescaped(text: bytes) -> bytes:
    """The text as JSON would read it; by whole replacements, as a call for each escape would take most time."""
    if _NO_QUOTE.search(text) is None:  # as in most logs: quotes and nothing else
        return text.replace(b"\\", b"")
    kinds = set(_ESCAPE.findall(text))
    if b"\\" in kinds:
        text = text.replace(rb"\\", _ASIDE)
    for kind in kinds & _SIGNS.keys():
        text = text.replace(b"\\" + kind, _SIGNS[kind])
    if b"u" in kinds:
        text = _CODES.sub(_characters, text)
    return text.replace(b"\\", b"").replace(_ASIDE, b"\\")


def _characters(match: "re.Match[bytes]") -> bytes:
    text = match[0].decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\n", " ").encode()
