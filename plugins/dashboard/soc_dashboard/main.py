"""The script that Streamlit runs for each look at a page; `soc dashboard` starts it."""

from pathlib import Path

import streamlit as st

from soc_core import SocError
from soc_dashboard import session, show
from soc_dashboard.views import audit, health, incident, metrics, process, queue

# Of our own: for an icon that it only knows by name, Streamlit sends browsers to a server elsewhere.
_ICON = Path(__file__).parent / "shield.png"


def main() -> None:
    """Draw the page that was asked for."""
    st.set_page_config(page_title="soc-core", page_icon=str(_ICON), layout="wide")
    opened = st.Page(incident.page, title="Incident", icon=":material/search:", url_path="incident")
    chosen = st.navigation(
        [
            st.Page(lambda: queue.page(opened), title="Queue", icon=":material/timer:", default=True),
            opened,
            st.Page(lambda: process.page(opened), title="Process logs", icon=":material/upload:", url_path="process"),
            st.Page(metrics.page, title="Metrics", icon=":material/bar_chart:", url_path="metrics"),
            st.Page(health.page, title="Health", icon=":material/favorite:", url_path="health"),
            st.Page(audit.page, title="Audit", icon=":material/verified:", url_path="audit"),
        ]
    )
    try:
        session.greet(session.house())
        chosen.run()
    except SocError as error:
        show.refused(error)


main()
