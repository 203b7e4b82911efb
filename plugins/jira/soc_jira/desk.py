"""Puts the parts of the integration together for one login: one client, one memory of the project, their users."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from soc_core import Inbox, Incident, Reports, get_logger
from soc_jira.answers import Forbidden, Refused
from soc_jira.checks import Examination
from soc_jira.client import Client
from soc_jira.comments import Comments
from soc_jira.hints import Hints
from soc_jira.inbound import Inbound
from soc_jira.limits import Limits
from soc_jira.overview import OpenTicket, open_tickets
from soc_jira.poll import Poll
from soc_jira.project import Directory
from soc_jira.settings import Login, Settings
from soc_jira.tickets import Tickets
from soc_jira.transitions import Mover
from soc_jira.updates import Updates

_UNASSIGNABLE_FOR = timedelta(hours=1)


class Desk:
    """Everything that talks to one JIRA project. Nothing here touches the network before it is asked to."""

    def __init__(self, settings: Settings, login: Login) -> None:
        self.reports: Reports | None = None
        self.inbox: Inbox | None = None
        self.client = Client(
            login,
            timeout=settings.timeout,
            api=settings.api,
            limits=Limits(self._seconds),
        )
        self.directory = Directory(self.client, settings, login.project, self._seconds)
        self.comments = Comments(self.client)
        self.mover = Mover(self.client, self.directory, settings, self.comments)
        self.tickets = Tickets(self.client, self.directory, settings, self.mover, self.assignee)
        self.updates = Updates(self.client, self.directory, settings, self.comments, self.mover, self.assignee)
        self.hints = Hints()
        self.settings = settings
        self.project = login.project
        self.examination = Examination(
            client=self.client, directory=self.directory, settings=settings, project=login.project
        )

    def assignee(self, incident: Incident) -> Mapping[str, str] | None:
        """How JIRA wants to be told of the incident's assignee; None if there is none or JIRA cannot take them.

        Whom JIRA cannot take gets no further incident for a while: the hint is given again as long as it is so.
        """
        if not incident.assignee:
            return None
        person = None if self.reports is None else self.reports.person(name=incident.assignee)
        known = None if person is None else person.jira or person.email
        try:
            found = self.directory.assignable(known or incident.assignee)
        except (Refused, Forbidden) as error:  # a ticket without a name on it beats no ticket
            get_logger().warning("jira.assignees_not_told", person=incident.assignee, reason=str(error))
            return None
        if found is None and self.inbox is not None and self.reports is not None:
            until = self.reports.now() + _UNASSIGNABLE_FOR
            reason = f"not assignable in {self.project}"
            self.inbox.availability(incident.assignee, available=False, reason=reason, until=until)
        return found

    def open_tickets(self) -> Sequence[OpenTicket]:
        """Our tickets that are not done, by JIRA's own word."""
        return open_tickets(self.client, self.project)

    def inbound(self, inbox: Inbox, reports: Reports) -> Inbound:
        """The way from tickets to incidents."""
        return Inbound(self.client, self.directory, self.settings, inbox, reports)

    def poll(self, inbox: Inbox, reports: Reports) -> Poll:
        """What asks regularly."""
        inbound = self.inbound(inbox, reports)
        return Poll(self.client, self.tickets, inbound, self.settings, inbox, reports, project=self.project)

    def _seconds(self) -> float:
        # The house's clock as soon as there is a house: what is waited for must end when the house says so.
        return time.monotonic() if self.reports is None else self.reports.now().timestamp()
