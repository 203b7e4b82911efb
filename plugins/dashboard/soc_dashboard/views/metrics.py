"""*Metrics*: the shift report: tickets, promises kept, times by priority, noisy rules."""

from collections.abc import Mapping

import streamlit as st

from soc_core import Figures, Priority, Spread
from soc_dashboard import session, show
from soc_dashboard.rows import metrics as rows

_PERIODS = {"7 days": 7, "30 days": 30, "90 days": 90, "All time": None}


def page() -> None:
    """Draw it."""
    st.title("Metrics")
    period = st.selectbox("Period", list(_PERIODS), index=1, width=200, key="period")
    found = session.figures(session.house(), period, _PERIODS[period])
    _overview(found)
    if not found.incidents:
        st.caption("Nothing has happened in this time. Process a log to see numbers.")
        return
    st.subheader("Tickets per day")
    if found.tickets_per_day:
        st.bar_chart(rows.per_day(found.tickets_per_day), x="Day", y="Tickets", height=240)
    else:
        st.caption("No ticket was made in this time.")
    st.subheader("Promises kept")
    show.grid(rows.kept_rows(found), empty="Nothing was promised in this time.", name="Promises kept", file="sla.csv")
    _times(found)
    st.subheader("Noisy rules")
    show.grid(rows.rule_rows(found.rules), empty="No rule has found anything.", name="Noisy rules", file="rules.csv")


def _overview(found: Figures) -> None:
    (incidents, tickets, kept), (mtta, mttr, false) = st.columns(3), st.columns(3)
    incidents.metric("Incidents", f"{sum(found.incidents.values()):,}", border=True)
    tickets.metric("Tickets", f"{sum(found.tickets_per_day.values()):,}", border=True)
    kept.metric("Within SLA", rows.percent(rows.kept_in_all(found).share), border=True)
    mtta.metric("MTTA", rows.mean(found.acknowledge.values()), border=True)
    mttr.metric("MTTR", rows.mean(found.resolve.values()), border=True)
    false.metric("False positives", rows.percent(rows.false_share(found)), border=True)


def _times(found: Figures) -> None:
    st.subheader("Time to acknowledge (MTTA)")
    _spreads(found.acknowledge, "Time to acknowledge", file="mtta.csv")
    st.subheader("Time to resolve (MTTR)")
    _spreads(found.resolve, "Time to resolve", file="mttr.csv")
    st.caption("From detection, of incidents with a ticket. A percentage says within which time so many were done.")


def _spreads(spreads: Mapping[Priority, Spread], name: str, *, file: str) -> None:
    show.grid(rows.spread_rows(spreads), empty="None in this time.", name=name, file=file)
