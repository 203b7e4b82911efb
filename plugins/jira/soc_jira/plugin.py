"""The hooks of the JIRA plugin, and nothing else: what each does is in the file named after it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from soc_core import (
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
from soc_jira.desk import Desk
from soc_jira.settings import TRACKER, login_of
from soc_jira.settings import Settings as JiraSettings
from soc_jira.webhook import endpoint

if TYPE_CHECKING:  # click is only needed by commands
    import click


class Jira:
    """Opens tickets in JIRA and keeps them in step with the incidents."""

    Settings = JiraSettings

    def __init__(self, settings: JiraSettings) -> None:
        self._settings = settings
        self._desk = Desk(settings, login_of(settings))

    @property
    def search_lag(self) -> timedelta:
        """How long the core waits before it believes that an uncertain ticket is absent."""
        return self._desk.tickets.search_lag

    @property
    def rate(self) -> float:
        """How many deliveries a second the core may begin."""
        return self._settings.rate

    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        """Make the ticket; the core decides when to look first."""
        return self._desk.tickets.create(incident)

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        """Look for the ticket that carries the incident's marker; doubles are closed on the way."""
        return self._desk.tickets.find(incident.marker)

    @hookimpl
    def on_ticket_created(self, incident: Incident, ticket: Ticket) -> None:
        """Add what did not fit into the create."""
        if ticket.tracker == TRACKER:
            self._desk.updates.created(incident, ticket, self._desk.reports)

    @hookimpl
    def on_incident_updated(self, incident: Incident, update: Update, delivery: Delivery) -> None:
        """Take the change to the ticket, unless it came from there."""
        if key := _key(incident):
            self._desk.updates.changed(incident, key, update, delivery)

    @hookimpl
    def on_escalation(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> None:
        """Put the rung's label and comment on the ticket."""
        if key := _key(incident):
            self._desk.updates.escalated(key, step, delivery)

    @hookimpl
    def register_services(self, inbox: Inbox, reports: Reports) -> Sequence[Service]:
        """Ask JIRA regularly, and read again what webhooks spoke of."""
        self._desk.reports, self._desk.inbox = reports, inbox
        poll, inbound, hints = self._desk.poll(inbox, reports), self._desk.inbound(inbox, reports), self._desk.hints
        services = [
            Service(name="poll", run=poll.run, every=self._settings.poll_every),
            Service(name="sweep", run=poll.sweep, every=self._settings.sweep_every),
        ]
        if self._settings.webhook_secret:
            services.append(Service(name="webhook", run=lambda stop: hints.follow(inbound, stop)))
        return services

    @hookimpl
    def register_endpoints(self) -> Sequence[Endpoint]:
        """Take webhooks, if there is a secret to prove them with."""
        made = endpoint(self._settings, self._desk.hints)
        return [] if made is None else [made]

    @hookimpl
    def register_checks(self, reports: Reports) -> Sequence[Check]:
        """Prove that JIRA can be used, for `soc doctor`."""
        return self._desk.examination.checks(reports.now)

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """Add `soc jira`."""
        from soc_jira.commands import add_commands  # noqa: PLC0415 - only the command line needs click

        add_commands(cli, self._desk)


def _key(incident: Incident) -> str | None:
    return incident.ticket.key if incident.ticket is not None and incident.ticket.tracker == TRACKER else None
