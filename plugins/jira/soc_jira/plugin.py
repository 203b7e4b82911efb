"""The hooks of the JIRA plugin, and nothing else: what each does is in the file named after it."""

from collections.abc import Sequence
from datetime import timedelta

from soc_core import Incident, Ticket, hookimpl
from soc_jira.desk import Desk
from soc_jira.settings import Settings as JiraSettings
from soc_jira.settings import login_of


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

    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        """Make the ticket; the core decides when to look first."""
        return self._desk.tickets.create(incident)

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        """Look for the ticket that carries the incident's marker."""
        return self._desk.tickets.find(incident.marker)

    def duplicate_tickets(self, marker: str) -> Sequence[Ticket]:
        """Every ticket with a marker, oldest first, for the reconciler."""
        return self._desk.tickets.all_marked(marker)

    def retire_ticket(self, ticket: Ticket, keep: Ticket) -> None:
        """Close the younger of two tickets of one incident."""
        self._desk.tickets.retire(ticket, keep, self._desk.mover)
