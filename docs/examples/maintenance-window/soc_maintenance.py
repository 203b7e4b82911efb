"""Keeps planned work from making tickets: in a maintenance window its sources are counted, not ticketed."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import attrs

from soc_core import Calendar, Decision, Finding, SettingsError, hookimpl, setting


@attrs.frozen(kw_only=True)
class Window:
    """When which sources are worked on."""

    sources: tuple[str, ...] = attrs.field(default=("*",), converter=tuple)
    hours: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    zone: str = "UTC"


class Maintenance:
    """The plugin `maintenance`."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """The settings of `[plugins.maintenance]`."""

        windows: tuple[Window, ...] = attrs.field(
            default=(), converter=tuple, metadata=setting('Windows: sources, hours such as "Sat 22:00-23:30", zone')
        )
        but_not_from: float = attrs.field(
            default=9.5, metadata=setting("Severity from which a ticket is made all the same")
        )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._windows = tuple((window.sources, _calendar(window)) for window in settings.windows)

    @hookimpl(tryfirst=True)
    def should_create_ticket(self, finding: Finding) -> Decision | None:
        """Silence what is being worked on; the rest is for the other rules."""
        if finding.severity >= self._settings.but_not_from:
            return None
        calendar = open_window(finding, self._windows)
        return None if calendar is None else Decision.ignore(f"maintenance window {calendar.name}")


def open_window(finding: Finding, windows: Iterable[tuple[tuple[str, ...], Calendar]]) -> Calendar | None:
    """The window that is open for the source when its event was received."""
    event = finding.event
    for sources, calendar in windows:
        if any(fnmatchcase(event.source, pattern) for pattern in sources) and calendar.is_open(event.received):
            return calendar
    return None


def _calendar(window: Window) -> Calendar:
    name = f"{', '.join(window.hours)} {window.zone}"
    try:
        return Calendar.of(name, zone=window.zone, hours=window.hours)
    except ValueError as error:
        raise SettingsError(f"plugins.maintenance.windows: {error}") from error
