"""The audit trail as a grid shows it."""

from collections.abc import Iterable

from soc_core import wording
from soc_dashboard.rows.cells import Row, cell


def trail_rows(lines: Iterable[wording.Line]) -> list[Row]:
    """One row for each entry, the latest first."""
    return [
        {
            "No.": one.seq,
            "When": wording.local(one.at),
            "Incident": one.incident,
            "What": one.what,
            "Who": cell(one.who),
            "Details": cell(one.details),
        }
        for one in reversed(list(lines))
    ]
