"""What to do about a finding when its rule does not say: the table of recommended actions by label and severity."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from soc_core import SettingsError


@attrs.frozen(kw_only=True)
class Row:
    """The steps for a label from a severity upwards; the label `*` is for all that have no row of their own."""

    label: str
    at_least: float
    steps: tuple[str, ...]


class ResponseTable:
    """Recommended actions by label and severity."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = sorted(rows, key=lambda row: (row.label == "*", -row.at_least))

    def actions(self, label: str, severity: float) -> tuple[str, ...]:
        """The steps of the highest row of the label that the severity reaches."""
        for row in self._rows:
            if row.label in (label, "*") and severity >= row.at_least:
                return row.steps
        return ()


def read_response_table(file: Path) -> ResponseTable:
    """Read a table of `[[response]]` rows.

    Raises:
        SettingsError: The file cannot be read or a row is not understood.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: the table of response actions cannot be read: {error}") from error
    entries = document.get("response")
    if set(document) != {"response"} or not isinstance(entries, list):
        raise SettingsError(f"{file}: a table of response actions consists of [[response]] rows")
    return ResponseTable([_row(entry, f"{file}: response {number}") for number, entry in enumerate(entries, 1)])


def _row(entry: object, place: str) -> Row:
    if not isinstance(entry, Mapping) or not set(entry) <= {"label", "at_least", "steps"}:
        raise SettingsError(f"{place}: a row has `label`, `at_least` and `steps`, and nothing else")
    label, at_least, steps = entry.get("label"), entry.get("at_least", 0), entry.get("steps")
    if not isinstance(label, str) or not isinstance(at_least, int | float):
        raise SettingsError(f"{place}: `label` is a text and `at_least` a number")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, str) for step in steps):
        raise SettingsError(f"{place}: `steps` is a list of sentences")
    return Row(label=label, at_least=float(at_least), steps=tuple(steps))
