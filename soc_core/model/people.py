"""The people an incident can go to, as the core knows them at this moment."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class Person:
    """Somebody of the team and the names other systems know them by.

    Args:
        name: The name used in settings and reports; unique.
        roles: Such as `lead`, `analyst`, `manager`, `executive`.
        email, jira, slack: Their e-mail address, JIRA accountId or user name, and Slack member id.
        deputy: Who stands in for them.
    """

    name: str
    roles: frozenset[str] = attrs.field(default=frozenset({"analyst"}), converter=frozenset)
    email: str | None = None
    jira: str | None = None
    slack: str | None = None
    teams: frozenset[str] = attrs.field(default=frozenset(), converter=frozenset)
    deputy: str | None = None


@attrs.frozen(kw_only=True)
class Candidate:
    """A person as somebody choosing an assignee sees them: may they, can they, and how busy are they?

    Args:
        person: Who it is.
        available: On shift, not away, assignable.
        why_not: The reason when they are not available.
        load: Open incidents they have.
        last_turn: When they were last given one; None means never.
    """

    person: Person
    available: bool = True
    why_not: str = ""
    load: int = 0
    last_turn: datetime | None = None
