"""Reads a ticket's change history: who changed which field when, and whether it was us."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from soc_jira.project import person_id
from soc_jira.reading import mapping, objects, text

# Sent with each change of ours and given back in the history: an account that a person uses too stays readable.
OURS: Final[Mapping[str, object]] = {"type": "soc-core", "description": "Changed by soc-core"}


@attrs.frozen(kw_only=True)
class Entry:
    """One field that was changed: to which value (an id or a name) and in which words."""

    id: int
    at: datetime
    author: str
    author_name: str
    ours: bool
    field: str
    old_words: str
    value: str
    words: str


def entries(issue: Mapping[str, object]) -> tuple[Entry, ...]:
    """All changes of a ticket, oldest first; the sites disagree about the order."""
    found = [
        entry for history in objects(mapping(issue, "changelog").get("histories")) for entry in _entries_of(history)
    ]
    return tuple(sorted(found, key=lambda entry: entry.id))


def last_change(changes: Sequence[Entry], field: str) -> Entry | None:
    """The last change of a field, or None if nobody ever changed it."""
    return next((entry for entry in reversed(changes) if entry.field == field), None)


def instant(written: str) -> datetime:
    """An instant as JIRA writes it."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S.%f%z")


def _entries_of(history: Mapping[str, object]) -> Iterator[Entry]:
    author = mapping(history, "author")
    for item in objects(history.get("items")):
        yield Entry(
            id=int(text(history, "id") or 0),
            at=instant(text(history, "created")),
            author=person_id(author),
            author_name=text(author, "displayName"),
            ours=text(history, "historyMetadata", "type") == OURS["type"],
            field=text(item, "fieldId") or text(item, "field"),
            old_words=text(item, "fromString"),
            value=text(item, "to"),
            words=text(item, "toString"),
        )
