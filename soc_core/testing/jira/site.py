"""What the pretended JIRA consists of: people, projects, workflows, issues and their history.

Plain records without behaviour; `tracker.py` changes them, `api.py` shows them.
"""

from datetime import datetime

import attrs

Json = dict[str, object]


@attrs.define(kw_only=True)
class User:
    """Somebody with an account; `zone` is the time zone of their profile."""

    id: str
    name: str
    display: str
    email: str
    zone: str = "Etc/UTC"
    assignable: bool = True

    @property
    def key(self) -> str:
        """What Data Center calls them in histories: not their name."""
        return f"JIRAUSER-{self.id}"


@attrs.frozen(kw_only=True)
class Status:
    """A step of a workflow; `category` is `new`, `indeterminate` or `done`."""

    id: str
    name: str
    category: str


@attrs.frozen(kw_only=True)
class Transition:
    """A way from one status to another.

    Args:
        sources: Names of the statuses it starts from; None means from everywhere.
        resolution: `required`, `optional` or `absent`: what its screen says about the resolution.
    """

    id: str
    name: str
    to: str
    sources: tuple[str, ...] | None = None
    resolution: str = "absent"


@attrs.frozen(kw_only=True)
class Workflow:
    """The statuses of a project's issues, the first one being where they begin, and the ways between them."""

    statuses: tuple[Status, ...]
    transitions: tuple[Transition, ...]

    def status(self, name: str) -> Status:
        """The status of that name."""
        return next(status for status in self.statuses if status.name == name)

    def by_id(self, status_id: str) -> Status:
        """The status of that id."""
        return next(status for status in self.statuses if status.id == status_id)

    def leaving(self, status: str) -> tuple[Transition, ...]:
        """The transitions that can be taken from a status."""
        return tuple(t for t in self.transitions if t.to != status and (t.sources is None or status in t.sources))


CLASSIC = Workflow(
    statuses=(
        Status(id="1", name="Open", category="new"),
        Status(id="3", name="In Progress", category="indeterminate"),
        Status(id="5", name="Resolved", category="done"),
        Status(id="6", name="Closed", category="done"),
    ),
    transitions=(
        Transition(id="11", name="Start Progress", to="In Progress", sources=("Open", "Resolved")),
        Transition(id="21", name="Resolve", to="Resolved", sources=("Open", "In Progress"), resolution="required"),
        Transition(id="31", name="Close Issue", to="Closed", sources=("Open", "In Progress"), resolution="required"),
        Transition(id="32", name="Close Issue", to="Closed", sources=("Resolved",)),
        Transition(id="41", name="Reopen", to="Open", sources=("In Progress", "Resolved", "Closed")),
    ),
)

ODD = Workflow(
    statuses=(
        Status(id="10001", name="To Do", category="new"),
        Status(id="10002", name="Triage", category="indeterminate"),
        Status(id="10003", name="Contained", category="indeterminate"),
        Status(id="10004", name="Done", category="done"),
    ),
    transitions=(
        Transition(id="2", name="Take", to="Triage", sources=("To Do",)),
        Transition(id="3", name="Contain", to="Contained", sources=("Triage",)),
        Transition(id="4", name="Finish", to="Done", sources=("Contained",), resolution="optional"),
        Transition(id="5", name="Back", to="To Do", sources=("Done",)),
    ),
)


@attrs.define(kw_only=True)
class Project:
    """A project: what its issues may be, and which fields its create screen has.

    Args:
        screen: The optional fields on the create screen.
        required: Ids of custom fields without which no issue can be made.
    """

    key: str
    name: str
    id: str = "10000"
    types: tuple[str, ...] = ("Security Incident", "Task", "Bug")
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    components: tuple[str, ...] = ()
    screen: frozenset[str] = frozenset(
        {"description", "labels", "priority", "components", "duedate", "assignee", "attachment"}
    )
    required: tuple[str, ...] = ()
    datetimes: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ("Done", "Won't Do", "Duplicate", "False Positive")
    workflow: Workflow = CLASSIC


@attrs.define(kw_only=True)
class Issue:
    """One issue with everything people and programs put on it."""

    id: str
    key: str
    project: str
    type: str
    fields: Json
    status: str
    created: datetime
    updated: datetime
    labels: list[str] = attrs.field(factory=list)
    priority: str | None = None
    assignee: str | None = None
    resolution: str | None = None
    creator: str = ""
    comments: list[Json] = attrs.field(factory=list)
    histories: list[Json] = attrs.field(factory=list)
    properties: Json = attrs.field(factory=dict)
    remote_links: list[Json] = attrs.field(factory=list)
    links: list[tuple[str, str]] = attrs.field(factory=list)
    attachments: list[tuple[str, bytes]] = attrs.field(factory=list)
    former_keys: list[str] = attrs.field(factory=list)

    @property
    def summary(self) -> str:
        """The title."""
        return str(self.fields.get("summary", ""))


class Refusal(Exception):
    """What JIRA answers when it does not do what it was asked to."""

    def __init__(self, status: int, *messages: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(status, messages, errors)
        self.status = status
        self.body: Json = {"errorMessages": list(messages), "errors": errors or {}}
