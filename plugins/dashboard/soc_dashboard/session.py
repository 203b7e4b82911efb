"""What one look at a page needs: the house, opened once for all browsers, and who is looking."""

import os

import streamlit as st

from soc_core import Figures
from soc_dashboard.house import Audited, House

_ACTING = "acting"


def house() -> House:
    """The house that the environment describes."""
    names = ("SOC_CONFIG", "SOC_STORE")
    return _opened(os.getcwd(), *(os.environ.get(name, "") for name in names))


def figures(of: House, period: str, days: int | None) -> Figures:
    """The figures of the last days, counted anew at most every half minute."""
    return _counted(of.reports.database.place, period, of, days)


def audited(of: House, *, anew: bool) -> Audited:
    """How the audit trail was found when it was last verified: five minutes ago at most, or right now."""
    if anew:
        _verified.clear()
    return _verified(of.reports.database.place, of)


def greet(of: House) -> None:
    """Find out in whose name something is done, and keep it for the page; asks where nobody else has."""
    st.session_state[_ACTING] = _who(of)


def acting() -> str | None:
    """In whose name something is done; None for somebody who may only look."""
    name = st.session_state.get(_ACTING)
    return None if name is None else str(name)


def _who(of: House) -> str | None:
    if of.own.user_header is not None:
        return _signed_in(of, of.own.user_header)
    if not of.settings.people:
        st.sidebar.caption("You act as")
        st.sidebar.text(of.login())
        return of.login()
    names = [person.name for person in of.settings.people]
    return st.sidebar.selectbox("You are", names, index=None, placeholder="Choose your name", key="who")


def _signed_in(of: House, header: str) -> str | None:
    told = st.context.headers.get(header, "")
    known = of.reports.person(email=told) or of.reports.person(name=told)
    st.sidebar.caption("Signed in as")
    st.sidebar.text(known.name if known else told or "nobody")
    if known is None:
        st.sidebar.caption("You may look and change nothing: only people of [people] may.")
    return None if known is None else known.name


@st.cache_resource
def _opened(folder: str, config: str, store: str) -> House:
    return House.of(os.environ)


@st.cache_resource(ttl=30, max_entries=20, show_spinner="Counting")
def _counted(place: str, period: str, _of: House, _days: int | None) -> Figures:
    return _of.figures(_days)


@st.cache_resource(ttl=300, max_entries=20, show_spinner="Verifying the chain")
def _verified(place: str, _of: House) -> Audited:
    return _of.audited()
