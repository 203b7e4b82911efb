"""When an event says it happened: the ways logs write a time, read without ever failing.

A time without a zone is taken as UTC: the collector cannot know better.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
AHEAD = timedelta(days=1)
_BEHIND = timedelta(days=-3653)

_ISO = re.compile(r"(\d{4}[-/.]\d{2}[-/.]\d{2}[T ]\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s{0,2}(Z|UTC|[+-]\d{2}:?\d{2})?")
_CLF = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})? ?([+-]\d{4})?")
_NAMED = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?"
    r"(?: [A-Z]{3,4})?(?: (\d{4}))?"
)
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))


def read_time(value: object, received: datetime) -> datetime | None:
    """The instant that a field states: ISO 8601, epoch in any unit, the form of access logs, or syslog's."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return from_epoch(value)
    text = value[:64].strip()
    for reader in (from_iso, from_access):
        if (time := reader(text)) is not None:
            return time
    if found := _NAMED.match(text):
        month, day, year, *clock, late_year = found.groups()
        stated = year or late_year
        return named_time(month, day, (clock[0], clock[1], clock[2]), received, year=int(stated) if stated else None)
    try:
        return from_epoch(float(text))
    except ValueError:
        return None


def from_iso(text: str) -> datetime | None:
    """`2026-11-23T10:14:05.123Z` and its kin with other separators, with or without a zone."""
    found = _ISO.match(text)
    if found is None:
        return None
    stamp, fraction, zone = found.groups()
    if zone is None:
        try:  # the usual form, in half the time
            return datetime.fromisoformat(f"{text[: found.end(2 if fraction else 1)]}+00:00")
        except ValueError:  # other separators, or a leap second
            pass
    time = _second(stamp)
    if time is None:
        return None
    if fraction:
        time = time.replace(microsecond=int(fraction.ljust(6, "0")[:6]))
    if zone is None:
        return time
    try:
        return time - _offset(zone)
    except OverflowError:
        return None


@lru_cache(maxsize=1024)  # lines of one second state one time
def _second(stamp: str) -> datetime | None:
    year, month, day = int(stamp[:4]), int(stamp[5:7]), int(stamp[8:10])
    hour, minute, second = int(stamp[11:13]), int(stamp[14:16]), min(int(stamp[17:19]), 59)  # a leap second
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


@lru_cache(maxsize=1024)  # lines of one second state one time
def from_access(text: str) -> datetime | None:
    """`23/Nov/2026:10:14:05 +0100`, as access logs write it."""
    found = _CLF.match(text)
    if found is None or found[2] not in MONTHS:
        return None
    day, month, year, hour, minute, second, zone = found.groups()
    try:
        time = datetime(int(year), MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
        return time - _offset(zone)
    except (ValueError, OverflowError):
        return None


def from_epoch(value: float) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size."""
    for floor, unit in _EPOCH_UNITS:
        if value >= floor:
            try:
                return datetime.fromtimestamp(value / unit, UTC)
            except (ValueError, OverflowError, OSError):
                return None
    return None


def named_time(
    month: str, day: str, clock: tuple[str, str, str], received: datetime, *, year: int | None = None
) -> datetime | None:
    """A time such as `Feb 29 23:59:59`; without a year, the latest that is not ahead of `received`."""
    hour, minute, second = int(clock[0]), int(clock[1]), min(int(clock[2]), 59)
    if hour > 23 or minute > 59:
        return None
    within = timedelta(seconds=3600 * hour + 60 * minute + second)
    times = (start + within for start in _days(month, int(day), received, year))
    return next((time for time in times if year or time <= received + AHEAD), None)


@lru_cache(maxsize=1024)  # the lines of one day
def _days(month: str, day: int, received: datetime, year: int | None) -> tuple[datetime, ...]:
    """Where a day of that name begins, the latest that may be meant first."""
    days = []
    for candidate in (year,) if year else range(received.year + 1, received.year - 9, -1):
        try:
            start = datetime(candidate, MONTHS[month], day, tzinfo=UTC)
        except (KeyError, ValueError):  # 29 February exists in some of the years only
            continue
        if year or start <= received + AHEAD:
            days.append(start)
    return tuple(days)


def far_off(time: datetime, received: datetime) -> str | None:
    """Why a stated time is not believed, or None if it is."""
    ahead = time - received
    if ahead > AHEAD:
        return f"the event says {time.isoformat()}, more than a day ahead of its arrival"
    if ahead < _BEHIND:
        return f"the event says {time.isoformat()}, more than ten years before its arrival"
    return None


_NONE = timedelta()


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in ("Z", "UTC"):
        return _NONE
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return -offset if zone[0] == "-" else offset
