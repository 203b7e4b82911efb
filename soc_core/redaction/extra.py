"""Patterns of a team's own secrets: only such as no hostile line can make slow."""

import re
from collections.abc import Callable, Iterator

try:
    import re2  # type: ignore[import-untyped,unused-ignore]
except ImportError:  # the extra `fast` is not installed: repeats have to be bounded instead
    re2 = None
_WRONG: type[Exception] = re.error if re2 is None else re2.error

Finder = Callable[[str], Iterator[tuple[int, int]]]

_OPEN = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+]|\{\d*,\})")
_FOREIGN = re.compile(r"\(\?(?:<?[=!]|>|P=)|\\[1-9]")
_NESTED = re.compile(r"[*+}?]\)(?:[*+]|\{)")


def finder(name: str, text: str) -> Finder:
    """What finds a pattern in a text: the whole match, or its group if it has one.

    Raises:
        ValueError: The pattern is wrong, matches the empty text, or could be slow.
    """
    try:
        pattern = re.compile(text) if re2 is None else re2.compile(text)
    except _WRONG as error:
        raise ValueError(f"patterns: {name} is no usable regular expression: {error}") from error
    if pattern.search("") is not None:
        raise ValueError(f"patterns: {name} matches the empty text and so everything")
    if re2 is None and _FOREIGN.search(text):
        raise ValueError(f"patterns: {name} looks around or back, which can be slow")
    if re2 is None and (_OPEN.search(text) or _NESTED.search(text)):
        raise ValueError(
            f"patterns: {name} repeats without bound or within a repeat, which can be slow: write {{1,100}} instead of "
            '+ or *, or install "soc-core[fast]"'
        )

    def find(searched: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(searched):
            start, end = match.span(match.lastindex or 0)
            if start < end:
                yield start, end

    return find
