"""`soc init --from-jira` prints settings that fit the project, and writes nothing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from soc_core.testing.jira import ODD, FakeJira, Project

SOC = Path(sys.executable).parent / "soc"


def init(folder, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    call = [SOC, "init", "--from-jira"]
    return subprocess.run(call, capture_output=True, text=True, cwd=folder, env=clean | environment, check=False)


def test_the_table_fits_the_project_and_can_be_used_as_it_is(tmp_path):
    project = Project(
        key="SEC", name="Security", types=("Task", "Incident"), priorities=("P1", "P2", "P3", "P4"), workflow=ODD
    )
    with FakeJira(projects=[project]) as jira:
        login = {"JIRA_SERVER_URL": jira.url, "JIRA_USERNAME": jira.username, "JIRA_API_TOKEN": jira.token}
        done = init(tmp_path, JIRA_PROJECT_KEY="SEC", **login)
    assert done.returncode == 0, done.stderr
    table = tomllib.loads(done.stdout)["plugins"]["jira"]
    assert table["issue_types"][0] == "Incident"
    assert set(table["priorities"].values()) <= {"P1", "P2", "P3", "P4"}
    assert list(tmp_path.iterdir()) == []


def test_without_credentials_it_says_what_is_missing(tmp_path):
    done = init(tmp_path)
    assert done.returncode == 2
    assert "JIRA_SERVER_URL" in done.stderr
