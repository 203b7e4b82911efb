"""*Audit*: the trail of everything that changed, and whether it is intact."""

import streamlit as st

from soc_core import printable, wording
from soc_dashboard import session, show
from soc_dashboard.rows.audit import trail_rows

_SHOWN = 200


def page() -> None:
    """Draw it, the chain of hashes verified."""
    st.title("Audit")
    house = session.house()
    found = session.audited(house, anew=st.button("Verify now", icon=":material/replay:"))
    if found.flaw is None:
        st.success("The chain of hashes is intact.", icon=":material/verified:")
    else:
        st.error("The chain of hashes is broken: the trail was changed.", icon=":material/gpp_bad:")
        st.text(printable(found.flaw))
    number = int(found.head.partition(":")[0])
    st.text(f"{wording.count(number, 'entry', 'entries')}, verified {wording.ago(found.at, house.reports.now())}")
    st.caption("The head of the trail: kept elsewhere, it shows a rewritten trail too (`soc audit verify --anchor`).")
    st.code(found.head, language=None)
    st.subheader("Latest entries")
    show.grid(
        trail_rows(house.reports.trail(last=_SHOWN)),
        empty="Nothing has happened yet.",
        name="Latest entries",
        file="audit.csv",
    )
