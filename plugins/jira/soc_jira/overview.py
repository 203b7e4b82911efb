"""What JIRA has of ours at this moment: the open tickets and those that are overdue, by JIRA's own word."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from soc_jira.client import Client
from soc_jira.fields import PROPERTY
from soc_jira.reading import mapping, text
from soc_jira.search import search, unfinished

_FIELDS = ("summary", "status", "priority", "assignee", "created")


@attrs.frozen(kw_only=True)
class OpenTicket:
    """A ticket that somebody still has to work on."""

    ticket_id: str
    ticket_url: str
    summary: str
    status: str
    priority: str
    assignee: str
    due: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Whether its SLA is violated."""
        return self.due is not None and self.due < now


def open_tickets(client: Client, project: str) -> Sequence[OpenTicket]:
    """The tickets we made that are not done, the one due first at the front."""
    jql = unfinished(project)
    if client.site().cloud:
        issues = search(client, jql, _FIELDS, properties=(PROPERTY,))
    else:  # Data Center's search does not give properties
        keys = [text(issue, "key") for issue in search(client, jql, ("created",))]
        issues = [client.issue(key, fields=",".join(_FIELDS), properties=PROPERTY) for key in keys]
    found = [_ticket(client, issue) for issue in issues]
    return sorted(found, key=lambda ticket: (ticket.due is None, ticket.due))


def _ticket(client: Client, issue: Mapping[str, object]) -> OpenTicket:
    fields, key = mapping(issue, "fields"), text(issue, "key")
    due = text(issue, "properties", PROPERTY, "due", "resolution")
    return OpenTicket(
        ticket_id=key,
        ticket_url=client.site().browse(key),
        summary=text(fields, "summary"),
        status=text(fields, "status", "name"),
        priority=text(fields, "priority", "name"),
        assignee=text(fields, "assignee", "displayName"),
        due=datetime.fromisoformat(due) if due else None,
    )
