"""*Incident*: one incident with its explanation, its clocks and its story, and what an analyst does with it."""

import streamlit as st

from soc_core import Change, ChangeRefused, Incident, Status, printable, wording
from soc_dashboard import session, show
from soc_dashboard.house import House
from soc_dashboard.rows import incident as rows
from soc_dashboard.rows.process import web_address

_TOLD = "incident-told"
_PARAMETER = "id"


def page() -> None:
    """Draw it, and do what was asked for."""
    house = session.house()
    found = _chosen(house)
    if found is None:
        return
    _told()
    _head(found, house)
    _actions(found, house)
    _clocks(found, house)
    facts, why = st.columns(2, gap="large")
    with facts:
        st.subheader("Facts")
        show.facts(rows.facts(found, house.reports.now()))
    with why:
        st.subheader("Why it exists")
        show.log_text(house.reports.explanation(found.id))
    st.subheader("First log message")
    show.log_text(found.message)
    if found.actions:
        st.subheader("Recommended")
        st.text("\n".join(f"{number}. {printable(action)}" for number, action in enumerate(found.actions, start=1)))
    st.subheader("Notes")
    show.grid(rows.note_rows(house.reports.notes(found.id)), empty="Nobody has written one.", name="Notes")
    st.subheader("Timeline")
    show.grid(rows.timeline_rows(house.reports.story(found.id)), empty="Nothing has happened.", name="Timeline")


def _chosen(house: House) -> Incident | None:
    st.title("Incident")
    asked = st.text_input(
        "Incident or ticket", value=st.query_params.get(_PARAMETER, ""), placeholder="INC-7", width=300
    )
    key = asked.strip()
    if not key:
        st.caption("Name an incident or its ticket, or mark a row of the queue.")
        return None
    wanted = (key, key.upper(), f"INC-{key}")
    found = next((one for name in wanted if (one := house.reports.incident(name)) is not None), None)
    if found is None:
        st.warning("There is no such incident or ticket.")
        return None
    st.query_params[_PARAMETER] = found.id
    return found


def _head(found: Incident, house: House) -> None:
    now = house.reports.now()
    st.text(f"{found.id} {printable(found.summary)}")
    priority, status, response, resolution = st.columns(4)
    priority.metric("Priority", found.priority.value, border=True, height="stretch")
    status.metric("Status", found.status.value, border=True, height="stretch")
    with response:
        _time_left("Response", wording.due_of(found, now, "response"))
    with resolution:
        _time_left("Resolution", wording.due_of(found, now))
    url = web_address(found)
    if found.ticket is None:
        if found.kind == "alert":
            st.caption("It has no ticket.")
        elif house.reports.ticket_state(found.id) == "gone":
            st.caption("Its ticket is gone from the tracker.")
        else:
            st.caption("Its ticket is on its way.")
    elif url is not None:
        st.link_button("Open the ticket", url, icon=":material/open_in_new:")
    else:
        st.text(f"Ticket {found.ticket.key}")


def _time_left(clock: str, words: str) -> None:
    late = words.endswith(" overdue")
    st.metric(
        clock,
        words.removesuffix(" overdue"),
        delta="overdue" if late else None,
        delta_color="inverse",
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def _clocks(found: Incident, house: House) -> None:
    st.subheader("SLA")
    if not found.clocks:
        st.caption("It has no clock: it is an alert without a ticket, or nothing was promised.")
        return
    for column, clock in zip(st.columns(len(found.clocks), gap="large"), found.clocks.values(), strict=True):
        with column:
            _clock(rows.clock_story(clock, house.reports.now()))


def _clock(story: rows.ClockStory) -> None:
    show.facts([(story.name, story.stands), ("Promised", story.promised), ("Used", story.used), ("Due", story.due)])
    st.progress(story.share)
    show.grid(story.history, empty="Nothing has happened to it.", name=f"History of the clock {story.name}")


def _actions(found: Incident, house: House) -> None:
    who = session.acting()
    if who is None:
        st.caption("Choose your name at the left to acknowledge, write, assign or resolve.")
        return
    if not found.status.active:
        st.caption("It is done: nothing is left to acknowledge or resolve.")
    acknowledge, write, assign, resolve = st.columns(4, gap="medium")
    with acknowledge:
        seen = found.acknowledged_at is not None or not found.status.active
        if st.button("Acknowledge", disabled=seen, type="primary", width="stretch", icon=":material/check:"):
            _do(house, found, Change.ACKNOWLEDGED, who)
    with (
        write.popover("Add a note", width="stretch", icon=":material/edit_note:"),
        st.form("note", clear_on_submit=True),
    ):
        words = st.text_area("Note")
        if st.form_submit_button("Save the note") and words.strip():
            _do(house, found, Change.NOTE, who, text=words.strip())
    with assign.popover("Assign", width="stretch", icon=":material/person:"), st.form("assign"):
        names = [person.name for person in house.settings.people]
        to = st.selectbox("To", names, index=None) if names else st.text_input("To")
        if st.form_submit_button("Assign it") and to:
            _do(house, found, Change.ASSIGNEE, who, new=to)
    with (
        resolve.popover("Resolve", width="stretch", icon=":material/task_alt:", disabled=not found.status.active),
        st.form("resolve"),
    ):
        reason = st.text_area("What was done")
        if st.form_submit_button("Resolve it"):
            _do(house, found, Change.STATUS, who, new=Status.RESOLVED.value, text=reason.strip())


def _do(house: House, found: Incident, change: Change, who: str, *, new: str = "", text: str = "") -> None:
    try:
        left = house.change(found.id, change, actor=who, new=new, text=text)
    except ChangeRefused as error:
        show.refused(error)
    else:
        st.session_state[_TOLD] = left
        st.rerun()


def _told() -> None:
    """Whether others know of what was done in the last run."""
    left = st.session_state.pop(_TOLD, None)
    if left == 0:
        st.success("Done, and everybody was told.", icon=":material/check:")
    elif left is not None:
        st.warning("Done. Telling others takes longer: `soc serve` or the next `soc run` goes on with it.")
