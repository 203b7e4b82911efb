"""What soc-core asks of Slack: the hooks, and nothing else."""

import time
from collections.abc import Mapping
from datetime import datetime

from soc_core import (
    Delivery,
    EscalationStep,
    Incident,
    Reports,
    Ticket,
    Update,
    hookimpl,
)
from soc_slack import settings as known
from soc_slack.client import Client, Webhook
from soc_slack.pace import Pace
from soc_slack.people import People
from soc_slack.poster import Poster
from soc_slack.route import Route
from soc_slack.settings import login_of
from soc_slack.timeline import Herald, Timeline


class Slack:
    """One live message per incident."""

    Settings = known.Settings

    def __init__(self, settings: known.Settings) -> None:
        login = login_of(settings)
        self._reports: Reports | None = None
        self._story: Timeline | Herald
        if login.bot_token is None:
            webhook = Webhook(login, settings)
            self._story = Herald(
                post=lambda shown: webhook.post(shown.text, shown.blocks), now=self._now, late=settings.late
            )
            return
        client = Client(login, settings)
        route = Route.of(settings)
        self._people = People(client, settings.groups)
        self._story = Timeline(
            poster=Poster(client=client, pace=Pace(time.monotonic), fallbacks=route),
            route=route,
            people=self._people,
            now=self._now,
            buttons=bool(settings.app_token or settings.signing_secret),
            late=settings.late,
        )

    @hookimpl
    def on_incident_opened(self, incident: Incident, delivery: Delivery) -> Mapping[str, str] | None:
        """Post the alert at once."""
        return self._story.opened(incident, delivery)

    @hookimpl
    def on_ticket_created(self, incident: Incident, ticket: Ticket, delivery: Delivery) -> Mapping[str, str] | None:
        """Put the ticket into the same message."""
        return self._story.ticketed(incident, ticket, delivery)

    @hookimpl
    def on_incident_updated(self, incident: Incident, update: Update, delivery: Delivery) -> Mapping[str, str] | None:
        """Show the new state, and tell the news in the thread."""
        return self._story.updated(incident, update, delivery)

    @hookimpl
    def on_escalation(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> Mapping[str, str] | None:
        """Mention those whom it concerns."""
        return self._story.escalated(incident, step, delivery)

    def _now(self) -> datetime | None:
        return None if self._reports is None else self._reports.now()
