"""What soc-core asks of Slack: the hooks, and nothing else."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from soc_core import (
    BatchSummary,
    Check,
    Delivery,
    Endpoint,
    EscalationStep,
    Inbox,
    Incident,
    Reports,
    Service,
    Ticket,
    Update,
    hookimpl,
)
from soc_slack import settings as known
from soc_slack.checks import checks
from soc_slack.client import Client
from soc_slack.connection import Socket
from soc_slack.digest import Digest
from soc_slack.endpoints import Endpoints
from soc_slack.inbound import Inbound
from soc_slack.pace import Pace
from soc_slack.people import People
from soc_slack.poster import Poster
from soc_slack.route import Route
from soc_slack.settings import login_of
from soc_slack.signature import Signatures
from soc_slack.socket import Listener, Listening, afterwards
from soc_slack.timeline import Herald, Timeline
from soc_slack.upkeep import Countdown, Presence, Sweep
from soc_slack.webhook import Webhook

if TYPE_CHECKING:  # click is only needed for the command
    import click

_SWEEP_EVERY = timedelta(minutes=10)
_COUNTDOWN_TURN = timedelta(minutes=1)


class Slack:
    """One live message per incident, and buttons that always answer."""

    Settings = known.Settings

    def __init__(self, settings: known.Settings) -> None:
        self._settings = settings
        self._login = login_of(settings)
        self._reports: Reports | None = None
        self._client: Client | None = None
        self._story: Timeline | Herald
        if self._login.bot_token is None:
            webhook = Webhook(self._login, settings)
            self._story = Herald(
                post=lambda shown: webhook.post(shown.text, shown.blocks), now=self._now, late=settings.late
            )
            return
        self._client = Client(self._login, settings)
        self._people = People(self._client, settings.groups)
        route = Route.of(settings)
        self._story = Timeline(
            poster=Poster(client=self._client, pace=Pace(self._seconds), fallbacks=route),
            route=route,
            people=self._people,
            now=self._now,
            buttons=bool(settings.app_token or settings.signing_secret),
            late=settings.late,
        )

    # -- notices ----------------------------------------------------------------------------------------------------

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

    @hookimpl
    def on_batch_processed(self, batch: BatchSummary, delivery: Delivery) -> None:
        """Sum a batch up."""
        Digest(login=self._login, settings=self._settings).tell(batch, delivery, self._now() or datetime.now(UTC))

    # -- registrations ----------------------------------------------------------------------------------------------

    @hookimpl
    def register_services(self, inbox: Inbox, reports: Reports) -> Sequence[Service]:
        """Listen for presses and replies, and keep the live messages well."""
        self._know(reports)
        client, given, story = self._client, self._settings, self._story
        if client is None or not isinstance(story, Timeline):
            return []
        countdown = Countdown(timeline=story, reports=reports, every=given.countdown_every)
        sweep = self._sweep(client, reports)
        found = [
            Service(name="countdown", run=countdown.run, every=min(given.countdown_every, _COUNTDOWN_TURN)),
            Service(name="sweep", run=sweep.run, every=_SWEEP_EVERY),
        ]
        if given.app_token:
            token, heard = given.app_token, Listener(inbound=self._inbound(client, inbox, reports))
            listening = Listening(open_ear=lambda: Socket(self._login, given, token, heard), monotonic=time.monotonic)
            found.append(Service(name="socket", run=listening.run))
        if given.on_call_group:
            presence = Presence(
                client=client,
                people=self._people,
                inbox=inbox,
                reports=reports,
                group=given.on_call_group,
                every=given.presence_every,
            )
            found.append(Service(name="presence", run=presence.run, every=given.presence_every))
        return found

    @hookimpl
    def register_endpoints(self, inbox: Inbox, reports: Reports) -> Sequence[Endpoint]:
        """Take presses and replies over HTTP; without a signing secret there is no such address."""
        self._know(reports)
        if self._client is None or not self._settings.signing_secret:
            return []
        later = ThreadPoolExecutor(max_workers=4, thread_name_prefix="soc:slack:answers")
        endpoints = Endpoints(
            inbound=self._inbound(self._client, inbox, reports),
            signatures=Signatures(self._settings.signing_secret, lambda: reports.now().timestamp()),
            later=partial(_submit, later),
        )
        return endpoints.at(interactions=self._settings.interactions_path, events=self._settings.events_path)

    @hookimpl
    def register_checks(self, reports: Reports) -> Sequence[Check]:
        """Lines for `soc doctor`."""
        self._know(reports)
        return checks(self._login, self._settings, self._client, None if self._client is None else self._people)

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """`soc slack test`."""
        from soc_slack.commands import add_commands  # noqa: PLC0415 - click is not needed to deliver

        add_commands(cli, self._login, self._settings)

    # -- private ----------------------------------------------------------------------------------------------------

    def _know(self, reports: Reports) -> None:
        self._reports = reports
        if self._client is not None:
            self._people.reports = reports

    def _inbound(self, client: Client, inbox: Inbox, reports: Reports) -> Inbound:
        roles = frozenset(self._settings.roles_that_act)
        return Inbound(client=client, people=self._people, inbox=inbox, reports=reports, roles=roles)

    def _sweep(self, client: Client, reports: Reports) -> Sweep:
        return Sweep(client=client, channels=Route.of(self._settings).all, reports=reports)

    def _now(self) -> datetime | None:
        return None if self._reports is None else self._reports.now()

    def _seconds(self) -> float:
        """The house's clock for pacing; before the house is known, the machine's."""
        return time.monotonic() if self._reports is None else self._reports.now().timestamp()


def _submit(pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    pool.submit(afterwards, work)
