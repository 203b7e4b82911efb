"""The hours in which a clock runs or somebody works: opening times by weekday in a zone, and days off."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Self
from zoneinfo import ZoneInfo

import attrs

from soc_core.model.texts import in_order

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
_TIME = re.compile(r"(\d\d?):([0-5]\d)")


def _days(days: Iterable[date]) -> frozenset[date]:
    return frozenset(days)


Hours = tuple[tuple[tuple[time, time], ...], ...]


@attrs.frozen(kw_only=True)
class Calendar:
    """The hours in which a clock runs: a zone, opening hours for each weekday, and days off.

    A place opens when the clock on its wall first reaches the opening time, and closes when it first reaches the
    closing time. This also says what happens in the nights in which that clock is set forward or back.

    Args:
        name: How reports call it.
        zone: An IANA zone such as `Europe/Berlin`.
        hours: Seven entries, Monday first, each a tuple of (from, to) in order; `time.max` as `to` means midnight.
        holidays: Local dates on which the clock stands still.
    """

    name: str
    zone: str = attrs.field()
    hours: Hours = attrs.field()
    holidays: frozenset[date] = attrs.field(default=frozenset(), converter=_days)

    @classmethod
    def of(cls, name: str, *, zone: str, hours: Iterable[str], holidays: Iterable[date] = ()) -> Self:
        """A calendar from texts such as `Mon-Fri 09:00-17:00`, `Sat,Sun` (all day) or `22:00-06:00` (every night)."""
        days: list[list[tuple[int, int]]] = [[] for _ in _WEEKDAYS]
        for text in in_order(hours):
            weekdays, spans = _parse(text)
            for day in weekdays:
                for opens, closes in spans:
                    days[day].append((opens, closes if opens < closes else _MIDNIGHT))
                    if closes < opens:
                        days[(day + 1) % 7].append((0, closes))
        return cls(name=name, zone=zone, hours=tuple(map(_joined, days)), holidays=holidays)

    @zone.validator
    def _zone_exists(self, attribute: "attrs.Attribute[str]", value: str) -> None:
        check_zone(value)

    @hours.validator
    def _hours_make_sense(self, attribute: "attrs.Attribute[Hours]", value: Hours) -> None:
        if len(value) != 7:
            raise ValueError(f"calendar {self.name!r} needs opening hours for 7 weekdays, not {len(value)}")
        if not any(value):
            raise ValueError(f"calendar {self.name!r} is never open: a clock in it would never be due")
        for spans in value:
            last = None
            for opens, closes in spans:
                if opens >= closes:
                    raise ValueError(f"calendar {self.name!r} opens at {opens} and closes at {closes}")
                if last is not None and opens < last:
                    raise ValueError(f"calendar {self.name!r} opens at {opens} before it has closed at {last}")
                last = closes

    def inverse(self) -> "Calendar":
        """The calendar that is open in all other hours of the week; holidays have no part in it."""
        return Calendar(name=f"not {self.name}", zone=self.zone, hours=tuple(map(_gaps, self.hours)))

    def per_week(self) -> timedelta:
        """How long it is open in a week without holidays."""
        return sum((_length(opens, closes) for spans in self.hours for opens, closes in spans), _NOTHING)

    def open_spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans in UTC, in order and without end, from the local day of `start` on."""
        zone = ZoneInfo(self.zone)
        first = start.astimezone(zone).date()
        for offset in count():
            day = first + timedelta(days=offset)
            if day in self.holidays:
                continue
            for opens, closes in self.hours[day.weekday()]:
                begin = _reached(zone, day, opens)
                end = _reached(zone, day + _DAY, time.min) if closes == time.max else _reached(zone, day, closes)
                if begin < end:
                    yield begin, end

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at an instant."""
        begin, end = next(span for span in self.open_spans(at - _DAY) if span[1] > at)
        return begin <= at < end

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants."""
        total = _NOTHING
        for begin, close in self.open_spans(start):
            if begin >= end:
                break
            total += max(_NOTHING, min(close, end) - max(begin, start))
        return total

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which `duration` of open time has passed since `start`; for none, the next open instant."""
        spans, left = self.open_spans(start), duration
        while True:
            opens, closes = next(spans)
            begin = max(opens, start)
            if begin < closes and left <= closes - begin:
                return begin + left
            left -= max(_NOTHING, closes - begin)


def check_zone(name: str) -> None:
    """Refuse a zone that the time zone database does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # a folder of the database is an OSError
        raise ValueError(f"there is no time zone {name!r}; write one such as Europe/Berlin or UTC") from error


def _reached(zone: ZoneInfo, day: date, at: time) -> datetime:
    """When a wall clock in `zone` first reaches a local time: of two showings the first; a skipped time, the jump."""
    wall = datetime.combine(day, at)
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(instant, zone) == wall:
        return instant
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = range(int((instant - before).total_seconds()) + 1)
    return before + timedelta(
        seconds=bisect_left(seconds, wall, key=lambda passed: _wall(before + timedelta(seconds=passed), zone))
    )


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _parse(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    days: list[int] = []
    spans: list[tuple[int, int]] = []
    for part in text.replace(",", " ").split():
        first, dash, last = part.lower().partition("-")
        if part[0].isdigit():
            spans.append((_minute(first, text), _minute(last, text)))
        else:
            begin = _weekday(first, text)
            length = (_weekday(last, text) - begin) % 7 if dash else 0
            days.extend((begin + offset) % 7 for offset in range(length + 1))
    if any(opens == closes for opens, closes in spans) or not (days or spans):
        raise ValueError(f"opening hours {text!r} are empty; write such as 'Mon-Fri 09:00-17:00'")
    return days or list(range(7)), spans or [(0, _MIDNIGHT)]


def _weekday(word: str, text: str) -> int:
    if word not in _WEEKDAYS:
        raise ValueError(f"{word!r} in opening hours {text!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return _WEEKDAYS.index(word)


def _minute(word: str, text: str) -> int:
    match = _TIME.fullmatch(word)
    minute = int(match[1]) * 60 + int(match[2]) if match else _MIDNIGHT + 1
    if minute > _MIDNIGHT:
        raise ValueError(f"{word!r} in opening hours {text!r} is no time of day; write such as 'Mon-Fri 09:00-17:00'")
    return minute


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[time, time], ...]:
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        elif opens < closes:
            joined.append((opens, closes))
    return tuple((_time(opens), _time(closes)) for opens, closes in joined)


def _gaps(spans: tuple[tuple[time, time], ...]) -> tuple[tuple[time, time], ...]:
    edges = [time.min, *(edge for span in spans for edge in span), time.max]
    return tuple((begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end)


def _time(minute: int) -> time:
    return time.max if minute == _MIDNIGHT else time(minute // 60, minute % 60)


def _length(opens: time, closes: time) -> timedelta:
    return timedelta(
        hours=closes.hour - opens.hour,
        minutes=closes.minute - opens.minute,
        seconds=closes.second - opens.second,
        microseconds=closes.microsecond - opens.microsecond + (closes == time.max),
    )
