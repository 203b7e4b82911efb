"""*Queue*: what has to be worked on, by the time that is left, and who becomes overdue before the shift ends."""

import streamlit as st

from soc_core import Left
from soc_dashboard import session, show
from soc_dashboard.house import House
from soc_dashboard.rows import queue as rows

_SHOWN = 200
_EVERYBODY, _NOBODY = "everybody", "nobody"
_SHADES = dict(zip(Left, ("red", "orange", "yellow", "green", "blue", "gray"), strict=True))


def page(incident: st.Page) -> None:
    """Draw it, and draw it again every quarter of a minute."""
    st.title("Queue")
    _live(session.house(), incident)


@st.fragment(run_every=15)
def _live(house: House, incident: st.Page) -> None:
    waiting = house.reports.waiting()
    if not waiting:
        st.success("No incident needs work.", icon=":material/check:")
        st.caption("Process a log, or let `soc serve` and `soc run` do it: what needs work appears here by itself.")
        return
    for column, left in zip(st.columns(len(Left)), Left, strict=True):
        column.metric(f":{_SHADES[left]}-badge[{left.value}]", f"{waiting.get(left, 0):,}", border=True)
    chosen = _incidents(house)
    left_side, right_side = st.columns(2, gap="large")
    with left_side:
        _next_breaches(house)
    with right_side:
        _forecast(house)
    if chosen is not None:
        st.switch_page(incident, query_params={"id": chosen})


def _incidents(house: House) -> str | None:
    people = [person.name for person in house.settings.people]
    whose = st.selectbox("Whose incidents", [_EVERYBODY, _NOBODY, *people], width=300)
    found = house.reports.queue(
        limit=_SHOWN, assignee=None if whose == _EVERYBODY else "" if whose == _NOBODY else whose
    )
    chosen = show.grid(
        rows.queue_rows(found, house.reports.now()),
        empty="There is none.",
        name="Queue",
        choose="Incident",
        file="queue.csv",
    )
    if found:
        st.caption("What is due first comes first. Mark a row at its left to open the incident.")
    if len(found) == _SHOWN:
        st.caption("These are the 200 that are due first.")
    return chosen


def _next_breaches(house: House) -> None:
    st.subheader("Next ten breaches")
    show.grid(
        rows.breach_rows(house.reports.next_breaches(), house.reports.now()),
        empty="Nothing becomes overdue: whatever waits is late already, paused, or without a clock.",
        name="Next breaches",
    )


def _forecast(house: House) -> None:
    expected = house.forecast()
    st.subheader("Overdue before the shift ends")
    show.facts(rows.forecast_facts(expected, house.reports.now()))
    show.grid(
        rows.breach_rows(expected.breaches, house.reports.now()),
        empty="Nobody: at the present rate, all that is due before then is resolved in time.",
        name="Overdue before the shift ends",
    )
