"""How long each page of the dashboard takes with many incidents, as a ratio to the same page with few.

python -m bench.dashboard [--few 1000] [--many 100000]

A page is drawn by Streamlit's own test runner, without a browser: what is measured is what the server does. The first
look at a page counts what later looks within half a minute are shown again, so both are told.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import streamlit
from soc_dashboard import session
from streamlit.testing.v1 import AppTest

from soc_core.store.database import Database
from soc_core.testing.month import keep, month

VIEWS = ("queue", "incident", "process", "metrics", "health", "audit")
# Metrics and audit look at everything that is kept; the others must not notice how much that is.
GOALS = {"queue": 3.0, "incident": 2.0, "process": 2.0, "metrics": 20.0, "health": 3.0, "audit": 20.0}


def main() -> None:
    """Fill two stores and draw every page of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = (dict(_seconds(Path(folder), number)) for number in (chosen.few, chosen.many))
    print(f"{'page':12}{chosen.few:>12,}{chosen.many:>12,}{'ratio':>8}   again, with {chosen.many:,}")
    for view in VIEWS:
        (first, _), (late, again) = few[view], many[view]
        verdict = "held" if late / first <= GOALS[view] else "MISSED"
        print(
            f"{view:12}{first:>10.2f} s{late:>10.2f} s{late / first:>8.1f}   {again:.2f} s"
            f"   goal <= {GOALS[view]:g}: {verdict}"
        )


def _seconds(folder: Path, number: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each page with the seconds of the first look and of the second."""
    store = f"sqlite:///{folder / f'{number}.db'}"
    database = Database(store)
    database.open()
    keep(database, month(number, datetime.now(UTC)))
    database.close()
    os.environ["SOC_STORE"] = store
    session.house()  # opening the store, with its check of the whole file, happens once in the life of a server
    for view in VIEWS:
        _draw(view)  # what is imported now is not measured
        streamlit.cache_resource.clear()
        session.house()
        yield view, (_timed(view), _timed(view))


def _timed(view: str) -> float:
    began = time.perf_counter()
    _draw(view)
    return time.perf_counter() - began


def _draw(view: str) -> None:
    test = AppTest.from_function(_script, args=(view,), default_timeout=600)
    test.query_params["id"] = "INC-7"
    test.run()
    if test.exception:
        raise SystemExit(f"the page {view} broke: {test.exception[0].value}")


def _script(view: str) -> None:
    from importlib import import_module  # noqa: PLC0415 - the runner takes this function's source and nothing else

    import streamlit as st  # noqa: PLC0415 - the same
    from soc_dashboard import session  # noqa: PLC0415 - the same

    session.greet(session.house())
    page = import_module(f"soc_dashboard.views.{view}").page
    if view in ("queue", "process"):
        page(st.Page(lambda: None, title="Incident", url_path="incident"))
    else:
        page()


if __name__ == "__main__":
    main()
