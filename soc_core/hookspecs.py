"""The hooks: everything a plugin can be asked, told to do, told about, or add.

Four kinds, one rule each. **Questions** are pure and quick and do no I/O. **Commands** and **notices** do I/O, come
from the outbox and are repeated until settled. **Registrations** are asked once at start. Hooks are plain functions;
frozen values go in, values come out. An implementation takes only the arguments it needs. Each hook has a page with a
complete plugin under `docs/hooks/`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

from soc_core.model.batch import BatchSummary
from soc_core.model.event import Decision, Event, Finding
from soc_core.model.incident import Incident, Ticket, Update
from soc_core.model.job import Delivery
from soc_core.model.pattern import Pattern
from soc_core.model.people import Candidate
from soc_core.model.sla import EscalationStep, Sla
from soc_core.ports import Check, Endpoint, Inbox, Reports, Service

if TYPE_CHECKING:  # click is only needed by plugins that add commands
    import click

HOOK_API_VERSION = 1

hookspec: pluggy.HookspecMarker = pluggy.HookspecMarker("soc_core")
hookimpl: pluggy.HookimplMarker = pluggy.HookimplMarker("soc_core")

# mypy: disable-error-code="empty-body"
# Specifications have no body on purpose: they say what a plugin may answer.


# -- questions: pure, quick, no I/O --------------------------------------------------------------------------------


@hookspec
def classify_event(event: Event) -> Finding | None:
    """Say what an event is, or None if you have no opinion. The strongest finding wins: severity, confidence, order."""


@hookspec
def classify_events(events: Sequence[Event]) -> Sequence[Finding | None] | None:
    """Say what several events are in one go, one answer for each in their order; for classifiers that call a model."""


@hookspec
def should_create_ticket(finding: Finding) -> Decision | bool | None:
    """Say whether a finding becomes a ticket; the first answer that is not None wins, the built-in rule comes last."""


@hookspec
def choose_assignee(incident: Incident, candidates: Sequence[Candidate]) -> str | None:
    """Name the candidate who gets an incident, or None to leave it to the next plugin and then to the core."""


@hookspec
def compute_sla(incident: Incident) -> Sla | None:
    """Promise the two targets of an incident; asked when it opens and when its label or priority changes."""


@hookspec
def plan_escalation(incident: Incident, sla: Sla) -> Sequence[EscalationStep]:
    """Lay out the rungs of an incident's ladder; the rungs of all plugins are joined, each fires once per cycle."""


# -- commands: I/O, repeated until settled ---------------------------------------------------------------------------


@hookspec
def create_ticket(incident: Incident, delivery: Delivery) -> Ticket | None:
    """Make the ticket of an incident and mark it with `incident.marker`, or return None if it is not for you."""


@hookspec
def find_ticket(incident: Incident, delivery: Delivery) -> Ticket | None:
    """Look for the ticket that carries `incident.marker`, before a create is repeated. None means surely absent."""


# -- notices: I/O, one delivery per plugin, at least once, in order per incident -------------------------------------


@hookspec
def on_incident_opened(incident: Incident, delivery: Delivery) -> Mapping[str, str] | None:
    """An incident was opened. Returned refs come back as `incident.refs["<plugin>:<name>"]`."""


@hookspec
def on_ticket_created(incident: Incident, ticket: Ticket, delivery: Delivery) -> Mapping[str, str] | None:
    """The incident has a ticket now."""


@hookspec
def on_incident_updated(incident: Incident, update: Update, delivery: Delivery) -> Mapping[str, str] | None:
    """An incident changed; sent to every plugin, `update.origin` says where the change came from."""


@hookspec
def on_escalation(incident: Incident, step: EscalationStep, delivery: Delivery) -> Mapping[str, str] | None:
    """A rung of the ladder fired."""


@hookspec
def on_batch_processed(batch: BatchSummary, delivery: Delivery) -> None:
    """A batch of events has been processed, such as a whole file; told only when it is worth telling."""


# -- registrations: once at start ------------------------------------------------------------------------------------


@hookspec
def register_patterns() -> Sequence[Pattern]:
    """Declare what an event must contain for this plugin to have an opinion; without it the plugin sees every event."""


@hookspec
def register_services(inbox: Inbox, reports: Reports) -> Sequence[Service]:
    """Add pollers, sockets and listeners that run beside the deliveries."""


@hookspec
def register_endpoints(inbox: Inbox, reports: Reports) -> Sequence[Endpoint]:
    """Add HTTP paths that `soc serve` answers."""


@hookspec
def register_checks(reports: Reports) -> Sequence[Check]:
    """Add lines to `soc doctor`."""


@hookspec
def register_commands(cli: "click.Group") -> None:
    """Add commands to the `soc` program."""
