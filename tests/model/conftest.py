"""A minute counter that knows nothing of the calendar's own arithmetic, and the nights in which clocks are changed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import attrs
import pytest

from soc_core.model.calendar import Calendar

MINUTE = timedelta(minutes=1)
DAY = 24 * 60
_RUN_UP = 2 * DAY


@attrs.frozen
class Night:
    """A week in some zone, with something special on its fourth day."""

    zone: str
    special: date

    @property
    def start(self) -> datetime:
        """Midnight UTC at the beginning of the week."""
        return datetime.combine(self.special - timedelta(days=3), time.min, UTC)

    @property
    def days(self) -> list[date]:
        """The days of the week."""
        return [self.special + timedelta(days=offset) for offset in range(-4, 5)]


NIGHTS = (
    Night("Europe/Berlin", date(2026, 3, 29)),  # one hour forward
    Night("Europe/Berlin", date(2026, 10, 25)),  # one hour back
    Night("America/New_York", date(2026, 3, 8)),
    Night("America/New_York", date(2026, 11, 1)),
    Night("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour back
    Night("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour forward
    Night("Asia/Beirut", date(2026, 3, 29)),  # midnight is skipped
    Night("America/Havana", date(2026, 11, 1)),  # midnight comes twice
    Night("America/St_Johns", date(2006, 10, 29)),  # a minute after midnight it is yesterday again
    Night("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
    Night("Asia/Kathmandu", date(2028, 2, 29)),  # leap day, a quarter past the hour
    Night("UTC", date(2028, 2, 29)),
)


@cache
def walls(night: Night) -> tuple[datetime, ...]:
    """For each minute of the week the latest time that a wall clock has shown so far."""
    zone = ZoneInfo(night.zone)
    instants = (night.start + minute * MINUTE for minute in range(-_RUN_UP, 7 * DAY))
    shown = (instant.astimezone(zone).replace(tzinfo=None) for instant in instants)
    return tuple(accumulate(shown, max))[_RUN_UP:]


def count_minutes(night: Night, calendar: Calendar) -> list[bool]:
    """For each minute of the week whether the calendar is open, found by looking at the wall clock."""

    def is_open(wall: datetime) -> bool:
        spans = () if wall.date() in calendar.holidays else calendar.hours[wall.weekday()]
        return any(opens <= wall.time() and (wall.time() < closes or closes == time.max) for opens, closes in spans)

    return [is_open(wall) for wall in walls(night)]


@pytest.fixture(scope="session")
def nights() -> tuple[Night, ...]:
    """Weeks in which something is special about the clocks."""
    return NIGHTS


@pytest.fixture(scope="session")
def open_minutes() -> Callable[[Night, Calendar], list[bool]]:
    """The minute counter."""
    return count_minutes
