"""One open issue per incident, also when answers are lost; log text does nothing in it."""

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from soc_github import GitHub, issue

from soc_core import NotConfigured, Secret, SettingsError
from soc_core.testing import strategies
from soc_core.testing.asserts import assert_ticket
from soc_core.testing.contract import Outside, plugin_contract

TOKEN = "ghp_fakeTokenThatNobodyMaySee1234567890"
FENCED = re.compile(r"^(`{3,})text\n.*?\n\1$", re.DOTALL | re.MULTILINE)


def plugin(url):
    timeout = timedelta(seconds=2)
    return GitHub(GitHub.Settings(repository="acme/soc", token=Secret(TOKEN), api=url, timeout=timeout))


@pytest.fixture
def soc_plugins(github):
    return {"github": plugin(github.url)}


def test_an_incident_gets_an_issue(soc, events, github):
    soc.submit([events("door open", label="Security Alert", severity=9)])
    soc.work()
    incident = assert_ticket(soc, tracker="github", key="#1", url="https://github.example/acme/soc/issues/1")
    [made] = github.issues
    assert made["title"] == "[CRITICAL] Security Alert - sshd (Severity 9)"
    assert incident.marker in {label["name"] for label in made["labels"]}


@pytest.mark.parametrize("loses", [1, 2])
def test_lost_answers_make_no_second_issue(soc, events, github, clock, loses):
    github.loses = loses
    soc.submit([events("door open", label="Security Alert", severity=9)])
    for _ in range(20):
        soc.work()
        clock.advance(timedelta(seconds=30))
    assert_ticket(soc, tracker="github", key="#1")
    assert [one["number"] for one in github.issues] == [1]


def test_of_doubles_the_oldest_stays_open(github, incidents):
    incident = incidents()
    for _ in range(3):
        github.make(issue(incident))
    found = plugin(github.url).find_ticket(incident)
    assert (found.key, found.retired) == ("#1", ("#2", "#3"))
    assert [one["number"] for one in github.open_issues] == [1]


@settings(max_examples=50, deadline=None)
@given(strategies.incidents())
def test_log_text_cannot_leave_its_fence(incident):
    outside = FENCED.sub("", issue(incident)["body"])
    assert outside.strip() == issue(incident)["body"].splitlines()[0]
    assert incident.id in outside


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(NotConfigured, match="GITHUB_TOKEN"):
        GitHub(GitHub.Settings())
    with pytest.raises(SettingsError, match="OWNER/NAME"):
        GitHub(GitHub.Settings(repository="../evil", token=Secret(TOKEN)))


def test_it_keeps_the_contract(github):
    outside = Outside(
        url=github.url,
        plugin=plugin,
        texts=lambda: [FENCED.sub("", one["body"]) for one in github.open_issues],
        secrets=(TOKEN,),
        name="github",
        sends="^POST ",
        refusal=(422, b'{"message": "Validation Failed"}'),
        alive=("@octocat", "#1", "![pixel](https://evil.example/p.png)", "```\n@octocat"),
    )
    plugin_contract(GitHub, outside)
