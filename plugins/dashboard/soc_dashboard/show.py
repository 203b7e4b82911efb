"""The few ways in which pages draw what they have. Text from elsewhere is never Markdown: it goes through here."""

from collections.abc import Iterable, Sequence

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from soc_core import SocError, printable
from soc_dashboard.rows.cells import Row, csv_of
from soc_dashboard.rows.queue import LEFT_COLOURS, PRIORITY_COLOURS

_STATE_COLOURS = {"at work": "green", "paused": "orange"}
_LONG = 20_000


def grid(
    rows: Sequence[Row], *, empty: str, name: str, choose: str | None = None, file: str | None = None
) -> str | None:
    """A table, or a sentence where there is nothing to show.

    Args:
        rows: What it shows, every text made safe by `cells.cell`.
        empty: Our own words for nothing.
        name: What it is called, for those who do not see it.
        choose: A column: the row that somebody marks is answered by its value there.
        file: Under which name the table can be saved as CSV.
    """
    if not rows:
        st.caption(empty)
        return None
    columns = {name: config for name, config in _columns().items() if name in rows[0]}
    if choose is None:
        st.dataframe(rows, hide_index=True, column_config=columns, key=name, alt=name)
        chosen: list[int] = []
    else:
        state = st.dataframe(
            rows,
            hide_index=True,
            column_config=columns,
            key=name,
            alt=name,
            on_select="rerun",
            selection_mode="single-row",
        )
        chosen = state["selection"]["rows"]
    if file is not None:
        st.download_button("Save as CSV", csv_of(rows), file_name=file, mime="text/csv", key=f"{name}.csv")
    return str(rows[chosen[0]][choose]) if chosen and choose is not None and chosen[0] < len(rows) else None


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one under the other."""
    with st.container(gap="xsmall"):
        for name, value in pairs:
            left, right = st.columns([1, 3], gap="small")
            left.text(name)
            right.text(value)


def log_text(text: str) -> None:
    """Log text as it was logged, hidden characters made visible."""
    st.code(printable(text[:_LONG], lines=True), language=None, wrap_lines=True)


def refused(error: SocError) -> None:
    """Why something was not done."""
    st.error("This was not done.", icon=":material/block:")
    st.text(printable(str(error), lines=True))


def _columns() -> dict[str, ColumnConfig]:
    pills = {"Time left": LEFT_COLOURS, "Priority": PRIORITY_COLOURS, "State": _STATE_COLOURS}
    return {
        **{
            name: st.column_config.MultiselectColumn(options=list(colours), color=list(colours.values()), width="small")
            for name, colours in pills.items()
        },
        "What": st.column_config.TextColumn(width=180),
        "Who": st.column_config.TextColumn(width=165),
        "Details": st.column_config.TextColumn(width="large"),
        "Link": st.column_config.LinkColumn(display_text="open the ticket", width="small"),
    }
