"""The house as an embedding program sees it."""

import asyncio
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

import soc_core
from soc_core import Event, Finding, SettingsError, hookimpl
from soc_core.app import Soc
from tests.conftest import NOON

QUIET = {"plugins": {"disable": ["rules", "console", "jira", "slack", "sla", "escalation"]}}


class Critical:
    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)


@pytest.fixture
def open_soc(tmp_path):
    opened = []

    def make(name="soc.db"):
        overrides = {"store": f"sqlite:///{tmp_path / name}", **QUIET}
        opened.append(Soc.open(overrides=overrides, env={}, plugins=[("critical", Critical())]))
        return opened[-1]

    yield make
    for soc in opened:
        soc.close()


def test_two_in_one_process_do_not_disturb_each_other(open_soc):
    first, second = open_soc("a.db"), open_soc("b.db")
    first.submit([("app", "one")])
    second.submit([("app", "two")])
    first.work()
    second.work()
    assert [[i.message for i in soc.reports.incidents()] for soc in (first, second)] == [["one"], ["two"]]


def test_a_large_block_tells_how_far_it_is(open_soc):
    seen = []
    lines = b"".join(b"%06d %s\n" % (number % 3, b"x" * 500) for number in range(1200))
    result = open_soc().process_block(lines, progress=lambda done: seen.append(done.lines))
    assert seen == sorted(set(seen))
    assert len(seen) > 1
    assert seen[-1] == result.lines == 1200


def test_eight_threads_may_submit_at_once(open_soc):
    soc = open_soc()
    troubles = [f"trouble {number}" for number in range(5)]

    def submit():
        for message in troubles * 4:
            soc.submit([("app", message)])

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((i.message, i.count) for i in soc.reports.incidents()) == [(t, 32) for t in troubles]


def test_started_it_delivers_by_itself(open_soc):
    soc = open_soc()
    soc.start()
    soc.submit([("app", f"trouble {number}") for number in range(10)])
    assert soc.settle(timedelta(seconds=60)) == 0
    assert all(incident.ticket for incident in soc.reports.incidents())
    assert soc.stop() == ()


def test_started_twice_it_runs_once_and_stops_whole(open_soc):
    before = set(threading.enumerate())
    soc = open_soc()
    soc.start()
    running = set(threading.enumerate()) - before
    assert running
    soc.start()
    assert set(threading.enumerate()) - before == running
    soc.stop()
    assert not any(thread.is_alive() for thread in running)


def test_inside_an_event_loop_it_runs_in_threads(open_soc):
    soc = open_soc()

    async def program():
        outcome = await asyncio.to_thread(soc.submit, [("app", "from asyncio")])
        await asyncio.to_thread(soc.work)
        return outcome

    assert asyncio.run(program()).new == 1
    assert soc.reports.incident("LOCAL-1").message == "from asyncio"


def test_everything_that_looks_like_an_event_is_taken(open_soc):
    soc = open_soc()
    soc.submit(
        [("app", "pair"), {"source": "app", "message": "dict"}, "line", Event(source="x", message="e", received=NOON)]
    )
    assert len(soc.reports.incidents()) == 4


def test_a_mistyped_setting_is_refused_with_the_right_name(tmp_path):
    (tmp_path / "soc.toml").write_text("[groupings]\nreopen_window = '1h'\n")
    with pytest.raises(SettingsError, match=r"soc\.toml:1.*grouping"):
        Soc.open(config=tmp_path / "soc.toml", env={})


def test_importing_the_desk_is_light_and_sets_nothing_up():
    code = (
        "import logging, sys, threading; before = logging.root.handlers[:]; import soc_core; "
        "heavy = {'sqlalchemy', 'cattrs', 'structlog', 'rich', 'click', 'jira', 'slack_sdk', 'socket', 'alembic'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "assert logging.root.handlers == before; assert threading.active_count() == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_told():
    assert soc_core.__version__.count(".") >= 1
    with pytest.raises(AttributeError):
        _ = soc_core.nothing_of_the_kind
