"""Setting Slack up: what is missing is said in plain words, the doctor sees what is wrong, the manager works."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import click
import jsonschema
import pytest
import soc_slack
from click.testing import CliRunner
from soc_slack import checks as doctor
from soc_slack.manager import get_slack_manager
from soc_slack.plugin import Slack
from soc_slack.settings import Settings

from soc_core import BatchSummary, Grade, NotConfigured, Secret, SettingsError
from soc_core.testing.slack import FakeSlack, Fault

MANIFEST = Path(soc_slack.__file__).parent / "manifest.json"


@pytest.fixture
def env(slack: FakeSlack, tmp_path, monkeypatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    return {
        "SLACK_API_URL": slack.url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SECURITY_CHANNEL": "#security",
        "SLACK_SYSTEM_CHANNEL": slack.channel("system").id,
    }


def results(plugin: Slack, book) -> dict[str, tuple[Grade, str]]:
    return {
        check.name: (found.grade, found.text)
        for check in plugin.register_checks(reports=book)
        for found in [check.run()]
    }


def test_without_credentials_slack_steps_aside_and_says_what_is_missing() -> None:
    with pytest.raises(NotConfigured, match="SLACK_BOT_TOKEN"):
        Slack(Settings())
    with pytest.raises(NotConfigured, match="SLACK_SECURITY_CHANNEL"):
        Slack(Settings(bot_token=Secret("xoxb-1")))


@pytest.mark.parametrize("url", ["http://slack.example/api/", "ftp://slack.com", "slack.com/api"])
def test_only_https_leaves_this_machine(url) -> None:
    with pytest.raises(SettingsError, match="https://"):
        Slack(Settings(bot_token=Secret("xoxb-1"), security_channel="C1", api_url=url))


def test_a_webhook_address_is_never_repeated_in_an_error() -> None:
    with pytest.raises(SettingsError) as refused:
        Slack(Settings(webhook_url=Secret("http://hooks.example/T0/B0/hidden")))
    assert "hidden" not in str(refused.value)


def test_a_healthy_set_up_passes_every_check(plugin: Slack, book) -> None:
    assert {grade for grade, _ in results(plugin, book).values()} == {Grade.OK}


def test_the_doctor_names_missing_scopes_with_what_they_are_for(slack: FakeSlack, plugin: Slack, book) -> None:
    slack.api.scopes -= {"channels:history", "groups:history", "users:read.email"}
    grade, text = results(plugin, book)["scopes"]
    assert grade is Grade.WARN
    assert "channels:history or groups:history (to find its own messages after a lost answer" in text
    assert "users:read.email" in text


@pytest.mark.parametrize(
    ("trouble", "grade", "words"),
    [
        ({"archived": True}, Grade.FAIL, "archived"),
        ({"member": False}, Grade.FAIL, "not in it"),
        ({"shared": True}, Grade.WARN, "another organisation"),
    ],
)
def test_the_doctor_looks_at_every_channel(slack: FakeSlack, plugin: Slack, book, trouble, grade, words) -> None:
    channel = slack.channel("security")
    for name, value in trouble.items():
        setattr(channel, name, value)
    found = results(plugin, book)[f"channel {channel.id}"]
    assert found[0] is grade
    assert words in found[1]


def test_an_unknown_channel_and_a_revoked_token_fail(make, slack: FakeSlack, book) -> None:
    plugin = Slack(make.settings(slack, security_channel="#nowhere"))
    assert results(plugin, book)["channel #nowhere"][0] is Grade.FAIL
    slack.login = "token_revoked"
    grade, text = results(plugin, book)["token"]
    assert grade is Grade.FAIL
    assert "install the app again" in text


def test_a_wrong_app_token_is_seen(make, slack: FakeSlack, book) -> None:
    plugin = Slack(make.settings(slack, app_token=Secret("xapp-wrong")))
    assert results(plugin, book)["buttons"][0] is Grade.FAIL
    plugin = Slack(make.settings(slack, app_token=None, signing_secret=None))
    assert results(plugin, book)["buttons"][0] is Grade.WARN


@pytest.mark.parametrize(("minutes", "grade"), [(0, Grade.OK), (2, Grade.WARN), (6, Grade.FAIL)])
def test_the_doctor_compares_the_clock_with_slacks(make, plugin: Slack, minutes, grade) -> None:
    ahead = make.clock(make.now + timedelta(minutes=minutes))
    assert results(plugin, make.book(ahead))["clock"][0] is grade


def test_the_doctor_names_the_unmapped_of_the_on_call_group(make, slack: FakeSlack, book) -> None:
    slack.workspace.groups["S1"] = ["U0ANA00001", "U0BO000001", "U0MIRA0001"]
    grade, text = results(Slack(make.settings(slack, on_call_group="S1")), book)["people"]
    assert grade is Grade.WARN
    assert text.endswith("unmapped: U0MIRA0001")


def test_every_scope_that_is_checked_is_in_the_manifest() -> None:
    scopes = set(json.loads(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])
    for wanted in (*doctor.FEATURES, *doctor.WITH_GROUP):
        assert set(wanted) <= scopes


def test_the_manifest_fits_slacks_own_schema(make) -> None:
    schema = make.contracts / "slack-app-manifest-2.0.0.schema.json"
    if not schema.exists():
        pytest.skip("the manifest schema is not next to the checkout")
    jsonschema.validate(json.loads(MANIFEST.read_text()), json.loads(schema.read_text()))


def test_every_method_and_argument_is_known_to_slack(make, slack: FakeSlack, book) -> None:
    if not (make.contracts / "slack-methods-2026-08.json").exists():
        pytest.skip("Slack's list of methods is not next to the checkout")
    settings = make.settings(slack, on_call_group="S1", security_channel="#security")
    slack.workspace.groups["S1"] = ["U0ANA00001"]
    plugin = Slack(settings)
    results(plugin, book)
    plugin.on_incident_opened(make.incident(), make.delivery(attempt=2))
    assert {call.method for call in slack.calls} >= {"auth.test", "conversations.list", "conversations.history"}
    assert slack.violations == []


def test_the_test_command_says_what_works_and_posts_one_message(make, slack: FakeSlack, plugin: Slack) -> None:
    cli = click.Group()
    plugin.register_commands(cli=cli)
    done = CliRunner().invoke(cli, ["slack", "test"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["ok"]
    assert found["checks"][0] == {"name": "token", "result": "PASS", "text": "soc in SOC", "cure": ""}
    assert found["checks"][-1]["text"].startswith("posted to https://soc.slack.com/archives/")
    slack.login = "token_revoked"
    failed = CliRunner().invoke(cli, ["slack", "test"])
    assert failed.exit_code == 4
    assert len(slack.messages("security")) == 1


def test_the_manager_tells_what_it_is_connected_to(slack: FakeSlack, env) -> None:
    manager = get_slack_manager(env=env)
    assert manager.is_available()
    found = manager.test_connection()
    assert found["status"] == "success"
    assert found["bot_info"]["team"] == "SOC"
    assert found["channel_tests"]["#security"] == "ok: #security"
    assert asyncio.run(manager.send_test_alert())
    assert len(slack.messages("security")) == 1


def test_the_manager_without_slack_is_not_available_and_says_why(env) -> None:
    manager = get_slack_manager(env={})
    assert not manager.is_available()
    assert "SLACK_BOT_TOKEN" in str(manager.test_connection()["error"])
    assert not asyncio.run(manager.send_test_alert())


def test_the_manager_of_a_revoked_token_fails_in_words(slack: FakeSlack, env) -> None:
    slack.login = "token_revoked"
    manager = get_slack_manager(env=env)
    assert manager.test_connection()["status"] == "error"
    assert not asyncio.run(manager.send_test_alert())


def test_the_env_file_of_the_directory_is_read(slack: FakeSlack, env, monkeypatch) -> None:
    for name in env:
        monkeypatch.delenv(name, raising=False)
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    assert get_slack_manager().is_available()


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        (BatchSummary(id="b", processed=99), False),
        (BatchSummary(id="b", processed=100), True),
        (BatchSummary(id="b", processed=10, by_severity={6: 2, 7: 3}), True),
        (BatchSummary(id="b", processed=10, by_severity={6: 2, 7: 2}), False),
        (BatchSummary(id="b", processed=1, by_severity={9: 1}), True),
    ],
)
def test_a_batch_is_summed_up_when_it_is_worth_telling(slack: FakeSlack, env, batch, told) -> None:
    assert get_slack_manager(env=env).send_batch_summary(batch) is told
    assert len(slack.messages("security")) == told


def test_no_secret_shows_in_errors_and_reprs(make, slack: FakeSlack, plugin: Slack, caplog) -> None:
    caplog.set_level("DEBUG")
    secrets = (slack.bot_token, slack.app_token, slack.signing_secret)
    shown = [repr(make.settings(slack)), repr(plugin)]
    for kind in ("close-after", "invalid_auth", "html", "500-after", "missing_scope", "truncated"):
        slack.faults.add(Fault(kind=kind, times=1))
        with pytest.raises(Exception) as error:  # noqa: PT011 - whatever it is, it must not tell
            plugin.on_incident_opened(make.incident(), make.delivery())
        shown.append(repr(error.value) + str(error.value))
    shown += [record.getMessage() for record in caplog.records]
    assert not [text for text in shown if any(secret in text for secret in secrets)]


def test_the_proxy_of_the_environment_is_not_used_for_this_machine(make, slack: FakeSlack, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    plugin = Slack(make.settings(slack))
    assert plugin.on_incident_opened(make.incident(), make.delivery()) is not None


def test_presence_and_do_not_disturb_become_hints(make, slack: FakeSlack, house) -> None:
    slack.workspace.groups["S1"] = ["U0ANA00001", "U0BO000001", "U0GUEST001"]
    now = slack.now().timestamp()
    slack.person("ana").user.dnd = (now - 60, now + 3600)
    home = house(plugins={"disable": ["rules", "jira", "local"], "slack": {"on_call_group": "S1"}})
    hints = {}

    class Inbox:
        def availability(self, person, available, reason, until):
            hints[person] = (available, reason)

    plugin = home.soc.plugins.object("slack")
    services = plugin.register_services(inbox=Inbox(), reports=home.soc.reports)
    next(service for service in services if service.name == "presence").run(None)
    assert hints == {"ana": (False, "do not disturb in Slack"), "bo": (True, "active in Slack")}
