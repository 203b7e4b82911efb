"""The set-up guide is true: every snippet in it runs, and every setting is in it."""

import os
import re
import tomllib
from pathlib import Path

import attrs
import click
import pytest
from click.testing import CliRunner
from soc_slack.plugin import Slack
from soc_slack.settings import Settings, login_of

from soc_core.settings import load, plugin_settings, read_dotenv
from soc_core.testing.slack import FakeSlack

GUIDE = Path(__file__).parents[3] / "docs" / "plugins" / "slack.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def place(slack: FakeSlack, tmp_path, monkeypatch) -> FakeSlack:
    """A working directory whose `.env` is the guide's first, with a Slack behind it."""
    for name in [name for name in os.environ if name.startswith(("JIRA_", "SLACK_", "SOC_"))]:
        monkeypatch.delenv(name)
    guide = snippets("dotenv")[0].replace("xoxb-your-bot-token", slack.bot_token)
    guide = guide.replace("xapp-your-app-token", slack.app_token)
    for ident, name in (("C0123456789", "security"), ("C0123456788", "system"), ("C0123456787", "incidents")):
        guide = guide.replace(ident, slack.channel(name).id)
    (tmp_path / ".env").write_text(f"{guide}SLACK_API_URL={slack.url}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return slack


def test_every_kind_of_snippet_in_the_guide_is_tested_here() -> None:
    assert set(re.findall(r"^```(\w+)$", TEXT, re.MULTILINE)) == {"dotenv", "console", "toml", "python"}


@pytest.mark.parametrize("snippet", snippets("dotenv"))
def test_each_environment_file_configures_slack(snippet: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(snippet, encoding="utf-8")
    env = read_dotenv(tmp_path / ".env")
    login = login_of(plugin_settings("slack", Settings, load(config=None, env=env), env))
    assert login.bot_token or login.webhook_url


@pytest.mark.parametrize("snippet", snippets("toml"))
def test_each_table_of_settings_is_understood(snippet: str, tmp_path: Path, place: FakeSlack) -> None:
    assert tomllib.loads(snippet)
    secret = tmp_path / "slack_app_token"
    secret.write_text("xapp-1")
    config = tmp_path / "soc.toml"
    config.write_text(snippet.replace("/run/secrets/slack_app_token", str(secret)), encoding="utf-8")
    env = {f"SOC_SLACK_{name}": "x" for name in ("BOT_TOKEN", "SIGNING_SECRET")}
    env["SOC_SLACK_WEBHOOK_URL"] = "https://hooks.slack.com/services/x"
    house = load(config=config, env=env)
    assert plugin_settings("slack", Settings, house, env) != Settings()


def test_every_setting_is_in_the_guide() -> None:
    shown = {
        name for snippet in snippets("toml") for name in tomllib.loads(snippet).get("plugins", {}).get("slack", {})
    }
    assert shown == {field.name for field in attrs.fields(Settings)}


@pytest.mark.parametrize("snippet", snippets("python"))
def test_each_program_runs(snippet: str, place: FakeSlack) -> None:
    exec(compile(snippet, str(GUIDE), "exec"), {})
    assert len(place.asked("chat.postMessage")) == 1


def test_the_test_command_of_the_guide_runs(place: FakeSlack) -> None:
    assert "$ soc slack test" in snippets("console")[0]
    env = read_dotenv(Path(".env"))
    plugin = Slack(plugin_settings("slack", Settings, load(config=None, env=env), env))
    cli = click.Group()
    plugin.register_commands(cli=cli)
    assert CliRunner().invoke(cli, ["slack", "test"]).exit_code == 0
