"""JIRA for Python programs: test the connection, make incidents from logs, look after them.

```python
from soc_jira import get_jira_manager

manager = get_jira_manager()
print(manager.test_connection())
```
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from soc_core import Change, ChangeRefused, DeliveryError, NotConfigured, Status, Update
from soc_core.app import Soc
from soc_core.settings import load, plugin_settings, read_dotenv
from soc_jira.checks import explained
from soc_jira.desk import Desk
from soc_jira.overview import OpenTicket
from soc_jira.reading import mapping, text
from soc_jira.settings import Settings, login_of
from soc_jira.trial import trial_incident


class Connection(TypedDict):
    """What `test_connection()` answers: `status` is `success` or `error`."""

    status: str
    server_info: dict[str, str]
    project_info: dict[str, str]
    permissions: dict[str, bool]
    error: str | None


class MadeTicket(TypedDict):
    """A ticket that was made, or None where none was due."""

    incident_id: str | None
    ticket_id: str | None
    ticket_url: str | None
    priority: str | None
    reason: str


class ListedTicket(TypedDict):
    """An open ticket as JIRA knows it."""

    ticket_id: str
    ticket_url: str
    summary: str
    status: str
    priority: str
    assignee: str | None
    due: str | None


def get_jira_manager(config: Path | None = None) -> "JiraManager":
    """A manager with the settings of `soc.toml`, the environment and `.env` in the working directory."""
    here = Path("soc.toml")
    env = {**read_dotenv(Path(".env")), **os.environ}
    return JiraManager(config=config or (here if here.exists() else None), env=env)


class JiraManager:
    """One JIRA project and, once incidents are made, one soc-core.

    Args:
        config: A `soc.toml`, or None.
        env: Environment variables.
    """

    def __init__(self, *, config: Path | None, env: Mapping[str, str]) -> None:
        self._config = config
        self._env = dict(env)
        self._soc: Soc | None = None
        self._missing = ""
        self._desk: Desk | None = None
        try:
            settings = plugin_settings("jira", Settings, load(config=config, env=self._env), self._env)
            self._desk = Desk(settings, login_of(settings))
        except NotConfigured as error:
            self._missing = str(error)

    def close(self) -> None:
        """Let go of the store and the plugins."""
        if self._soc is not None:
            self._soc.close()
            self._soc = None

    def __enter__(self) -> Self:
        """Use it as a context manager to have it closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    # -- the connection -----------------------------------------------------------------------------------------------

    def is_available(self) -> bool:
        """Whether JIRA is configured, reachable, and knows us; `test_connection()` says why not."""
        return self.test_connection()["status"] == "success"

    def test_connection(self) -> Connection:
        """Prove the connection; a failure is one sentence with its cure in `error`."""
        answer = Connection(status="error", server_info={}, project_info={}, permissions={}, error=None)
        if self._desk is None:
            answer["error"] = f"not available: {self._missing}. Put them into .env or the environment"
            return answer
        client, project = self._desk.client, self._desk.project
        try:
            site = client.site()
            answer["server_info"] = {
                "server_title": site.title,
                "version": site.version,
                "deployment_type": "Cloud" if site.cloud else "Server",
            }
            client.prove_login()
            found = mapping(client.get("project/{project}", project=project))
            answer["project_info"] = {"key": text(found, "key"), "name": text(found, "name")}
            answer["permissions"] = self._desk.examination.permissions()
            self._desk.examination.fields()
        except DeliveryError as error:
            result = explained(error)
            answer["error"] = f"{result.text}. {result.cure}"
            return answer
        if lacking := [name for name, held in answer["permissions"].items() if not held]:
            answer["error"] = f"permission denied: {', '.join(lacking)}. Ask a JIRA administrator for them"
            return answer
        answer["status"] = "success"
        return answer

    async def send_test_incident(self) -> MadeTicket:
        """Make a ticket that says it is a test."""
        incident = trial_incident(datetime.now(UTC))
        ticket = await asyncio.to_thread(self._connected().tickets.create, incident)
        return MadeTicket(
            incident_id=None,
            ticket_id=ticket.key,
            ticket_url=ticket.url,
            priority=incident.priority.value,
            reason=incident.why,
        )

    # -- incidents ----------------------------------------------------------------------------------------------------

    async def create_incident_from_log(self, log: Mapping[str, object] | tuple[str, str] | str) -> MadeTicket:
        """Judge a log and make the ticket that is due; `reason` says why, also where none was."""
        return await asyncio.to_thread(self._create_from_log, log)

    async def get_open_incidents(self) -> list[ListedTicket]:
        """Our tickets that are not done, by JIRA's own word, the one due first at the front."""
        return [_listed(ticket) for ticket in await asyncio.to_thread(self._connected().open_tickets)]

    async def get_sla_violations(self) -> list[ListedTicket]:
        """Our open tickets that are overdue."""
        now = datetime.now(UTC)
        found = await asyncio.to_thread(self._connected().open_tickets)
        return [_listed(ticket) for ticket in found if ticket.overdue(now)]

    async def update_incident_status(self, ticket_id: str, status: str, comment: str = "", analyst: str = "") -> bool:
        """Move an incident and its ticket: Open, In Progress, Resolved or Closed.

        Raises:
            ChangeRefused: The incident is unknown here, or may not become so.
        """
        changes = [(Change.STATUS, Status(status).value, "")]
        if comment:
            changes.append((Change.NOTE, "", comment))
        return await asyncio.to_thread(self._change, ticket_id, analyst, changes)

    async def add_investigation_notes(self, ticket_id: str, notes: str, analyst: str = "") -> bool:
        """Add a note to an incident and its ticket."""
        return await asyncio.to_thread(self._change, ticket_id, analyst, [(Change.NOTE, "", notes)])

    async def assign_incident(self, ticket_id: str, assignee: str, analyst: str = "") -> bool:
        """Give an incident and its ticket to somebody."""
        return await asyncio.to_thread(self._change, ticket_id, analyst, [(Change.ASSIGNEE, assignee, "")])

    # -- private ------------------------------------------------------------------------------------------------------

    def _connected(self) -> Desk:
        if self._desk is None:
            raise NotConfigured(self._missing)
        return self._desk

    def _house(self) -> Soc:
        self._connected()
        if self._soc is None:
            self._soc = Soc.open(config=self._config, env=self._env)
        return self._soc

    def _create_from_log(self, log: Mapping[str, object] | tuple[str, str] | str) -> MadeTicket:
        soc = self._house()
        _, outcome = soc.judge_and_store([log])
        name = outcome.incident_of.get(0)
        if name is None:
            return MadeTicket(
                incident_id=None,
                ticket_id=None,
                ticket_url=None,
                priority=None,
                reason="no incident is due for this log",
            )
        soc.work()
        incident = soc.reports.incident(name)
        ticket = None if incident is None else incident.ticket
        return MadeTicket(
            incident_id=name,
            ticket_id=None if ticket is None else ticket.key,
            ticket_url=None if ticket is None else ticket.url,
            priority=None if incident is None else incident.priority.value,
            reason="" if incident is None else incident.why,
        )

    def _change(self, ticket_id: str, analyst: str, changes: list[tuple[Change, str, str]]) -> bool:
        soc = self._house()
        if soc.reports.incident(ticket_id) is None:
            raise ChangeRefused(f"soc-core did not make {ticket_id}, or keeps it in another store")
        for change, new, words in changes:
            update = Update(
                change=change, origin="api", at=soc.clock.now(), actor=analyst or "api", new=new, text=words
            )
            soc.change(ticket_id, update)
        soc.work()
        return True


def _listed(ticket: OpenTicket) -> ListedTicket:
    return ListedTicket(
        ticket_id=ticket.ticket_id,
        ticket_url=ticket.ticket_url,
        summary=ticket.summary,
        status=ticket.status,
        priority=ticket.priority,
        assignee=ticket.assignee or None,
        due=None if ticket.due is None else ticket.due.isoformat(),
    )
