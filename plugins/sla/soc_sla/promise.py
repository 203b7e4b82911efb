"""Which times are promised for an incident: pure, from the settings and the incident alone."""

from datetime import timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase

from soc_core import Calendar, Incident, Priority, SettingsError, Sla, Target
from soc_sla.calendars import calendar_of
from soc_sla.settings import ALWAYS, FIVE_NUMBERS, Override, Settings

_EVERYTHING = Override()
_ANY_YEAR = range(2026, 2027)


def promise(incident: Incident, settings: Settings) -> Sla:
    """The two targets of an incident."""
    override = next((one for one in settings.overrides if _fits(one, incident)), _EVERYTHING)
    # Holidays are known by the year: from the one before detection, as it may be another year in the calendar's
    # zone, to the one after the last news, as the longest clocks end there.
    years = range(incident.detected_at.year - 1, max(incident.detected_at, incident.last_seen).year + 2)
    return _sla(settings, override, incident.priority, years)


def check(settings: Settings) -> None:
    """Refuse settings that would fail for some incident later.

    Raises:
        SettingsError: Names the place and what to write instead.
    """
    places = [("plugins.sla", _EVERYTHING)]
    places += [(f"plugins.sla.overrides[{number}]", one) for number, one in enumerate(settings.overrides)]
    for name, opening in settings.calendars.items():
        calendar_of(name, opening, _ANY_YEAR[0], _ANY_YEAR[-1])
    for place, override in places:
        for priority in Priority:
            try:
                _sla(settings, override, priority, _ANY_YEAR)
            except (ValueError, KeyError) as error:
                raise SettingsError(f"{place}: for {priority}, {error.args[0]}") from error


def _sla(settings: Settings, override: Override, priority: Priority, years: range) -> Sla:
    resolution = _first(override.targets.of(priority), settings.targets.of(priority), FIVE_NUMBERS.of(priority))
    response = _first(override.response.of(priority), settings.response.of(priority), resolution)
    calendar = _calendar(override.calendar or settings.calendar, settings, years)
    pauses = settings.pauses if override.pauses is None else override.pauses
    return Sla(
        response=Target(duration=min(response, resolution), calendar=calendar, pauses=pauses),
        resolution=Target(duration=resolution, calendar=calendar, pauses=pauses),
    )


def _calendar(name: str, settings: Settings, years: range) -> Calendar | None:
    if name == ALWAYS:
        return None
    if name not in settings.calendars:
        near = get_close_matches(name, [ALWAYS, *settings.calendars], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"describe it in [plugins.sla.calendars.{name}]"
        raise KeyError(f"there is no calendar {name!r}: {hint}")
    return calendar_of(name, settings.calendars[name], years[0], years[-1])


def _fits(override: Override, incident: Incident) -> bool:
    pairs = (
        (incident.label, override.label),
        (incident.source, override.source),
        (incident.team or "", override.team),
    )
    return all(fnmatchcase(text.casefold(), pattern.casefold()) for text, pattern in pairs)


def _first(*times: timedelta | None) -> timedelta:
    return next(time for time in times if time is not None)
