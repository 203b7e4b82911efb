"""The guide's face of Slack: is it there, does it work, send a test alert. For scripts and notebooks."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import attrs

from soc_core import BatchSummary, Delivery, DeliveryError, Grade, NotConfigured
from soc_core.settings import load, plugin_settings, read_dotenv
from soc_slack.checks import checks
from soc_slack.client import Client
from soc_slack.commands import send_trial
from soc_slack.digest import Digest
from soc_slack.settings import Login, Settings, login_of


def get_slack_manager(config: Path | None = None, *, env: Mapping[str, str] | None = None) -> "SlackManager":
    """Slack as `soc.toml`, the environment and `.env` in the working directory describe it.

    Args:
        config: A `soc.toml`; None takes the one in the working directory, if there is one.
        env: The environment; None takes the process's own over the `.env`.

    Raises:
        SettingsError: Something is set wrong; what is merely missing makes a manager that is not available.
    """
    here = Path("soc.toml")
    environment = {**read_dotenv(Path(".env")), **os.environ} if env is None else env
    house = load(config=config or (here if here.exists() else None), env=environment, overrides={})
    settings = plugin_settings("slack", Settings, house, environment)
    try:
        return SlackManager(settings=settings, login=login_of(settings))
    except NotConfigured as error:
        return SlackManager(settings=settings, login=None, why_not=str(error))


class Connection(TypedDict):
    """What `test_connection()` answers: `status` is `success` or `error`; for each channel `ok`, `warn` or `fail`."""

    status: str
    bot_info: dict[str, str]
    channel_tests: dict[str, str]
    error: str | None


@attrs.frozen(kw_only=True)
class SlackManager:
    """Slack, or the reason why it is not there."""

    settings: Settings
    login: Login | None
    why_not: str = ""

    def is_available(self) -> bool:
        """Whether it is configured and Slack answers."""
        return self.test_connection()["status"] == "success"

    def test_connection(self) -> Connection:
        """What works and what does not, with the cure of each trouble."""
        if self.login is None:
            return Connection(status="error", bot_info={}, channel_tests={}, error=self.why_not)
        if self.login.bot_token is None:  # a webhook cannot be tried without posting
            return Connection(status="success", bot_info={}, channel_tests={}, error=None)
        client = Client(self.login, self.settings)
        results = {check.name: check.run() for check in checks(self.login, self.settings, client)}
        failed = [f"{name}: {r.text} ({r.cure})" for name, r in results.items() if r.grade is Grade.FAIL]
        if results["token"].grade is Grade.FAIL:
            return Connection(status="error", bot_info={}, channel_tests={}, error=failed[0])
        me = client.identity()
        channels = {
            name.removeprefix("channel "): f"{r.grade}: {r.text}"
            for name, r in results.items()
            if name.startswith("channel ")
        }
        bot = {"name": me.name, "team": me.team_name, "user_id": me.user, "scopes": ", ".join(sorted(me.scopes))}
        return Connection(
            status="success", bot_info=bot, channel_tests=channels, error="; ".join(failed) if failed else None
        )

    async def send_test_alert(self, channel: str | None = None) -> bool:
        """Post a test message; False if Slack refuses it or is not there."""
        if self.login is None:
            return False
        client = Client(self.login, self.settings) if self.login.bot_token is not None else None
        try:
            await asyncio.to_thread(send_trial, self.login, self.settings, client, channel)
        except DeliveryError:
            return False
        return True

    def send_batch_summary(self, batch: BatchSummary) -> bool:
        """Tell what a batch came to, if it is worth telling; answers whether it was told."""
        if self.login is None or not batch.worth_telling:
            return False
        Digest(login=self.login, settings=self.settings).tell(batch, Delivery(key=batch.id), datetime.now(UTC))
        return True
