"""*Health*: whether soc-core itself is well: sources, sinks, waiting deliveries, and those that were given up."""

import streamlit as st

from soc_core import Job, JobState
from soc_dashboard import session, show
from soc_dashboard.house import House
from soc_dashboard.rows import health as rows

_TOLD = "health-told"


def page() -> None:
    """Draw it, and try again what somebody wants to be tried."""
    st.title("Health")
    house = session.house()
    counts = house.reports.job_counts()
    _overview(house, counts)
    st.subheader("Dead letters")
    _dead_letters(house)
    now = house.reports.now()
    st.subheader("Sinks")
    pauses = {one.dest: (one.paused_until, one.reason) for one in house.reports.destinations()}
    show.grid(rows.sink_rows(counts, pauses, now), empty="Nothing was delivered yet.", name="Sinks")
    st.subheader("Sources")
    show.grid(rows.source_rows(house.reports.sources(), now), empty="No log was read from a file yet.", name="Sources")
    st.subheader("Deliveries that wait")
    waiting = house.reports.jobs(JobState.READY, JobState.LEASED)
    show.grid(rows.job_rows(waiting, now), empty="None.", name="Deliveries that wait")


def _overview(house: House, counts: dict[tuple[str, str], int]) -> None:
    last, alive = rows.heartbeat(house.reports.heartbeat(), house.reports.now())
    held, unreadable = house.reports.shelf_sizes()
    if not alive:
        st.warning("Nothing is at work: without `soc serve` no clock is watched and nothing is delivered.")
    beat, dead, shelf, quarantine = st.columns(4)
    beat.metric("Last at work", last, border=True)
    dead.metric("Dead letters", f"{rows.given_up(counts):,}", border=True)
    shelf.metric("Events held", f"{held:,}", border=True)
    quarantine.metric("Lines in quarantine", f"{unreadable:,}", border=True)


def _dead_letters(house: House) -> None:
    left = st.session_state.pop(_TOLD, None)
    if left is not None:
        st.success("Tried again." if left == 0 else "They are due again: `soc serve` goes on with them.")
    dead = [job for job in house.reports.jobs(JobState.DEAD) if job.dest != rows.TIMERS]
    show.grid(rows.job_rows(dead, house.reports.now()), empty="None: every delivery got through.", name="Dead letters")
    who = session.acting()
    if dead and who is None:
        st.caption("Choose your name at the left to try them again.")
    elif dead and who is not None:
        _retry(house, dead, who)


def _retry(house: House, dead: list[Job], who: str) -> None:
    st.caption("Mend the cause first, then try again.")
    chosen = st.multiselect("Which jobs (all, if none is chosen)", [job.id for job in dead])
    if st.button("Try again", icon=":material/replay:"):
        with st.spinner("Delivering"):
            left = house.retry(tuple(chosen or [job.id for job in dead]), actor=who)
        st.session_state[_TOLD] = left
        st.rerun()
