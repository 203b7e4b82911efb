"""Tells what a batch of events came to: one message at its end, where tickets are told."""

from datetime import datetime, timedelta

import attrs

from soc_core import BatchSummary, Delivery
from soc_slack.client import Client
from soc_slack.messages import summary
from soc_slack.route import Route
from soc_slack.settings import Login, Settings
from soc_slack.webhook import Webhook

_LOOK_BACK = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Digest:
    """Posts batch summaries, with a bot token or through a webhook."""

    login: Login
    settings: Settings

    def tell(self, batch: BatchSummary, delivery: Delivery, now: datetime) -> None:
        """Post the summary; a repeat looks first whether it stands there already."""
        shown = summary(batch)
        if self.login.bot_token is None:
            Webhook(self.login, self.settings).post(shown.text, shown.blocks)
            return
        route = Route.of(self.settings)
        where = route.incidents or route.all[0]
        client = Client(self.login, self.settings)
        if delivery.attempt > 1:
            since = (delivery.uncertain_since or now) - _LOOK_BACK
            if client.find(where, delivery.key, since=since.timestamp(), thread=None):
                return
        client.post(where, shown.text, shown.blocks, key=delivery.key, thread=None, broadcast=False)
