"""The product's own judgement, asked about the rows of a labelled file."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from figures import Scored

from soc_core import Course, Event, Finding
from soc_core.builtin.rules import Rules
from soc_core.builtin.triggers import Triggers
from soc_core.stages.intake.formats import event_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Judge:
    """Classifies and decides, as the product does by itself."""

    def __init__(self, *, without: Sequence[str] = ()) -> None:
        self._rules = Rules(Rules.Settings(disable=without))
        self._triggers = Triggers()

    def look(self, event: Event) -> tuple[Finding | None, bool]:
        """What is found, and whether it becomes a ticket."""
        finding = self._rules.classify_event(event)
        if finding is None:
            return None, False
        return finding, self._triggers.should_create_ticket(finding).course is Course.TICKET


def rows(file: Path) -> Iterator[dict[str, object]]:
    """The rows of a JSONL file, compressed or not."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for line in content.splitlines():
        yield json.loads(line)


def event_in(row: Mapping[str, object]) -> Event:
    """The event of a labelled row, as a collector would hand it in."""
    return event_of({key: row[key] for key in ("id", "source", "message")}, received=NOW)


def score_rows(judge: Judge, labelled: Iterable[Mapping[str, object]]) -> list[Scored]:
    """Judge labelled rows."""
    scored = []
    for row in labelled:
        finding, ticket = judge.look(event_in(row))
        scored.append(
            Scored(
                family=str(row["family"]),
                corpus=str(row.get("corpus", "")),
                truth=row["truth"],  # type: ignore[arg-type]
                severity=1.0 if finding is None else finding.severity,
                security=finding is not None and finding.security,
                ticket=ticket,
                rule="" if finding is None else finding.rule,
                row=str(row["id"]),
            )
        )
    return scored
