"""Reads what Slack sends, whatever shape it has: missing or odd values become empty texts."""

import re
from collections.abc import Callable, Mapping

_MARK = re.compile(r"<([^<>]*)>")


def dig(value: object, *names: str) -> str:
    """The text at the end of a path of names, or an empty one."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def rows(value: object) -> list[Mapping[str, object]]:
    """The objects of an array."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def readable(text: str, name_of: Callable[[str], str]) -> str:
    """What somebody wrote in Slack, without Slack's marks; `name_of` turns a member id into a name."""

    def plain(found: re.Match[str]) -> str:
        target, _, label = found.group(1).partition("|")
        if target.startswith("@"):
            return "@" + name_of(target[1:])
        if target.startswith("#"):
            return "#" + (label or target[1:])
        if target.startswith("!"):
            return label or "@" + target[1:].partition("^")[0]
        return f"{label} ({target})" if label and label != target else target

    return _MARK.sub(plain, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
