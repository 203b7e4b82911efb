"""`soc doctor` and `soc jira`: every trouble is one sentence with its cure."""

import json
import tomllib
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner
from soc_jira.plugin import Jira

from soc_core import Grade, Secret
from soc_core.testing.jira import ODD, Project


def results(plugin, house) -> dict[str, tuple[Grade, str, str]]:
    checks = plugin.register_checks(house)
    return {check.name: _told(check.run()) for check in checks}


def _told(result) -> tuple[Grade, str, str]:
    assert result.grade is Grade.OK or result.cure
    return result.grade, result.text, result.cure


@pytest.mark.parametrize(("flavour", "context"), [("cloud", ""), ("dc-8.20", "/jira"), ("dc-9.12", "")])
def test_a_well_set_up_site_passes_everything(jira_site, plugin_for, house, flavour, context) -> None:
    plugin = plugin_for(jira_site(flavour=flavour, context=context), webhook_secret=Secret("s"))
    grades = {name: grade for name, (grade, _, _) in results(plugin, house).items()}
    assert set(grades.values()) == {Grade.OK}
    assert list(grades)[:3] == ["reachable", "login", "project"]


def test_a_site_that_is_not_there_is_told_once_and_the_rest_is_not_tried(house) -> None:
    plugin = Jira(
        Jira.Settings(server_url="http://127.0.0.1:1", project_key="SEC", username="u", api_token=Secret("t"))
    )
    found = results(plugin, house)
    grade, words, cure = found["reachable"]
    assert grade is Grade.FAIL
    assert "not available" in words
    assert "JIRA_SERVER_URL" in cure
    assert "because of: reachable" in found["login"][1]


def test_a_wrong_token_a_wrong_project_and_a_missing_permission_are_told_apart(jira, plugin_for, house) -> None:
    wrong = plugin_for(jira, api_token=Secret("wrong"))
    assert "does not accept our login" in results(wrong, house)["login"][1]
    lost = plugin_for(jira, project_key="NOPE")
    assert "project not found" in results(lost, house)["project"][1]
    jira.api.denied |= {"TRANSITION_ISSUES", "LINK_ISSUES"}
    grade, words, _ = results(plugin_for(jira), house)["permissions"]
    assert grade is Grade.FAIL
    assert "permission denied" in words
    assert "TRANSITION_ISSUES" in words


def test_wrong_mappings_are_named(jira_site, plugin_for, house) -> None:
    site = jira_site(projects=[Project(key="ODD", name="O", priorities=("P1", "P2"), workflow=ODD)])
    plugin = plugin_for(site, priorities={"Highest": "P0"}, statuses={"Fertig": "Closed"}, components=("soc",))
    found = results(plugin, house)
    assert "P0" in found["priorities"][1]
    assert "Fertig" in found["workflow"][1]
    assert "soc" in found["components"][1]


def test_missing_screen_fields_are_a_warning_and_required_ones_a_failure(jira_site, plugin_for, house) -> None:
    bare = Project(key="SEC", name="S", screen=frozenset({"description", "labels"}))
    grade, words, _ = results(plugin_for(jira_site(projects=[bare])), house)["issue type and fields"]
    assert (grade, "priority, duedate" in words) == (Grade.WARN, True)
    strict = Project(key="SEC", name="S", required=("customfield_1",))
    grade, words, _ = results(plugin_for(jira_site(projects=[strict])), house)["issue type and fields"]
    assert (grade, "customfield_1" in words, "no ticket can be made" in words) == (Grade.FAIL, True, True)


def test_clocks_that_disagree_are_a_warning(jira_site, plugin_for, house, clock) -> None:
    site = jira_site(now=lambda: clock() + timedelta(minutes=5))
    assert results(plugin_for(site), house)["clock"][0] is Grade.WARN


@pytest.fixture
def soc_jira(jira, plugin_for, house):
    """Run `soc jira …` and answer what it printed."""
    plugin = plugin_for(jira)
    cli = click.Group()
    plugin.register_commands(cli)

    def run(*words: str):
        return CliRunner().invoke(cli, ["jira", *words])

    return run


def test_the_commands_answer_in_json(jira, soc_jira) -> None:
    made = json.loads(soc_jira("test-incident").output)
    assert (made["ticket_id"], made["priority"]) == ("SEC-1", "Highest")
    assert "test" in jira.issue("SEC-1").summary
    assert soc_jira("test").exit_code == 0
    (ticket,) = json.loads(soc_jira("open").output)["tickets"]
    assert ticket["ticket_id"] == "SEC-1"
    jira.human("ana").moves("SEC-1", "Closed")
    assert json.loads(soc_jira("open").output)["tickets"] == []


def test_a_failing_test_ends_with_one(jira, soc_jira) -> None:
    jira.login = "revoked"
    done = soc_jira("test")
    assert done.exit_code == 1
    assert "does not accept our login" in done.output


def test_overdue_tickets_are_listed(jira, plugin_for, make_incident, soc_jira) -> None:
    plugin = plugin_for(jira)
    plugin.create_ticket(make_incident())  # due on 2026-03-03
    plugin.create_ticket(make_incident(clocks={}))
    tickets = json.loads(soc_jira("violations").output)["tickets"]
    assert [ticket["ticket_id"] for ticket in tickets] == ["SEC-1"]


def test_the_printed_mapping_is_one_that_works(jira_site, plugin_for) -> None:
    odd = Project(key="ODD", name="O", priorities=("P1", "P2", "P3"), workflow=ODD, required=("customfield_5",))
    site = jira_site(projects=[odd])
    cli = click.Group()
    plugin_for(site).register_commands(cli)
    table = tomllib.loads(CliRunner().invoke(cli, ["jira", "mapping"]).output)["plugins"]["jira"]
    assert table["statuses"] == {
        "To Do": "Open",
        "Triage": "In Progress",
        "Contained": "In Progress",
        "Done": "Closed",
    }
    assert table["priorities"]["Highest"] == "P1"
    assert table["priorities"]["Lowest"] == "P3"
    assert table["fields"] == {"customfield_5": {"value": ""}}
    plugin_for(site, **{name: table[name] for name in ("statuses", "priorities", "fields")})
