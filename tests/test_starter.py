"""What stands at the top of the repository is what `soc init` writes."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "soc_core" / "cli" / "starter"
JIRA = "SERVER_URL USERNAME API_TOKEN PERSONAL_ACCESS_TOKEN PROJECT_KEY COMPONENTS WEBHOOK_SECRET"
SLACK = "BOT_TOKEN APP_TOKEN SIGNING_SECRET WEBHOOK_URL API_URL"
CHANNELS = ("SECURITY", "SYSTEM", "INCIDENT", "GENERAL")
NAMES = [
    "SOC_STORE",
    "SOC_CONFIG",
    "SOC_PLUGINS",
    "SOC_PLUGINS_DIR",
    "SOC_INGEST_TOKEN",
    "SOC_API_TOKEN",
    "SOC_TRUSTED_PROXIES",
    *(f"JIRA_{name}" for name in JIRA.split()),
    *(f"SLACK_{name}" for name in SLACK.split()),
    *(f"SLACK_{name}_CHANNEL" for name in CHANNELS),
]


@pytest.mark.parametrize(("top", "starter"), [(".env.example", "env.example"), ("soc.example.toml", "soc.toml")])
def test_the_examples_are_the_starters(top, starter):
    assert (ROOT / top).read_text() == (STARTER / starter).read_text()


def test_every_environment_name_is_there_once():
    named = [line.lstrip("#").split("=")[0] for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line]
    assert sorted(named) == sorted(NAMES)
