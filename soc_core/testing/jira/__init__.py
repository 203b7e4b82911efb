"""A pretended JIRA for tests and demonstrations: plain HTTP on loopback, nothing but the standard library."""

from soc_core.testing.jira.faults import Fault
from soc_core.testing.jira.server import ROBOT, TEAM, Call, FakeJira
from soc_core.testing.jira.site import CLASSIC, ODD, Issue, Project, Status, Transition, User, Workflow
from soc_core.testing.jira.webhooks import Webhooks, signature

__all__ = [
    "CLASSIC",
    "ODD",
    "ROBOT",
    "TEAM",
    "Call",
    "FakeJira",
    "Fault",
    "Issue",
    "Project",
    "Status",
    "Transition",
    "User",
    "Webhooks",
    "Workflow",
    "signature",
]
