"""The people an incident can go to: who they are, when they work, and how they stand at this moment."""

from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import attrs

from soc_core.model.calendar import Calendar, check_zone
from soc_core.model.texts import as_set, in_order


@attrs.frozen(kw_only=True)
class Person:
    """Somebody of the team and the names other systems know them by.

    Args:
        name: The name used in settings and reports; unique.
        roles: Such as `lead`, `analyst`, `manager`, `executive`.
        email, jira, slack: Their e-mail address, JIRA accountId or user name, and Slack member id.
        teams: The teams they belong to.
        deputy: Who stands in for them.
    """

    name: str
    roles: frozenset[str] = attrs.field(default=frozenset({"analyst"}), converter=as_set)
    email: str | None = None
    jira: str | None = None
    slack: str | None = None
    teams: frozenset[str] = attrs.field(default=frozenset(), converter=as_set)
    deputy: str | None = None


@attrs.frozen(kw_only=True)
class Group:
    """A team, as `[teams.<name>]` describes it.

    Args:
        name: Its name; people can also name it in their own `teams`.
        members: The people in it.
        lead: Who leads it; left out, somebody with the role `lead`.
        labels, sources: The incidents that are its own, by label or source; `*` stands for anything.
    """

    name: str
    members: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    lead: str | None = None
    labels: tuple[str, ...] = attrs.field(default=(), converter=in_order)
    sources: tuple[str, ...] = attrs.field(default=(), converter=in_order)


@attrs.frozen(kw_only=True)
class Shift:
    """Hours in which some people work, week for week.

    Args:
        people: Names of people or teams.
        hours: Texts such as `Mon-Fri 09:00-17:00` or `22:00-06:00`.
        zone: The zone of these hours.
        first, last: The local days between which the shift exists, both included; left out, there is no limit.
    """

    people: tuple[str, ...] = attrs.field(converter=in_order)
    hours: tuple[str, ...] = attrs.field(converter=in_order)
    zone: str = "UTC"
    first: date | None = None
    last: date | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse hours and zones that nobody can work in."""
        _ = self._calendar

    def on(self, at: datetime) -> bool:
        """Whether its people work at an instant."""
        day = at.astimezone(ZoneInfo(self.zone)).date()
        exists = (self.first or day) <= day <= (self.last or day)
        return exists and self._calendar.is_open(at)

    @cached_property
    def _calendar(self) -> Calendar:
        return Calendar.of(f"the shift of {', '.join(self.people)}", zone=self.zone, hours=self.hours)


@attrs.frozen(kw_only=True)
class Leave:
    """Days on which somebody is away, both ends included, by the calendar of `zone`."""

    person: str
    first: date
    last: date = attrs.field()
    zone: str = attrs.field(default="UTC")
    reason: str = "on leave"

    @last.validator
    def _in_order(self, attribute: "attrs.Attribute[date]", value: date) -> None:
        if value < self.first:
            raise ValueError(f"the leave of {self.person} ends on {value}, before it begins on {self.first}")

    @zone.validator
    def _zone_exists(self, attribute: "attrs.Attribute[str]", value: str) -> None:
        check_zone(value)

    def on(self, at: datetime) -> bool:
        """Whether they are away at an instant."""
        return self.first <= at.astimezone(ZoneInfo(self.zone)).date() <= self.last


@attrs.frozen(kw_only=True)
class Rota:
    """Who works when, and who is away. People without any shift are taken to be always there.

    Args:
        shifts: The shifts.
        leave: The leaves.
        last_resort: The role, team or person that is told when nobody else can be found.
    """

    shifts: tuple[Shift, ...] = ()
    leave: tuple[Leave, ...] = ()
    last_resort: str = "lead"


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
