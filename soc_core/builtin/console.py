"""The notifier of last resort: one line on standard error for what a person on shift should know."""

import sys
from typing import TextIO

import attrs

from soc_core import (
    Change,
    Delivery,
    EscalationStep,
    Incident,
    NotConfigured,
    Ticket,
    Update,
    hookimpl,
    printable,
    setting,
)

_TOLD = (Change.STATUS, Change.ASSIGNEE, Change.PRIORITY, Change.PROMOTED)


class Console:
    """Writes a line for opened incidents, tickets, changes and escalations; quiet unless asked."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """`[plugins.console]`."""

        enabled: bool = attrs.field(default=False, metadata=setting("Write a line for everything that happens"))

    def __init__(self, settings: Settings, stream: TextIO | None = None) -> None:
        if not settings.enabled:
            raise NotConfigured("quiet, as [plugins.console] enabled is not set")
        self._stream = stream

    @hookimpl
    def on_incident_opened(self, incident: Incident, delivery: Delivery) -> None:
        """Tell that it began."""
        self._say(f"{incident.id} opened: {incident.summary}")

    @hookimpl
    def on_ticket_created(self, incident: Incident, ticket: Ticket, delivery: Delivery) -> None:
        """Tell the ticket."""
        self._say(f"{incident.id} has ticket {ticket.key} {ticket.url or ''}")

    @hookimpl
    def on_incident_updated(self, incident: Incident, update: Update, delivery: Delivery) -> None:
        """Tell what matters to a shift; counts and notes do not."""
        if update.change in _TOLD:
            self._say(f"{incident.id} {update.change}: {update.old or '-'} -> {update.new or '-'} {update.text}")

    @hookimpl
    def on_escalation(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> None:
        """Tell that time runs out."""
        self._say(f"{incident.id} escalated at {step.rung} of {step.clock}: {', '.join(step.notify)}")

    def _say(self, line: str) -> None:
        print(printable(line.rstrip()), file=self._stream or sys.stderr, flush=True)
