"""What a parser reads out of a line: the parts of an event it is sure of, nothing guessed."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

MATCH_CAP = 65_536  # characters that expressions look at; the rest of a line is kept but not searched


class Facts(TypedDict, total=False):
    """The parts of an `Event` that a line states; what is absent was not stated."""

    source: str
    message: str
    time: datetime | None
    id: str | None
    severity: float | None
    action: str | None
    outcome: str | None
    host: str | None
    user: str | None
    ip: str | None
    fields: Mapping[str, object]
    schema: str


def fill(facts: Facts, more: Facts) -> None:
    """Take from `more` what `facts` does not know yet."""
    for name in _GAPS:
        if facts.get(name) is None and (value := more.get(name)) is not None:
            facts[name] = value  # type: ignore[literal-required]  # names of the same TypedDict


_GAPS = ("source", "time", "id", "severity", "action", "outcome", "host", "user", "ip")
