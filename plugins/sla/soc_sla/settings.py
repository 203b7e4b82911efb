"""What can be set about the promised times: targets, calendars, pauses, and exceptions for some incidents."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

import attrs

from soc_core import Priority, setting

ALWAYS = "24x7"


@attrs.frozen(kw_only=True)
class Targets:
    """A time for each priority, under JIRA's five words; a priority left out keeps its more general time."""

    Highest: timedelta | None = None
    High: timedelta | None = None
    Medium: timedelta | None = None
    Low: timedelta | None = None
    Lowest: timedelta | None = None

    def of(self, priority: Priority) -> timedelta | None:
        """The time for one priority."""
        return (self.Highest, self.High, self.Medium, self.Low, self.Lowest)[priority.rank]


FIVE_NUMBERS = Targets(
    Highest=timedelta(hours=1),
    High=timedelta(hours=4),
    Medium=timedelta(hours=24),
    Low=timedelta(hours=72),
    Lowest=timedelta(weeks=1),
)


@attrs.frozen(kw_only=True)
class Holidays:
    """Days on which a calendar is closed: a country's public holidays, and single dates such as `2026-12-24`."""

    country: str | None = None
    subdivision: str | None = None
    dates: tuple[date, ...] = ()


@attrs.frozen(kw_only=True)
class Opening:
    """A calendar: a zone, hours such as `Mon-Fri 09:00-17:00`, and holidays."""

    zone: str = "UTC"
    hours: str | tuple[str, ...] = ()
    holidays: Holidays = Holidays()


@attrs.frozen(kw_only=True)
class Override:
    """Other promises for the incidents whose label, source and team fit; `*` stands for anything."""

    label: str = "*"
    source: str = "*"
    team: str = "*"
    targets: Targets = Targets()
    response: Targets = Targets()
    calendar: str | None = None
    pauses: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.sla]`."""

    targets: Targets = attrs.field(default=Targets(), metadata=setting('Time to resolve, as { Highest = "1h" }'))
    response: Targets = attrs.field(
        default=Targets(), metadata=setting("Time to respond; the time to resolve if left out, and never more than it")
    )
    calendar: str = attrs.field(default=ALWAYS, metadata=setting("The calendar in which the clocks run"))
    pauses: tuple[str, ...] = attrs.field(default=(), metadata=setting("The ticket's states in which clocks pause"))
    calendars: Mapping[str, Opening] = attrs.field(
        default=MappingProxyType({}), metadata=setting("Calendars by name: zone, hours, holidays")
    )
    overrides: tuple[Override, ...] = attrs.field(
        default=(), metadata=setting("Exceptions by label, source and team; the first that fits counts")
    )
