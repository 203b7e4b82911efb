"""The set-up guide is true: every snippet in it runs, and every setting is in it."""

import os
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import attrs
import click
import pytest
from click.testing import CliRunner
from soc_jira.plugin import Jira
from soc_jira.settings import Settings, login_of

from soc_core.settings import load, plugin_settings, read_dotenv
from soc_core.testing.jira import Project

GUIDE = Path(__file__).parents[3] / "docs" / "plugins" / "jira.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_every_kind_of_snippet_in_the_guide_is_tested_here() -> None:
    assert set(re.findall(r"^```(\w+)$", TEXT, re.MULTILINE)) == {"dotenv", "console", "toml", "python"}


@pytest.fixture
def place(jira_site, tmp_path, monkeypatch):
    """A working directory whose `.env` is the guide's first, with a JIRA behind it."""
    site = jira_site(projects=[Project(key="SEC", name="Security", components=("soc",))], now=lambda: datetime.now(UTC))
    for name in [name for name in os.environ if name.startswith(("JIRA_", "SLACK_", "SOC_"))]:
        monkeypatch.delenv(name)
    guide = snippets("dotenv")[0].replace("https://example.atlassian.net", site.url)
    guide = guide.replace("soc@example.org", site.username).replace("your-api-token", site.token)
    (tmp_path / ".env").write_text(guide, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return site


@pytest.mark.parametrize("snippet", snippets("dotenv"))
def test_each_environment_file_is_understood(snippet: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(snippet, encoding="utf-8")
    env = read_dotenv(tmp_path / ".env")
    settings = plugin_settings("jira", Settings, load(config=None, env=env), env)
    if "WEBHOOK" in snippet:
        assert settings.webhook_secret
    else:
        assert login_of(settings).project == "SEC"


@pytest.mark.parametrize("snippet", snippets("toml"))
def test_each_table_of_settings_is_understood(snippet: str, tmp_path: Path, place) -> None:
    assert tomllib.loads(snippet)
    config = tmp_path / "soc.toml"
    config.write_text(snippet, encoding="utf-8")
    env = read_dotenv(Path(".env"))
    settings = plugin_settings("jira", Settings, load(config=config, env=env), env)
    assert settings.fields == {"customfield_10050": {"value": "SOC"}}
    assert settings.paths == {"Resolved": ("Triage", "Contained", "Done")}
    Jira(settings)


@pytest.mark.parametrize("snippet", snippets("python"))
def test_each_python_snippet_runs(snippet: str, place, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(snippet, str(GUIDE), "exec"), {"__name__": "guide"})
    assert place.issues
    assert "SEC-1" in capsys.readouterr().out


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\$ soc (jira .*)$", TEXT, re.MULTILINE))))
def test_each_command_runs(command: str, place) -> None:
    env = read_dotenv(Path(".env"))
    cli = click.Group()
    Jira(plugin_settings("jira", Settings, load(config=None, env=env), env)).register_commands(cli)
    done = CliRunner().invoke(cli, command.split())
    assert done.exit_code == 0, done.output


def test_every_setting_is_in_the_guide() -> None:
    missing = [field.name for field in attrs.fields(Settings) if f"`{field.name}`" not in TEXT]
    assert missing == []
