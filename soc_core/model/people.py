"""The people an incident can go to: who they are, when they work, and how they stand at this moment."""

from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import attrs

from soc_core.model.calendar import Calendar, check_zone
from soc_core.model.setting import setting
from soc_core.model.texts import as_set, in_order

_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class Person:
    """Somebody of the team and the names other systems know them by.

    Args:
        name: The name used in settings and reports; unique.
    """

    name: str
    roles: frozenset[str] = attrs.field(
        default=frozenset({"analyst"}),
        converter=as_set,
        metadata=setting("What they are: analyst, lead, manager, executive, or words of your own"),
    )
    email: str | None = attrs.field(default=None, metadata=setting("Their address; it finds them in JIRA and Slack"))
    jira: str | None = attrs.field(default=None, metadata=setting("Their accountId (Cloud) or user name (Data Center)"))
    slack: str | None = attrs.field(default=None, metadata=setting("Their member id in Slack, such as U0ANA00001"))
    teams: frozenset[str] = attrs.field(
        default=frozenset(), converter=as_set, metadata=setting("The teams they belong to")
    )
    deputy: str | None = attrs.field(default=None, metadata=setting("Who stands in for them while they are away"))


@attrs.frozen(kw_only=True)
class Group:
    """A team, as `[teams.<name>]` describes it.

    Args:
        name: Its name; people can also name it in their own `teams`.
    """

    name: str
    members: tuple[str, ...] = attrs.field(default=(), converter=in_order, metadata=setting("The people in it"))
    lead: str | None = attrs.field(
        default=None, metadata=setting("Who leads it; left out, somebody with the role lead")
    )
    labels: tuple[str, ...] = attrs.field(
        default=(), converter=in_order, metadata=setting("Labels of its own incidents; * stands for anything")
    )
    sources: tuple[str, ...] = attrs.field(
        default=(), converter=in_order, metadata=setting("Sources of its own incidents; * stands for anything")
    )


@attrs.frozen(kw_only=True)
class Shift:
    """Hours in which some people work, week for week."""

    people: tuple[str, ...] = attrs.field(converter=in_order, metadata=setting("Names of people or teams"))
    hours: tuple[str, ...] = attrs.field(
        converter=in_order, metadata=setting("Texts such as Mon-Fri 09:00-17:00 or 22:00-06:00")
    )
    zone: str = attrs.field(default="UTC", metadata=setting("The time zone of these hours, such as Europe/Berlin"))
    first: date | None = attrs.field(default=None, metadata=setting("The first local day of the shift; no limit"))
    last: date | None = attrs.field(default=None, metadata=setting("The last local day of the shift; no limit"))

    def __attrs_post_init__(self) -> None:
        """Refuse hours and zones that nobody can work in."""
        _ = self._calendar

    def on(self, at: datetime) -> bool:
        """Whether its people work at an instant."""
        day = at.astimezone(ZoneInfo(self.zone)).date()
        exists = (self.first or day) <= day <= (self.last or day)
        return exists and self._calendar.is_open(at)

    def ends(self, at: datetime) -> datetime | None:
        """When the hours end in which its people work at an instant; None if they do not, or without a break."""
        if not self.on(at):
            return None
        spans = self._calendar.open_spans(at - _DAY)
        end = next(close for _, close in spans if close > at)
        for begin, close in spans:
            if begin > end:  # hours over midnight are two spans that touch
                return end
            end = close
            if end - at > _DAY:
                return None
        return None

    @cached_property
    def _calendar(self) -> Calendar:
        return Calendar.of(f"the shift of {', '.join(self.people)}", zone=self.zone, hours=self.hours)


@attrs.frozen(kw_only=True)
class Leave:
    """Days on which somebody is away, both ends included, by the calendar of `zone`."""

    person: str = attrs.field(metadata=setting("Who is away"))
    first: date = attrs.field(metadata=setting("The first day"))
    last: date = attrs.field(metadata=setting("The last day"))
    zone: str = attrs.field(default="UTC", metadata=setting("The time zone of these days, such as Europe/Berlin"))
    reason: str = attrs.field(default="on leave", metadata=setting("Why; reports and assignments say so"))

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
    """Who works when, and who is away. People without any shift are taken to be always there."""

    shifts: tuple[Shift, ...] = attrs.field(default=(), metadata=setting("Who works when"))
    leave: tuple[Leave, ...] = attrs.field(default=(), metadata=setting("Who is away"))
    last_resort: str = attrs.field(
        default="lead", metadata=setting("The role, team or person that is told when nobody else can be found")
    )


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
