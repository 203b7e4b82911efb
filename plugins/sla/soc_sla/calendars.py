"""Business calendars made from settings: opening hours in a zone, and public holidays from the `holidays` library."""

from datetime import date
from functools import lru_cache

from soc_core import Calendar, SettingsError
from soc_sla.settings import Holidays, Opening


@lru_cache(maxsize=256)
def calendar_of(name: str, opening: Opening, first_year: int, last_year: int) -> Calendar:
    """The calendar of one name, with the holidays of a range of years.

    Raises:
        SettingsError: The settings make no calendar.
    """
    place = f"plugins.sla.calendars.{name}"
    days_off = _days_off(f"{place}.holidays", opening.holidays, range(first_year, last_year + 1))
    try:
        return Calendar.of(name, zone=opening.zone, hours=opening.hours, holidays=days_off)
    except ValueError as error:
        raise SettingsError(f"{place}: {error}") from error


def _days_off(place: str, holidays: Holidays, years: range) -> frozenset[date]:
    if holidays.country is None:
        if holidays.subdivision is not None:
            raise SettingsError(f"{place}: subdivision {holidays.subdivision!r} needs its country")
        return frozenset(holidays.dates)
    from holidays import country_holidays  # noqa: PLC0415 - slow to import, and most teams work around the clock

    try:
        public = country_holidays(holidays.country, subdiv=holidays.subdivision, years=years)
    except NotImplementedError as error:
        raise SettingsError(f"{place}: {error}; countries are written as DE or US, subdivisions as BE or CA") from error
    return frozenset({*holidays.dates, *public})
