"""The guide's face of Slack: is it there, does it work, send a test alert. For scripts and notebooks."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from soc_core import DeliveryError, Grade, NotConfigured
from soc_core.settings import load, plugin_settings, read_dotenv
from soc_slack.checks import checks
from soc_slack.client import Client, Webhook
from soc_slack.commands import send_trial
from soc_slack.messages import BatchSummary, summary
from soc_slack.route import Route
from soc_slack.settings import Login, Settings, login_of


def get_slack_manager(*, env: Mapping[str, str] | None = None) -> "SlackManager":
    """Slack as `.env`, the environment and `soc.toml` describe it; never raises for what is missing.

    Args:
        env: The environment; None takes the process's own over the `.env` of this directory.
    """
    environment = {**read_dotenv(Path(".env")), **os.environ} if env is None else env
    house = load(config=None, env=environment, overrides={})
    settings = plugin_settings("slack", Settings, house, environment)
    try:
        return SlackManager(settings=settings, login=login_of(settings))
    except NotConfigured as error:
        return SlackManager(settings=settings, login=None, why_not=str(error))


@attrs.frozen(kw_only=True)
class SlackManager:
    """Slack, or the reason why it is not there."""

    settings: Settings
    login: Login | None
    why_not: str = ""

    def is_available(self) -> bool:
        """Whether it is configured and Slack answers."""
        return bool(self.test_connection()["status"] == "connected")

    def test_connection(self) -> dict[str, object]:
        """What works: `status`, `bot_info`, `channel_tests`, and for each trouble its cure."""
        if self.login is None:
            return {"status": "not configured", "error": self.why_not, "bot_info": {}, "channel_tests": {}}
        if self.login.bot_token is None:
            return {"status": "connected", "mode": "webhook", "bot_info": {}, "channel_tests": {}}
        client = Client(self.login, self.settings)
        results = {check.name: check.run() for check in checks(self.login, self.settings, client)}
        failed = [f"{name}: {r.text} ({r.cure})" for name, r in results.items() if r.grade is Grade.FAIL]
        channels = {
            name.removeprefix("channel "): {"ok": r.grade is not Grade.FAIL, "text": r.text, "cure": r.cure}
            for name, r in results.items()
            if name.startswith("channel ")
        }
        if results["token"].grade is Grade.FAIL:
            return {"status": "failed", "error": failed[0], "bot_info": {}, "channel_tests": {}}
        me = client.identity()
        bot = {"name": me.name, "team": me.team_name, "user_id": me.user, "scopes": sorted(me.scopes)}
        return {"status": "connected", "bot_info": bot, "channel_tests": channels, "errors": failed}

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
        shown = summary(batch)
        if self.login.bot_token is None:
            Webhook(self.login, self.settings).post(shown.text, shown.blocks)
            return True
        route = Route.of(self.settings)
        client = Client(self.login, self.settings)
        where = route.incidents or route.all[0]
        client.post(where, shown.text, shown.blocks, key=None, thread=None, broadcast=False)
        return True
