"""What is promised for which incident, and which settings are refused."""

from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from soc_sla.plugin import Sla as Plugin
from soc_sla.settings import Holidays, Opening, Override, Settings, Targets

from soc_core import Calendar, Clock, Course, Incident, Move, Priority, SettingsError, Sla, Tick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = {
    Priority.HIGHEST: 1,
    Priority.HIGH: 4,
    Priority.MEDIUM: 24,
    Priority.LOW: 72,
    Priority.LOWEST: 168,
}


def incident(
    priority: Priority = Priority.HIGHEST, *, label: str = "Security Alert", source: str = "sshd", at: datetime = NOON
) -> Incident:
    return Incident(
        id="INC-1",
        marker="soc-00000000000000000000",
        fingerprint="f",
        kind=Course.TICKET,
        label=label,
        severity=9,
        priority=priority,
        confidence=0.8,
        source=source,
        message="m",
        first_seen=at,
        last_seen=at,
        detected_at=at,
        opened_at=at,
    )


def promised(settings: Settings | None = None, **about: object) -> Sla:
    return Plugin(settings).compute_sla(incident(**about))  # type: ignore[arg-type]


def hours(sla: Sla) -> tuple[float, float]:
    hour = timedelta(hours=1)
    return sla.response.duration / hour, sla.resolution.duration / hour


@pytest.mark.parametrize("priority", Priority)
def test_both_clocks_have_the_five_numbers_around_the_clock(priority: Priority) -> None:
    sla = promised(priority=priority)
    assert hours(sla) == (HOURS[priority], HOURS[priority])
    assert sla.response.calendar is None
    assert sla.resolution.pauses == frozenset()


def test_one_number_can_be_changed_and_the_others_stay() -> None:
    settings = Settings(targets=Targets(Highest=timedelta(minutes=30)))
    assert hours(promised(settings)) == (0.5, 0.5)
    assert hours(promised(settings, priority=Priority.HIGH)) == (4, 4)


def test_the_response_may_be_promised_sooner_but_never_later_than_the_resolution() -> None:
    settings = Settings(response=Targets(Highest=timedelta(minutes=15), High=timedelta(hours=9)))
    assert hours(promised(settings)) == (0.25, 1)
    assert hours(promised(settings, priority=Priority.HIGH)) == (4, 4)


def test_the_first_override_that_fits_label_and_source_counts() -> None:
    settings = Settings(
        pauses=("Waiting",),
        overrides=(
            Override(source="pay-*", label="security *", targets=Targets(Highest=timedelta(minutes=10)), pauses=()),
            Override(source="pay-*", targets=Targets(Highest=timedelta(minutes=20))),
        ),
    )
    assert hours(promised(settings, source="PAY-1")) == (1 / 6, 1 / 6)
    assert promised(settings, source="pay-1").resolution.pauses == frozenset()
    assert hours(promised(settings, source="pay-1", label="Error")) == (1 / 3, 1 / 3)
    assert promised(settings, source="pay-1", label="Error").resolution.pauses == {"Waiting"}
    assert hours(promised(settings, source="sshd")) == (1, 1)
    assert hours(promised(settings, source="pay-1", priority=Priority.LOW)) == (72, 72)


OFFICE = Opening(
    zone="Europe/Berlin",
    hours=("Mon-Fri 09:00-17:00",),
    holidays=Holidays(country="DE", subdivision="BE", dates=(date(2026, 12, 24),)),
)


def test_a_calendar_knows_hours_public_holidays_and_single_dates() -> None:
    settings = Settings(calendar="office", calendars={"office": OFFICE})
    calendar = promised(settings).resolution.calendar
    assert isinstance(calendar, Calendar)
    assert {date(2026, 3, 8), date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1)} <= calendar.holidays
    assert date(2026, 1, 6) not in calendar.holidays  # Epiphany is none in Berlin


def test_a_clock_in_office_hours_stands_still_over_christmas() -> None:
    settings = Settings(calendar="office", calendars={"office": OFFICE})
    detected = datetime(2026, 12, 23, 15, tzinfo=UTC)  # Wednesday 16:00 in Berlin; then Christmas and a weekend
    target = promised(settings, priority=Priority.HIGH, at=detected).resolution
    clock = Clock(name="resolution", target=target, history=(Tick(move=Move.START, at=detected),))
    assert clock.due_at() == datetime(2026, 12, 28, 11, tzinfo=UTC)


def test_an_old_incident_that_goes_on_knows_the_holidays_of_later_years() -> None:
    settings = Settings(calendar="office", calendars={"office": OFFICE})
    old = attrs.evolve(incident(), last_seen=datetime(2029, 6, 1, tzinfo=UTC))
    calendar = Plugin(settings).compute_sla(old).resolution.calendar
    assert calendar is not None
    assert date(2030, 1, 1) in calendar.holidays


def test_an_override_may_work_around_the_clock_where_the_others_keep_office_hours() -> None:
    settings = Settings(
        calendar="office", calendars={"office": OFFICE}, overrides=(Override(source="vault", calendar="24x7"),)
    )
    assert promised(settings, source="vault").resolution.calendar is None
    assert promised(settings, source="sshd").resolution.calendar is not None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(calendar="office"), r"plugins\.sla: .*no calendar 'office': describe it in"),
        (Settings(calendar="offce", calendars={"office": OFFICE}), "did you mean 'office'"),
        (Settings(overrides=(Override(), Override(calendar="x"))), r"plugins\.sla\.overrides\[1\]: .*'x'"),
        (Settings(targets=Targets(Low=timedelta(0))), r"plugins\.sla: for Low, a target must be longer than nothing"),
        (Settings(calendars={"a": Opening(zone="Mars/Base", hours=("Mon",))}), r"calendars\.a: .*'Mars/Base'"),
        (Settings(calendars={"a": Opening()}), r"calendars\.a: .*never open"),
        (Settings(calendars={"a": Opening(hours="Mon-Fri 9-17")}), r"calendars\.a: '9' in opening hours"),
        (Settings(calendars={"a": Opening(hours=("Mo 09:00-17:00",))}), r"calendars\.a: 'mo' in .* no weekday"),
        (Settings(calendars={"a": Opening(hours=("Mon",), holidays=Holidays(country="XX"))}), r"a\.holidays: .*XX"),
        (
            Settings(calendars={"a": Opening(hours=("Mon",), holidays=Holidays(country="DE", subdivision="ZZ"))}),
            r"a\.holidays: .*ZZ",
        ),
        (
            Settings(calendars={"a": Opening(hours=("Mon",), holidays=Holidays(subdivision="BE"))}),
            r"a\.holidays: subdivision 'BE' needs its country",
        ),
        (
            Settings(calendar="a", calendars={"a": Opening(hours=("Mon 09:00-09:01",))}),
            r"plugins\.sla: for Medium, .* more than ten years",
        ),
    ],
)
def test_wrong_settings_are_refused_with_their_place(settings: Settings, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Plugin(settings)


def test_a_team_may_have_times_of_its_own() -> None:
    settings = Settings(overrides=(Override(team="night-*", targets=Targets(Highest=timedelta(minutes=5))),))
    plugin = Plugin(settings)
    assert hours(plugin.compute_sla(attrs.evolve(incident(), team="night-watch"))) == (1 / 12, 1 / 12)
    assert hours(plugin.compute_sla(attrs.evolve(incident(), team="payment"))) == (1, 1)
    assert hours(plugin.compute_sla(incident())) == (1, 1)
