"""The face for Python programs."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
import soc_jira
from soc_jira import get_jira_manager
from soc_jira.manager import JiraManager

from soc_core import ChangeRefused, NotConfigured


@pytest.fixture
def manager(jira_site, tmp_path):
    site = jira_site(now=lambda: datetime.now(UTC))
    env = {
        "SOC_STORE": f"sqlite:///{tmp_path / 'soc.db'}",
        "JIRA_SERVER_URL": site.url,
        "JIRA_USERNAME": site.username,
        "JIRA_API_TOKEN": site.token,
        "JIRA_PROJECT_KEY": "SEC",
    }
    with JiraManager(config=None, env=env) as made:
        yield site, made


def test_a_good_connection_is_described(manager) -> None:
    _, made = manager
    answer = made.test_connection()
    assert (answer["status"], answer["error"]) == ("success", None)
    assert answer["server_info"] == {
        "server_title": "Fake JIRA",
        "version": "1001.0.0-SNAPSHOT",
        "deployment_type": "Cloud",
    }
    assert answer["project_info"] == {"key": "SEC", "name": "Security"}
    assert answer["permissions"]["CREATE_ISSUES"] is True
    assert made.is_available()


def test_each_bad_connection_names_cause_and_cure(manager) -> None:
    site, made = manager
    site.api.denied.add("CREATE_ISSUES")
    assert "CREATE_ISSUES" in made.test_connection()["error"] or "may not create" in made.test_connection()["error"]
    site.api.denied.clear()
    site.login = "revoked"
    assert "does not accept our login" in made.test_connection()["error"]
    assert not made.is_available()


def test_without_credentials_it_says_what_is_missing() -> None:
    made = JiraManager(config=None, env={"JIRA_SERVER_URL": "https://example.atlassian.net"})
    answer = made.test_connection()
    assert (answer["status"], made.is_available()) == ("error", False)
    assert "JIRA_PROJECT_KEY" in answer["error"]
    with pytest.raises(NotConfigured):
        asyncio.run(made.send_test_incident())


def test_a_dotenv_file_in_the_working_directory_is_read(manager, tmp_path: Path, monkeypatch) -> None:
    site, _ = manager
    lines = (f"JIRA_SERVER_URL={site.url}", f"JIRA_USERNAME={site.username}", f"JIRA_API_TOKEN={site.token}")
    (tmp_path / ".env").write_text("\n".join((*lines, "JIRA_PROJECT_KEY=SEC")), encoding="utf-8")
    for name in ("JIRA_SERVER_URL", "JIRA_USERNAME", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert get_jira_manager().is_available()


def test_a_test_incident_becomes_a_ticket(manager) -> None:
    site, made = manager
    answer = asyncio.run(made.send_test_incident())
    assert (answer["ticket_id"], answer["priority"]) == ("SEC-1", "Highest")
    assert answer["ticket_url"] == f"{site.url}/browse/SEC-1"


def test_a_log_becomes_an_incident_that_can_be_worked_on(manager) -> None:
    site, made = manager
    answer = asyncio.run(
        made.create_incident_from_log(("useradd", "new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash"))
    )
    if answer["ticket_id"] is None:
        pytest.fail(f"no ticket: {answer}")
    key = answer["ticket_id"]
    asyncio.run(made.update_incident_status(key, "In Progress", "Looking into it", "ana"))
    asyncio.run(made.add_investigation_notes(key, "A scanner", "ana"))
    asyncio.run(made.assign_incident(key, "bo@example.org", "ana"))
    issue = site.issue(key)
    assert (issue.status, issue.assignee) == ("In Progress", "5b10-bo")
    texts = " ".join(site.text(comment["body"]) for comment in issue.comments)
    assert "Looking into it" in texts
    assert "A scanner" in texts
    (ticket,) = asyncio.run(made.get_open_incidents())
    assert (ticket["ticket_id"], ticket["status"], ticket["assignee"]) == (key, "In Progress", "Bo Chen")
    assert asyncio.run(made.get_sla_violations()) == []


def test_a_log_that_needs_nothing_makes_nothing(manager) -> None:
    site, made = manager
    answer = asyncio.run(made.create_incident_from_log(("app", "user opened the page")))
    assert answer["ticket_id"] is None
    assert answer["reason"]
    assert site.issues == []


def test_a_ticket_of_somebody_else_is_refused(manager) -> None:
    _, made = manager
    with pytest.raises(ChangeRefused, match="SEC-99"):
        asyncio.run(made.add_investigation_notes("SEC-99", "x"))


def test_the_package_exports_the_face_lazily() -> None:
    assert soc_jira.get_jira_manager is get_jira_manager
    with pytest.raises(AttributeError):
        _ = soc_jira.nothing_of_this_name
