"""A pretended Slack for tests and demonstrations: HTTP and Socket Mode on loopback, only the standard library."""

from soc_core.testing.slack.faults import KINDS, Fault
from soc_core.testing.slack.limits import faults_in, faults_in_view
from soc_core.testing.slack.person import Answer, Member, Posted
from soc_core.testing.slack.rates import Rates
from soc_core.testing.slack.server import Call, FakeSlack
from soc_core.testing.slack.signing import signed
from soc_core.testing.slack.workspace import Channel, Message, User

__all__ = [
    "KINDS",
    "Answer",
    "Call",
    "Channel",
    "FakeSlack",
    "Fault",
    "Member",
    "Message",
    "Posted",
    "Rates",
    "User",
    "faults_in",
    "faults_in_view",
    "signed",
]
