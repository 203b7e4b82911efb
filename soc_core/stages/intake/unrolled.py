"""JSON documents read as lines: CloudTrail's `{"Records": [...]}` and whole arrays, one line for each element.

Only the element at hand is held, so that a document of any size takes little memory. What is behind a place that
cannot be read is not guessed at.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from soc_core.stages.intake.blocks import BLOCK_SIZE, LINE_CAP

_OPENING = re.compile(r'(?:\xef\xbb\xbf)?\s*(\{\s*"[Rr]ecords"\s*:\s*)?\[\s*(?=[\{\]])')
_BETWEEN = re.compile(r"[\s,]*")
_CLOSING = re.compile(r"\s*\}")
_REACH = 256  # within which a document's opening is
_decode = json.JSONDecoder(strict=False).raw_decode


class Broken(Exception):
    """The document cannot be read further; the text says why."""


def is_document(head: bytes) -> bool:
    """Whether a log that begins so is one JSON document and no log of lines."""
    return _OPENING.match(head[:_REACH].decode("latin-1")) is not None


class Unrolled:
    """The elements of a document as lines, to be read like a file.

    Args:
        log: The document.
        begun: What was read of it already.
    """

    def __init__(self, log: BinaryIO | gzip.GzipFile, begun: bytes = b"") -> None:
        self._log = log
        self._rest = b""
        self._trouble: Exception | None = None
        self._lines = _lines(log.read, begun)

    def read(self, size: int) -> bytes:
        """Up to so many bytes of lines; empty at the end.

        Raises:
            Broken: The document is no JSON from here on.
        """
        gathered, length = [self._rest], len(self._rest)
        try:
            while length < size and (line := next(self._lines, None)) is not None:
                gathered.append(line)
                length += len(line)
        except (Broken, EOFError, OSError, zlib.error) as error:  # what was read before comes first
            self._trouble = error
        data = b"".join(gathered)
        if not data and self._trouble is not None:
            raise self._trouble
        self._rest = data[size:]
        return data[:size]

    def seek(self, offset: int) -> int:
        """Go to a place among the lines, by reading up to there."""
        self._log.seek(0)
        self._rest, self._trouble, self._lines = b"", None, _lines(self._log.read, b"")
        left = offset
        while left and (data := self.read(min(left, BLOCK_SIZE))):
            left -= len(data)
        return offset - left


def _lines(read: Callable[[int], bytes], begun: bytes) -> Iterator[bytes]:
    # Latin-1 keeps every byte as it is, and JSON's own signs are the same in it.
    text, at, inside, enveloped = begun.decode("latin-1"), 0, False, False
    while True:
        if at > BLOCK_SIZE or at == len(text):
            text, at = text[at:], 0
        found = _BETWEEN.match(text, at) if inside else None
        at = found.end() if found else at
        try:
            if inside and text[at : at + 1] == "]":
                inside, at = False, at + 1
                continue
            if inside:
                _, end = _decode(text, at)
                yield text[at:end].replace("\n", " ").replace("\r", " ").encode("latin-1") + b"\n"
                at = end
                continue
            if enveloped and (closing := _CLOSING.match(text, at)):
                enveloped, at = False, closing.end()
                continue
            if not enveloped and (opening := _OPENING.match(text, at)):
                inside, enveloped, at = True, opening[1] is not None, opening.end()
                continue
        except (ValueError, RecursionError, StopIteration):
            pass  # it may only be cut where the part at hand ends
        if len(text) - at > LINE_CAP:
            raise Broken(f"the JSON document holds an element that cannot be read, or one over {LINE_CAP:,} bytes")
        more = read(BLOCK_SIZE)
        if not more:
            if inside or enveloped:
                raise Broken("the JSON document breaks off, or what follows is no JSON: what could be read was")
            if text[at:].strip():
                raise Broken("something else follows the JSON document: what could be read was")
            return
        text += more.decode("latin-1")
