"""What stands at the top of the repository is what `soc init` writes."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "soc_core" / "cli" / "starter"
NAMES = """
SOC_STORE JIRA_SERVER_URL JIRA_USERNAME JIRA_API_TOKEN JIRA_PERSONAL_ACCESS_TOKEN JIRA_PROJECT_KEY JIRA_COMPONENTS
JIRA_WEBHOOK_SECRET SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_SIGNING_SECRET SLACK_WEBHOOK_URL SLACK_SECURITY_CHANNEL
SLACK_SYSTEM_CHANNEL SLACK_INCIDENT_CHANNEL SLACK_GENERAL_CHANNEL SLACK_API_URL
""".split()


@pytest.mark.parametrize(("top", "starter"), [(".env.example", "env.example"), ("soc.example.toml", "soc.toml")])
def test_the_examples_are_the_starters(top, starter):
    assert (ROOT / top).read_text() == (STARTER / starter).read_text()


def test_every_environment_name_is_there_once():
    named = [line.lstrip("#").split("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line]
    assert sorted(named) == sorted(NAMES)
