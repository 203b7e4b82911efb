"""Which of many literal texts occur in a line, found in one pass.

With the extra `fast` installed hyperscan looks for all of them at once; without it the line is cut into words for the
literals that are whole words, and the others are looked for one by one. Both give the same answer.
"""

import threading
from collections.abc import Callable, Sequence

from soc_core.builtin.literals import Literal, tokens

try:
    import hyperscan

    FAST = True
except ImportError:  # the extra `fast` is not installed
    FAST = False

Find = Callable[[str], frozenset[str]]
"""The keys of the literals that occur in a text, in any case of ASCII letters."""


def literal_finder(literals: Sequence[Literal], *, native: bool = True) -> Find:
    """The quickest way to look for some literals; `native=False` does without hyperscan."""
    if native and FAST and literals:
        return _HyperscanFinder(literals).find
    return _PlainFinder(literals).find


class _PlainFinder:
    def __init__(self, literals: Sequence[Literal]) -> None:
        self._words = frozenset(literal.text for literal in literals if literal.whole)
        self._pieces = tuple(literal.text for literal in literals if not literal.whole)

    def find(self, text: str) -> frozenset[str]:
        """One look for the words, one for each piece."""
        lower = text.lower()
        words = (f" {word} " for word in self._words.intersection(tokens(lower)))
        return frozenset((*words, *(piece for piece in self._pieces if piece in lower)))


class _HyperscanFinder:
    def __init__(self, literals: Sequence[Literal]) -> None:
        self._keys = tuple(literal.key for literal in literals)
        expressions = [_expression(literal) for literal in literals]
        flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=expressions,
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=[flags] * len(expressions),
        )
        self._turn = threading.Lock()  # the library's scratch space serves one scan at a time

    def find(self, text: str) -> frozenset[str]:
        """One scan of the text's bytes; literals are plain ASCII, so other characters cannot disturb them."""
        found: list[int] = []
        keep = found.append
        data = f" {text} ".encode("utf-8", "replace")
        with self._turn:
            self._database.scan(data, lambda number, start, end, flags, context: keep(number))
        return frozenset(map(self._keys.__getitem__, found))


def _expression(literal: Literal) -> bytes:
    escaped = "".join(char if char.isalnum() or char == "_" else f"\\x{ord(char):02x}" for char in literal.text)
    # With blanks around the text there is a character on either side of each word. `\b` would ask for less, and makes
    # the library take four times as long to begin with.
    return (rf"\W{escaped}\W" if literal.whole else escaped).encode("ascii")
