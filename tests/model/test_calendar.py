"""Calendars against a counter that goes minute by minute over the wall clocks of odd zones and nights."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc_core.model.calendar import Calendar

MINUTE = timedelta(minutes=1)
DAY = 24 * 60
ALL_DAY = ((time.min, time.max),)
modest = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _time(minute: int) -> time:
    return time.max if minute == DAY else time(minute // 60, minute % 60)


@st.composite
def calendars(draw: st.DrawFn, zone: str, days: Sequence[date]) -> Calendar:
    minutes = st.one_of(st.integers(0, DAY), st.integers(0, 4 * 60), st.sampled_from([0, 60, 120, 150, 180, DAY]))
    week = []
    for _ in range(7):
        edges = sorted(draw(st.lists(minutes, min_size=0, max_size=4, unique=True)))
        spans = zip(edges[::2], edges[1::2], strict=False)
        week.append(tuple((_time(opens), _time(closes)) for opens, closes in spans))
    if not any(week):
        week[draw(st.integers(0, 6))] = ALL_DAY
    return Calendar(name="c", zone=zone, hours=tuple(week), holidays=draw(st.sets(st.sampled_from(days), max_size=3)))


@modest
@given(data=st.data())
def test_open_time_equals_the_minutes_on_the_wall(data: st.DataObject, nights, open_minutes) -> None:
    night = data.draw(st.sampled_from(nights))
    calendar = data.draw(calendars(night.zone, night.days))
    minutes = open_minutes(night, calendar)
    begin = data.draw(st.integers(0, 6 * DAY))
    end = data.draw(st.integers(begin, 7 * DAY))
    start = night.start + begin * MINUTE
    assert calendar.elapsed(start, night.start + end * MINUTE) == sum(minutes[begin:end]) * MINUTE
    assert calendar.is_open(start) == minutes[begin]
    length = data.draw(st.integers(0, 2 * DAY))
    opened = [minute for minute in range(begin, 7 * DAY) if minutes[minute]]
    if len(opened) > length:
        expected = opened[length - 1] + 1 if length else opened[0]
        assert calendar.after(start, length * MINUTE) == night.start + expected * MINUTE


@modest
@given(data=st.data())
def test_open_and_inverse_share_the_time_between_them(data: st.DataObject, nights) -> None:
    night = data.draw(st.sampled_from(nights))
    calendar = data.draw(calendars(night.zone, night.days))
    weekly = Calendar(name="c", zone=calendar.zone, hours=calendar.hours)
    if weekly.per_week() == timedelta(days=7):
        return
    begin = night.start + data.draw(st.integers(0, 3 * DAY)) * MINUTE
    end = begin + data.draw(st.integers(0, 3 * DAY)) * MINUTE
    assert weekly.elapsed(begin, end) + weekly.inverse().elapsed(begin, end) == end - begin
    assert weekly.per_week() + weekly.inverse().per_week() == timedelta(days=7)


OFFICE = Calendar.of("office", zone="Europe/Berlin", hours=["Mon-Fri 09:00-17:00"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def test_hours_are_local_hours_in_winter_and_summer() -> None:
    assert OFFICE.after(at("2026-03-27 15:30"), timedelta(hours=1)) == at("2026-03-30 07:30")
    assert OFFICE.after(at("2026-10-23 14:30"), timedelta(hours=1)) == at("2026-10-26 08:30")


def test_the_last_moment_of_a_day_is_the_closing_time_not_the_next_opening() -> None:
    assert OFFICE.after(at("2026-03-02 08:00"), timedelta(hours=8)) == at("2026-03-02 16:00")
    assert OFFICE.after(at("2026-03-02 16:00"), timedelta(0)) == at("2026-03-03 08:00")
    assert not OFFICE.is_open(at("2026-03-02 16:00"))
    assert OFFICE.is_open(at("2026-03-02 08:00"))


def test_fractions_of_a_minute_count() -> None:
    start = datetime(2026, 3, 2, 15, 59, 59, 999_999, UTC)
    assert OFFICE.elapsed(start, start + timedelta(days=1)) == timedelta(hours=8)
    assert OFFICE.after(start, timedelta(microseconds=2)) == at("2026-03-03 08:00") + timedelta(microseconds=1)


def test_a_closed_year_is_passed_over() -> None:
    year = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(365)]
    closed = Calendar.of("closed", zone="UTC", hours=["Mon-Sun"], holidays=year)
    assert closed.after(at("2026-01-01 00:00"), timedelta(hours=1)) == at("2027-01-01 01:00")
    assert closed.elapsed(at("2026-01-01 00:00"), at("2027-01-01 00:00")) == timedelta(0)


MORNING = ((time(9), time(12)),)


@pytest.mark.parametrize(
    ("texts", "open_days"),
    [
        (["Mon-Fri 09:00-12:00"], dict.fromkeys(range(5), MORNING)),
        (["mon,WED 9:00-12:00"], {0: MORNING, 2: MORNING}),
        (["Fri-Mon 09:00-12:00"], dict.fromkeys((4, 5, 6, 0), MORNING)),
        (["09:00-12:00"], dict.fromkeys(range(7), MORNING)),
        (["Sat"], {5: ALL_DAY}),
        (["Sat 00:00-24:00"], {5: ALL_DAY}),
        (["Tue 09:00-12:00, 13:00-24:00"], {1: (*MORNING, (time(13), time.max))}),
        (["Tue 09:00-11:00", "Tue 10:00-12:00"], {1: MORNING}),
        (["Tue 09:00-10:30", "Tue 10:30-12:00"], {1: MORNING}),
        (["Sun 22:00-06:00"], {6: ((time(22), time.max),), 0: ((time(0), time(6)),)}),
        (["Sun 22:00-00:00"], {6: ((time(22), time.max),)}),
    ],
)
def test_hours_are_written_as_people_write_them(texts: list[str], open_days: dict[int, object]) -> None:
    calendar = Calendar.of("c", zone="UTC", hours=texts)
    assert calendar.hours == tuple(open_days.get(day, ()) for day in range(7))


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "never open"),
        (["Mon-Fri 9-17"], "'9' in opening hours 'Mon-Fri 9-17' is no time of day"),
        (["Mon-Fri 09:00"], "is no time of day"),
        (["Mon 09:00-25:00"], "'25:00' in opening hours"),
        (["Mon 09:60-10:00"], "'09:60' in opening hours"),
        (["Mon 09:00-24:01"], "'24:01' in opening hours"),
        (["Monday 09:00-17:00"], "'monday' in opening hours"),
        (["Mon-Xyz"], "'xyz' in opening hours"),
        (["Mon 09:00-09:00"], "are empty"),
        ([""], "are empty"),
    ],
)
def test_hours_that_say_nothing_are_refused(texts: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Calendar.of("c", zone="UTC", hours=texts)


@pytest.mark.parametrize("zone", ["", "Berlin", "Europe", "../etc/passwd", "/etc/passwd", "Europe/Berlin\0"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Calendar.of("c", zone=zone, hours=["Mon"])


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ((ALL_DAY,) * 6, "7 weekdays, not 6"),
        (((),) * 7, "never open"),
        ((((time(9), time(9)),),) * 7, "opens at 09:00:00 and closes at 09:00:00"),
        ((((time(9), time(12)), (time(11), time(13))),) * 7, "before it has closed"),
    ],
)
def test_hours_that_count_twice_or_never_are_refused(hours, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Calendar(name="c", zone="UTC", hours=hours)
