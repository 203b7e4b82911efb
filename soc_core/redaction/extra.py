"""Patterns of a team's own secrets: only such as no hostile line can make slow."""

import importlib
import re
from collections.abc import Callable, Iterator
from types import ModuleType

Finder = Callable[[str], Iterator[tuple[int, int]]]

_OPEN = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+]|\{\d*,\})")
_NESTED = re.compile(r"[*+}?]\)(?:[*+]|\{)")
_AROUND = re.compile(r"\(\?(?:<?[=!]|>|P=)|\\[1-9]")


def finder(name: str, text: str, linear: ModuleType | None = None) -> Finder:
    """What finds a pattern in a text: the whole match, or its group if it has one.

    Args:
        linear: RE2, which runs every pattern in linear time; without it, only patterns that cannot be slow are taken.

    Raises:
        ValueError: The pattern is wrong, matches the empty text, or could be slow.
    """
    engine = linear or re
    try:
        pattern = engine.compile(text)
    except engine.error as error:
        raise ValueError(f"patterns: {name} is no usable regular expression: {error}") from error
    if pattern.search("") is not None:
        raise ValueError(f"patterns: {name} matches the empty text and so everything")
    if linear is None and _AROUND.search(text):
        raise ValueError(f"patterns: {name} looks around or back, which can be slow")
    if linear is None and (_OPEN.search(text) or _NESTED.search(text)):
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


def linear_engine() -> ModuleType | None:
    """RE2, if the extra `fast` is installed; imported only by teams that have patterns of their own."""
    try:
        return importlib.import_module("re2")
    except ImportError:
        return None
