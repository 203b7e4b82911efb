"""One ticket per incident through the real core: lost answers, killed processes, revoked tokens, outages."""

import itertools
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from soc_core import Change, Event, Finding, Status, Update, hookimpl
from soc_core.app import Soc
from soc_core.model.job import JobState
from soc_core.store import outbox
from soc_core.testing.clock import HandClock
from soc_core.testing.jira import Fault

WORKER = Path(__file__).with_name("storm_worker.py")
LONG = [pytest.mark.chaos, pytest.mark.skipif("SOC_CHAOS" not in os.environ, reason="long; runs with SOC_CHAOS=1")]
FAULTS = ("reset-after", "truncated", "500-after", "slow")
OTHERS = ["rules", "local", "console", "slack", "sla", "escalation", "metrics", "dashboard"]


def environment(site) -> dict[str, str]:
    login = {"JIRA_SERVER_URL": site.url, "JIRA_PROJECT_KEY": "SEC"}
    if site.cloud:
        return login | {"JIRA_USERNAME": site.username, "JIRA_API_TOKEN": site.token}
    return login | {"JIRA_PERSONAL_ACCESS_TOKEN": site.token}


def markers(site) -> Counter[str]:
    return Counter(
        label for issue in site.issues for label in issue.labels if label.startswith("soc-") and len(label) == 24
    )


def storm(site, folder: Path, *, number: int, lag: str, api: str = "auto") -> None:
    """Let a process work, kill it in the middle, and let another finish."""
    for kind in FAULTS:
        site.faults.add(Fault(kind=kind, share=0.05, seconds=5))
    command = [sys.executable, str(WORKER), str(folder), str(number), lag, api]
    env = {**os.environ, **environment(site)}
    with subprocess.Popen(command, env=env) as first:
        while len(site.issues) < number / 3:
            assert first.poll() is None
            first_wait(first)
        first.send_signal(signal.SIGKILL)
    done = subprocess.run(command, env=env, timeout=250, check=False)
    assert done.returncode == 0
    found = markers(site)
    assert len(found) == number
    assert set(found.values()) == {1}
    assert sum(fault.happened for fault in site.faults.all) > number / 20


def first_wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.02)
    except subprocess.TimeoutExpired:
        return


STORMS = [
    pytest.param("cloud", "", "3", 60, id="cloud"),
    pytest.param("cloud", "", "2", 30, id="cloud-v2"),
    pytest.param("dc-8.20", "/jira", "auto", 30, id="8.20"),
    pytest.param("dc-9.12", "/jira", "auto", 30, id="9.12"),
]


@pytest.mark.parametrize(("flavour", "context", "api", "number"), STORMS)
def test_every_incident_has_exactly_one_ticket_after_a_storm(
    jira_site, tmp_path, flavour: str, context: str, api: str, number: int
) -> None:
    site = jira_site(flavour=flavour, context=context, lag=timedelta(seconds=0.3), now=_real_now)
    storm(site, tmp_path, number=number, lag="600ms", api=api)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [pytest.param(300, marks=LONG)])
def test_three_hundred_incidents_with_a_search_lag_of_seconds(jira_site, tmp_path, number: int) -> None:
    site = jira_site(lag=timedelta(seconds=3), now=_real_now)
    storm(site, tmp_path, number=number, lag="6s")


# -- in this process, with time moved by hand -------------------------------------------------------------------------


class Everything:
    """Every event is a finding of its own; its severity is its message."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        severity = float(event.message.split()[0])
        return Finding(event=event, label="Security Alert", severity=severity, rule=event.message)


@pytest.fixture
def opened(tmp_path):
    """Open a house for a site with a clock moved by hand."""
    houses = []

    def start(site, clock: HandClock, **jira) -> Soc:
        settings = {
            "store": f"sqlite:///{tmp_path / f'{len(houses)}.db'}",
            "storm.limit": 100_000,
            "plugins": {"disable": OTHERS, "jira": {"rate": 1000.0} | jira},
        }
        soc = Soc.open(overrides=settings, env=environment(site), clock=clock, plugins=[("all", Everything())])
        houses.append(soc)
        return soc

    yield start
    for soc in houses:
        soc.close()


_numbers = itertools.count()


def submit(soc: Soc, *severities: float) -> None:
    now = soc.clock.now()
    soc.submit(
        Event(source="app", message=f"{severity} {n}", received=now, id=str(n))
        for severity, n in zip(severities, _numbers, strict=False)
    )


def waiting(soc: Soc) -> int:
    return len([job for job in soc.reports.jobs(JobState.READY, JobState.LEASED) if job.dest != outbox.CORE])


def test_a_token_revoked_in_mid_storm_costs_nothing_and_alarms_once(jira_site, opened, caplog) -> None:
    caplog.set_level(logging.INFO, "soc_core")
    clock = HandClock()
    site = jira_site(now=clock.now)
    soc = opened(site, clock)
    submit(soc, *[9.0] * 10)
    soc.work()
    site.login = "revoked"
    submit(soc, *[9.0] * 20)
    for _ in range(10):
        soc.work()
        clock.advance(timedelta(minutes=1))
    assert len(site.issues) == 10
    site.login = "ok"
    for _ in range(5):
        clock.advance(timedelta(minutes=1))
        soc.work()
    assert waiting(soc) == 0
    assert set(markers(site).values()) == {1}
    ours = [one.split()[0] for one in caplog.messages if one.startswith("jira.login")]
    assert ours == ["jira.login_lost", "jira.login_restored"]
    alarms = [one for one in soc.reports.incidents(active=False) if one.source == "soc-core"]
    assert len(alarms) == 1
    assert alarms[0].count == 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [90, pytest.param(1500, marks=LONG)])
def test_after_a_day_of_outage_the_backlog_drains_in_order_and_within_the_rate(jira_site, opened, number: int) -> None:
    clock = HandClock()
    site = jira_site(now=clock.now)
    soc = opened(site, clock, rate=10.0)
    down = site.faults.add(Fault(kind="503", method="*", path="."))
    for _ in range(number // 3):
        submit(soc, 8.5, 9.0, 8.0)
        clock.advance(timedelta(seconds=1))
    soc.work()
    assert site.issues == []
    for _ in range(24 * 4):
        clock.advance(timedelta(minutes=15))
        soc.work()
    assert soc.reports.jobs(JobState.DEAD) == ()
    down.times = 0
    clock.advance(timedelta(minutes=15))
    calls = []
    for _ in range(number):
        before = len(site.calls)
        soc.work()
        calls.append(len(site.calls) - before)
        clock.advance(timedelta(seconds=1))
        if not waiting(soc):
            break
    assert len(site.issues) == number
    assert set(markers(site).values()) == {1}
    priorities = [issue.priority for issue in site.issues]
    assert priorities == ["Highest"] * (number // 3) + ["High"] * (number // 3 * 2)
    numbers = [int(issue.properties["soc.core"]["incident"].split("-")[1]) for issue in site.issues]
    assert numbers[: number // 3] == sorted(numbers[: number // 3])
    assert max(calls) <= 10 + 10 + 4  # a second's worth, a full bucket, and the metadata
    for _ in range(3):  # polls do not read again what nobody has touched
        clock.advance(timedelta(minutes=1))
        soc.work()
    assert len(site.asked("GET", "issue/SEC-.*")) == 0


def test_nothing_goes_to_an_endpoint_that_asked_for_two_minutes(jira_site, opened) -> None:
    clock = HandClock()
    site = jira_site(now=clock.now)
    soc = opened(site, clock)
    submit(soc, 9.0)
    soc.work()
    site.faults.add(Fault(kind="429", times=1, retry_after="120"))
    submit(soc, 9.0, 9.0, 9.0)
    for _ in range(11):
        soc.work()
        clock.advance(timedelta(seconds=10))
    assert len(site.asked("POST", "issue")) == 2
    for _ in range(4):
        clock.advance(timedelta(seconds=10))
        soc.work()
    assert len(site.issues) == 4


def test_a_whole_life_between_the_core_and_jira(jira_site, opened) -> None:
    clock = HandClock()
    site = jira_site(now=clock.now)
    soc = opened(site, clock)
    submit(soc, 9.0)
    soc.work()
    (incident,) = soc.reports.incidents()
    assert incident.ticket is not None
    assert incident.ticket.url == f"{site.url}/browse/SEC-1"

    site.human("ana").moves("SEC-1", "In Progress")
    site.human("ana").comments("SEC-1", "On it")
    clock.advance(timedelta(seconds=61))
    soc.work()
    now = soc.reports.incident("SEC-1")
    assert (now.status, now.acknowledged_by) == (Status.IN_PROGRESS, "Ana Lee")
    assert [note.text for note in soc.reports.notes(now.id)] == ["On it"]

    soc.change(now.id, Update(change=Change.NOTE, origin="slack", at=clock.now(), actor="Bo", text="Blocked"))
    soc.change(now.id, Update(change=Change.STATUS, origin="slack", at=clock.now(), actor="Bo", new="Resolved"))
    soc.work()
    assert site.issue("SEC-1").status == "Resolved"
    assert "Blocked" in site.text(site.issue("SEC-1").comments[-1]["body"])

    for _ in range(3):
        clock.advance(timedelta(seconds=61))
        soc.work()
    site.calls.clear()
    for _ in range(2):
        clock.advance(timedelta(seconds=61))
        soc.work()
    assert {(call.method, call.path) for call in site.calls} == {("POST", "search/jql")}
    assert len(soc.reports.notes(now.id)) == 2


def _real_now():
    return datetime.now(UTC)
