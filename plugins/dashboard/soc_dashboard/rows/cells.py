"""Text in grids and exports: control characters become visible, and no spreadsheet takes it for a formula."""

import csv
import io
from collections.abc import Mapping, Sequence

from soc_core import printable

Row = Mapping[str, object]

# What a spreadsheet begins a formula with, in full width too; tabs and line ends are written out before.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MOST = 2000


def cell(text: str | None) -> str:
    """Text as it may stand in a grid, whose own export nobody can hook into: a quote before what could be a formula."""
    shown = printable((text or "")[:_MOST]).strip()
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def csv_of(rows: Sequence[Row]) -> bytes:
    """The rows as CSV for spreadsheets; a cell with several values lists them."""
    if not rows:
        return b""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(rows[0])
    writer.writerows([_exported(value) for value in row.values()] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _exported(value: object) -> object:
    if isinstance(value, list):
        return cell(", ".join(map(str, value)))
    return cell(value) if isinstance(value, str) else value
