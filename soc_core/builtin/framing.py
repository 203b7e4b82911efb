"""Where one syslog message ends and the next begins on a stream (RFC 6587), whatever the sender does."""

import re

MOST = 65_536
"""The longest message, in bytes; RFC 5424 asks for 2,048 at least."""
_COUNT = re.compile(rb"([1-9]\d{0,5}) ")
_BEGUN = re.compile(rb"[1-9]\d{0,5}")


class Torn(Exception):
    """The stream cannot be followed any more: nobody knows where the next message begins."""


class Framer:
    """Cuts a stream into messages: those that begin with their length, and those that end with a line end or NUL.

    It never keeps more than one message and what came last.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._rest = b""
        self._skipping = False
        self.torn: int = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now.

        Raises:
            Torn: A length makes no sense; `torn` has counted it.
        """
        self._rest += data
        found: list[bytes] = []
        while self._rest:
            counted = None if self._skipping else _COUNT.match(self._rest)
            if counted is not None:
                length, start = int(counted[1]), counted.end()
                if length > self._most:
                    self.torn += 1
                    raise Torn(f"a message of {length} bytes: more than {self._most} are not read")
                if len(self._rest) < start + length:
                    return found
                message, self._rest = self._rest[start : start + length], self._rest[start + length :]
            elif not self._skipping and _BEGUN.fullmatch(self._rest):
                return found  # a length that is not whole yet
            else:
                end = _end(self._rest)
                if end < 0:
                    if len(self._rest) > self._most:
                        self.torn += not self._skipping
                        self._rest, self._skipping = b"", True
                    return found
                message, self._rest = self._rest[:end], self._rest[end + 1 :]
                if self._skipping or len(message) > self._most:
                    self.torn += not self._skipping
                    self._skipping = False
                    continue
            if line := one_line(message):
                found.append(line)
        return found

    def finish(self) -> list[bytes]:
        """The last message, if only its end is missing; one that lacks more is counted as torn."""
        rest, self._rest = self._rest, b""
        if not rest or self._skipping:
            return []
        if _COUNT.match(rest) or _BEGUN.fullmatch(rest):
            self.torn += 1
            return []
        line = one_line(rest)
        return [line] if line else []


def one_line(message: bytes) -> bytes:
    """A message as one line: those that have several are told apart by spaces."""
    return b" ".join(message.strip(b"\r\n\0 ").splitlines())


def _end(data: bytes) -> int:
    ends = [at for at in (data.find(b"\n"), data.find(b"\0")) if at >= 0]
    return min(ends, default=-1)
