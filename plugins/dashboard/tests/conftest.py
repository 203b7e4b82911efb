"""What tests of the dashboard share: the 500 incidents of a month, and pages run by Streamlit's own test runner."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from soc_dashboard import house as house_module
from soc_dashboard import session
from soc_dashboard.house import House
from streamlit.testing.v1 import AppTest

from soc_core import Finding, hookimpl
from soc_core.app import Soc
from soc_core.settings import load
from soc_core.store.database import Database
from soc_core.testing.clock import HandClock
from soc_core.testing.month import keep, month

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STORIES = tuple(month(500, NOON))
SETTINGS = """
[people.ana]
roles = ["lead"]
email = "ana@example.org"

[people.bo]
roles = ["analyst"]

[plugins]
disable = ["jira", "slack"]
"""
# Reading the shipped rules takes a while, and most tests do without.
WITHOUT_RULES = """
[plugins.rules]
pack = false
"""


HOSTILE = (
    "broke in <script>document.title='owned'</script> <img src=x onerror=alert(1)> **bold** "
    "[click](javascript:alert(1)) ![beacon](http://evil.example/x.png) :red[red] $$x^2$$ `code` # head \x1b[31m \u202e"
)


@pytest.fixture(autouse=True)
def main_stays(monkeypatch):
    """Streamlit's test runner puts a page in the place of `__main__`, which a process spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


class Burglar:
    """Takes every event for a break-in, and repeats its text in each field that a plugin fills."""

    @hookimpl
    def classify_event(self, event):
        return Finding(
            event=event,
            label=f"Security {HOSTILE}"[:200],
            severity=9,
            rule="<b>rule</b>",
            reason=HOSTILE,
            actions=(HOSTILE,),
        )


class Shown:
    """A page as it was drawn."""

    def __init__(self, test):
        self.test = test

    def metric(self, label):
        """The value of the number with this label."""
        [found] = [one.value for one in self.test.metric if one.label == label]
        return found

    def rows(self, name):
        """The rows of a table; a cell with several values is a list."""
        [found] = [one.value for one in self.test.dataframe if one.proto.alt == name]
        rows = found.to_dict("records")
        return [
            {k: list(v) if hasattr(v, "__len__") and not isinstance(v, str) else v for k, v in r.items()} for r in rows
        ]

    def texts(self):
        """Everything that is shown as plain text."""
        return [one.value for one in (*self.test.text, *self.test.code)]

    def press(self, label):
        """Press a button, and see that nothing breaks."""
        [button] = [one for one in self.test.button if one.label == label]
        button.click().run()
        assert not self.test.exception, self.test.exception
        return self


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


@pytest.fixture
def env(tmp_path, monkeypatch):
    """A place of one's own, with people."""
    for name in [name for name in os.environ if name.startswith(("SOC_", "JIRA_", "SLACK_"))]:
        if name != "SOC_ARTIFACTS":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "soc.toml"
    config.write_text(SETTINGS + WITHOUT_RULES)
    return {"SOC_CONFIG": str(config), "SOC_STORE": f"sqlite:///{tmp_path / 'soc.db'}", "HOME": str(tmp_path)}


@pytest.fixture
def rules(env):
    """The shipped rules, for what is processed from now on."""
    Path(env["SOC_CONFIG"]).write_text(SETTINGS)


@pytest.fixture
def clock():
    return HandClock(NOON)


@pytest.fixture
def house(env, clock, monkeypatch):
    """An empty house at noon, and every page of it."""
    Soc.open(load(config=None, env=env), env=env).close()
    opened = House.of(env)
    opened = house_module.attrs.evolve(opened, reports=house_module.attrs.evolve(opened.reports, clock=clock))
    monkeypatch.setattr(session, "house", lambda: opened)
    yield opened
    opened.reports.database.close()


@pytest.fixture
def page(house):
    """Run a page; by whom, and with which parameters in its address."""

    def run(view, *, who="bo", **parameters):
        test = AppTest.from_function(_script, args=(view,), default_timeout=60)
        for name, value in parameters.items():
            test.query_params[name] = value
        if who is not None:
            test.session_state["who"] = who
        test.run()
        assert not test.exception, test.exception
        return Shown(test)

    return run


@pytest.fixture(scope="session")
def month_file(tmp_path_factory):
    """The month in a store, written once."""
    file = tmp_path_factory.mktemp("month") / "soc.db"
    database = Database(f"sqlite:///{file}")
    database.open()
    keep(database, STORIES)
    database.close()
    return file


@pytest.fixture
def full(env, tmp_path, month_file, request):
    """The house with the month in it."""
    shutil.copy(month_file, tmp_path / "soc.db")
    return request.getfixturevalue("house")


@pytest.fixture
def lived_in(house, clock):
    """The house with INC-1, a break-in whose text does its worst, and a ticket for it."""
    with Soc.open(house.settings, env=house.env, clock=clock, plugins=[("burglar", Burglar())]) as soc:
        soc.submit([("=sshd", HOSTILE)])
        soc.work()
    return house
