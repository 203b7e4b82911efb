"""What goes over the wire, as types: bodies are checked against them, and the OpenAPI document describes them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from soc_core.model.incident import Verdict

Text = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]


class NewNote(Struct, forbid_unknown_fields=True):
    """What somebody found out."""

    text: Text


class NewVerdict(Struct, forbid_unknown_fields=True):
    """What it turned out to be."""

    verdict: Verdict


class Ticket(Struct):
    """Where an incident lies in the tracker."""

    tracker: str
    key: str
    url: str | None


class Clock(Struct):
    """A promise: when it is due, and how it stands."""

    due: str | None
    state: str


class Sla(Struct):
    """The promises of an incident; none for an alert."""

    response: Clock | None
    resolution: Clock | None


class Incident(Struct):
    """As `soc incidents --json` writes it."""

    id: str
    summary: str
    label: str
    severity: float
    priority: str
    status: str
    source: str
    user: str | None
    ip: str | None
    count: int
    first_seen: str
    last_seen: str
    assignee: str | None
    sla: Sla
    ticket: Ticket | None


class Note(Struct):
    """What somebody wrote, when and where."""

    at: str
    author: str
    origin: str
    text: str


class FullIncident(Incident):
    """With why it exists and what people wrote."""

    explanation: str
    notes: list[Note]


class Incidents(Struct):
    """Several."""

    schema: Literal[1]
    incidents: list[Incident]


class OneIncident(Struct):
    """One."""

    schema: Literal[1]
    incident: FullIncident


class Taken(Struct):
    """What lines that were sent came to; all of it is stored."""

    schema: Literal[1]
    lines: int
    processed: int
    quarantined: int
    repeated: int
    incidents_opened: int
    joined: int


NUMBERS: dict[str, object] = {
    "type": "object",
    "description": "As `soc metrics --json` writes it.",
    "required": ["schema"],
    "properties": {"schema": {"const": 1}},
    "additionalProperties": {"type": "object"},
}
