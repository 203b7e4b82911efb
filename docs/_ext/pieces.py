"""Pieces of Markdown for the pages that are written from the code."""

import inspect
import re
from collections.abc import Sequence


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A Markdown table without the columns in which nothing stands."""
    if not rows:
        return []
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    lines = [[heads[at] for at in kept], ["---"] * len(kept), *([row[at] for at in kept] for row in rows)]
    return ["| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |" for cells in lines]


def code(text: str | None) -> str:
    """As it is typed; nothing for nothing."""
    return f"`{text}`" if text else ""


def arguments(cls: type) -> dict[str, str]:
    """What the docstring of a class says about its fields under `Args:`."""
    found = re.findall(r"^    ([\w, ]+): (.+)$", inspect.cleandoc(cls.__doc__ or ""), re.MULTILINE)
    return {name: meaning.rstrip(".") for names, meaning in found for name in names.split(", ")}
