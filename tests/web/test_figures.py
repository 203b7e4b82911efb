"""The month that tests/store counts by hand, over HTTP: the same numbers as on the command line."""

import json
import os
from collections import Counter

import pytest
from click.testing import CliRunner

from soc_core import Secret, Status
from soc_core.cli.program import soc as program
from soc_core.store.database import Database
from soc_core.store.reports import StoreReports
from soc_core.testing.clock import HandClock
from soc_core.testing.month import keep, month
from soc_core.web import api
from tests.conftest import NOON
from tests.web.conftest import TOKENS, Client, serving

STORIES = tuple(month(500, NOON))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('month') / 'soc.db'}"
    database = Database(url)
    database.open()
    keep(database, STORIES)
    database.close()
    return url


@pytest.fixture
def client(soc, store):
    database = Database(store)
    database.open()
    reports = StoreReports(database=database, clock=HandClock(NOON))
    shown = api.Api(reports, soc.change, reader=Secret(TOKENS["api"]), writers={}).operations()
    with serving(soc.calls, shown) as url, Client(url, TOKENS["api"]) as opened:
        yield opened
    database.close()


def test_the_figures_are_those_that_were_counted_by_hand(client):
    found = client.get("/api/v1/metrics").json()
    incidents = [story.incident for story in STORIES]
    made = [story.ticket_at for story in STORIES if story.ticket_at]
    assert found["incidents"] == Counter(one.status.value for one in incidents)
    assert found["priorities"] == Counter(one.priority.value for one in incidents)
    assert found["tickets_per_day"] == Counter(at.date().isoformat() for at in made)
    assert found["verdicts"] == Counter(one.verdict.value for one in incidents if one.verdict)
    assert sum(found["queue"].values()) == sum(one.status.active for one in incidents)


@pytest.mark.parametrize("since", ["", "2026-02-23"])
def test_the_figures_are_those_of_the_command_line(client, store, monkeypatch, tmp_path, since):
    for name in [name for name in os.environ if name.startswith(("SOC_", "JIRA_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("soc_core.clock.AnchoredClock", lambda: HandClock(NOON))
    words = ["--store", store, "metrics", *(["--since", since] if since else [])]
    result = CliRunner().invoke(program, words, catch_exceptions=False, prog_name="soc")
    found = client.get("/api/v1/metrics" + (f"?since={since}" if since else "")).json()
    assert json.loads(result.stdout) == found


def test_every_incident_is_listed_as_it_stands(client):
    found = client.get("/api/v1/incidents?active=false&limit=1000").json()["incidents"]
    assert {(one["id"], one["status"], one["priority"]) for one in found} == {
        (story.incident.id, story.incident.status.value, story.incident.priority.value) for story in STORIES
    }
    active = {one["id"] for one in client.get("/api/v1/incidents?limit=1000").json()["incidents"]}
    assert active == {one["id"] for one in found if Status(one["status"]).active}


@pytest.mark.parametrize("since", ["yesterday", "2026-02-30", "", "99999-01-01"])
def test_a_day_that_is_none_is_refused(client, since):
    assert client.get(f"/api/v1/metrics?since={since}").status_code == 400
