"""*Process logs*: hand in a log and see what became of it."""

from pathlib import Path

import streamlit as st

from soc_dashboard import session, show
from soc_dashboard.house import Processed, Step
from soc_dashboard.rows import process as rows

_SAMPLE = Path(__file__).parents[1] / "sample.log"
_RESULT = "processed"
_UPLOAD, _BUNDLED = "Upload a file", "Use the bundled sample"


def page(incident: st.Page) -> None:
    """Draw it, and process what was handed in."""
    st.title("Process logs")
    log, name = _log()
    slack = st.checkbox("Enable Slack Notifications", value=True)
    jira = st.checkbox("Enable JIRA Incident Creation", value=True)
    source = st.text_input("Source, if the lines do not say (optional)", width=400)
    who = session.acting()
    if who is None:
        st.caption("Choose your name at the left to process logs.")
    if st.button("Process", type="primary", disabled=log is None or who is None, icon=":material/play_arrow:") and log:
        st.session_state[_RESULT] = _process(log, name, source=source.strip() or None, slack=slack, jira=jira)
    if (result := st.session_state.get(_RESULT)) is not None:
        _summary(result, incident)


def _log() -> tuple[bytes | None, str]:
    if st.radio("Which log", [_BUNDLED, _UPLOAD], horizontal=True) == _BUNDLED:
        with st.expander("Look at the sample"):
            show.log_text(_SAMPLE.read_text("utf-8"))
        return _SAMPLE.read_bytes(), _SAMPLE.name
    uploaded = st.file_uploader("Log file: syslog, JSON lines, CEF, access logs or plain lines")
    if uploaded is None:
        return None, ""
    log = uploaded.getvalue()
    if reason := rows.refusal(log):
        st.warning("This file cannot be processed.")
        st.text(reason)
        return None, ""
    return log, uploaded.name


def _process(log: bytes, name: str, *, source: str | None, slack: bool, jira: bool) -> Processed:
    bar = st.progress(0.0, text="Reading")

    def show_progress(step: Step, share: float) -> None:
        bar.progress(share, text=step.value)

    found = session.house().process(log, name=name, source=source, slack=slack, jira=jira, progress=show_progress)
    bar.empty()
    return found


def _summary(found: Processed, incident: st.Page) -> None:
    st.header("Summary")
    result, told = found.result, found.alerts_sent
    processed, alerts, incidents, joined, unread, took = st.columns(6)
    processed.metric("Processed", f"{result.processed:,}", border=True)
    alerts.metric("Alerts sent", f"{told:,}", border=True)
    incidents.metric("Incidents created", f"{len(found.incidents):,}", border=True)
    joined.metric("Joined open ones", f"{result.outcome.joined:,}", border=True)
    unread.metric("Not readable", f"{result.quarantined:,}", border=True)
    took.metric("Seconds", f"{found.seconds:.1f}", border=True)
    _remarks(found)
    chosen = show.grid(
        rows.incident_rows(found.incidents),
        empty="No new incident: nothing in it was serious enough, or it joined incidents that are open.",
        name="Incidents created",
        choose="Incident",
        file="incidents.csv",
    )
    if found.incidents:
        st.caption("Mark a row at its left to open the incident.")
    st.subheader("Batch summary")
    show.facts(rows.batch_facts(found.batch))
    if chosen is not None:
        st.switch_page(incident, query_params={"id": chosen})


def _remarks(found: Processed) -> None:
    if "slack" in found.missing:
        st.caption("Slack is not connected, so nobody was told there: `soc doctor` says what is missing.")
    if "jira" in found.missing:
        st.caption("JIRA is not connected, so tickets are local ones: `soc doctor` says what is missing.")
    if found.left:
        st.warning("Some deliveries wait in the store: `soc serve` or the next `soc run` goes on with them.")
