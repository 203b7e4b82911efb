"""The two check boxes, with a pretended JIRA and Slack on this machine: who is told, and where tickets are made."""

from pathlib import Path

import pytest
from soc_dashboard.house import House, Step
from soc_dashboard.rows.process import incident_rows

from soc_core.app import Soc
from soc_core.settings import load
from soc_core.testing.jira import FakeJira
from soc_core.testing.slack import FakeSlack

PEOPLE = '[people.bo]\nroles = ["lead"]\n'
LOG = b"web1 useradd[1402]: new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash\n"


@pytest.fixture
def connected(env):
    """A house with JIRA and Slack, and those two."""
    with FakeJira() as jira, FakeSlack() as slack:
        names = ("SECURITY", "SYSTEM", "GENERAL", "INCIDENT")
        env |= {"JIRA_SERVER_URL": jira.url, "JIRA_USERNAME": jira.username, "JIRA_API_TOKEN": jira.token}
        env |= {"JIRA_PROJECT_KEY": "SEC", "SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": slack.bot_token}
        env |= {f"SLACK_{name}_CHANNEL": "#security" for name in names}
        Path(env["SOC_CONFIG"]).write_text(PEOPLE)
        Soc.open(load(config=None, env=env), env=env).close()
        opened = House.of(env)
        yield opened, slack
        opened.reports.database.close()


@pytest.mark.parametrize(("slack", "jira"), [(True, True), (False, True), (True, False)])
def test_the_check_boxes_say_who_is_told_and_where_tickets_are_made(connected, slack, jira):
    house, chat = connected
    steps = []
    found = house.process(
        LOG, name="upload.log", source=None, slack=slack, jira=jira, progress=lambda *step: steps.append(step)
    )
    [incident] = found.incidents
    assert (found.result.processed, found.batch.processed, found.left) == (1, 1, 0)
    assert incident.ticket.tracker == ("jira" if jira else "local")
    assert ("Link" in incident_rows(found.incidents)[0]) is jira
    assert found.alerts_sent == slack
    assert any(incident.summary in message.text for message in chat.messages("#security")) is slack
    assert {step for step, _ in steps} == {Step.READING, Step.DELIVERING}
    assert all(0 <= share <= 1 for _, share in steps)
    assert found.missing == ()
