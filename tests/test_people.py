"""Who gets an incident and who is told: by role, team, shift, leave, load and turn."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from soc_core.errors import SettingsError
from soc_core.model.event import Course, Priority
from soc_core.model.incident import Incident
from soc_core.model.people import Candidate, Group, Leave, Person, Rota, Shift
from soc_core.people import Choice, Team
from soc_core.settings import load

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

ANN = Person(name="ann", roles={"lead"}, deputy="dan")
DAN = Person(name="dan", roles={"deputy lead"})
BOB, CARLA, EVE = Person(name="bob"), Person(name="carla"), Person(name="eve")
MAX = Person(name="max", roles={"manager"})
EVERYBODY = (ANN, DAN, BOB, CARLA, EVE, MAX)


@attrs.frozen(kw_only=True)
class Hinted:
    person: str
    available: bool = False
    reason: str = "do not disturb"


def incident(priority: Priority = Priority.MEDIUM, *, label: str = "Error", source: str = "sshd") -> Incident:
    return Incident(
        id="INC-1",
        marker="soc-00000000000000000000",
        fingerprint="f",
        kind=Course.TICKET,
        label=label,
        severity=8,
        priority=priority,
        confidence=0.8,
        source=source,
        message="m",
        first_seen=MONDAY_NOON,
        last_seen=MONDAY_NOON,
        detected_at=MONDAY_NOON,
        opened_at=MONDAY_NOON,
    )


def away(*names: str) -> Rota:
    return Rota(leave=tuple(Leave(person=name, first=date(2026, 3, 1), last=date(2026, 3, 7)) for name in names))


def chosen(
    team: Team,
    about: Incident,
    now: datetime = MONDAY_NOON,
    *,
    loads: Mapping[str, int] | None = None,
    turns: Mapping[str, datetime] | None = None,
    hints: tuple[Hinted, ...] = (),
) -> Choice:
    candidates = team.candidates(about, now, loads=loads or {}, turns=turns or {}, hints=hints)
    return team.choose(about, candidates)


def names(people: tuple[Person, ...]) -> list[str]:
    return [person.name for person in people]


# -- who gets an incident --------------------------------------------------------------------------------------------


def test_highest_goes_to_the_lead() -> None:
    choice = chosen(Team(people=EVERYBODY), incident(Priority.HIGHEST), loads={"ann": 50})
    assert choice.person == "ann"
    assert "lead" in choice.reason


def test_highest_goes_to_the_deputy_when_the_lead_is_away_and_says_why() -> None:
    choice = chosen(Team(people=EVERYBODY, rota=away("ann")), incident(Priority.HIGHEST))
    assert choice.person == "dan"
    assert "ann is on leave until 2026-03-07" in choice.reason


def test_the_deputy_of_a_deputy_stands_in_too_and_deputies_in_a_circle_do_no_harm() -> None:
    people = (ANN, attrs.evolve(DAN, deputy="max"), attrs.evolve(MAX, deputy="ann"))
    assert chosen(Team(people=people, rota=away("ann", "dan")), incident(Priority.HIGHEST)).person == "max"
    assert chosen(Team(people=people, rota=away("ann", "dan", "max")), incident(Priority.HIGHEST)).person == "ann"


def test_highest_is_not_dropped_when_lead_and_deputy_are_away() -> None:
    team = Team(people=EVERYBODY, rota=away("ann", "dan"))
    choice = chosen(team, incident(Priority.HIGHEST), loads={"bob": 3, "carla": 1, "eve": 2})
    assert choice.person == "carla"
    assert "ann is on leave" in choice.reason


def test_highest_goes_to_the_lead_all_the_same_when_everybody_is_away() -> None:
    choice = chosen(Team(people=EVERYBODY, rota=away(*names(EVERYBODY))), incident(Priority.HIGHEST))
    assert choice.person == "ann"
    assert "no analyst is available" in choice.reason
    assert "although ann is on leave" in choice.reason


def test_high_goes_to_the_available_analyst_with_the_least_load() -> None:
    team = Team(people=EVERYBODY, rota=away("eve"))
    choice = chosen(team, incident(Priority.HIGH), loads={"bob": 3, "carla": 2})
    assert choice.person == "carla"
    assert "least load" in choice.reason
    assert "2 open" in choice.reason


def test_of_two_with_the_same_load_high_goes_to_whose_turn_is_longer_ago() -> None:
    turns = {"bob": MONDAY_NOON, "carla": MONDAY_NOON - MINUTE, "eve": MONDAY_NOON - 2 * MINUTE}
    assert chosen(Team(people=EVERYBODY), incident(Priority.HIGH), loads={"eve": 1}, turns=turns).person == "carla"


@pytest.mark.parametrize("priority", [Priority.MEDIUM, Priority.LOW, Priority.LOWEST])
def test_the_others_go_by_turns_whatever_the_load(priority: Priority) -> None:
    turns = {"bob": MONDAY_NOON - MINUTE, "carla": MONDAY_NOON}
    team = Team(people=EVERYBODY)
    assert chosen(team, incident(priority), turns=turns, loads={"eve": 9}).person == "eve"
    assert chosen(team, incident(priority), turns={**turns, "eve": MONDAY_NOON}).person == "bob"


def test_three_hundred_tickets_over_three_analysts_are_a_hundred_each() -> None:
    team, turns, got = Team(people=EVERYBODY), dict[str, datetime](), Counter[str]()
    for number in range(300):
        now = MONDAY_NOON + number * MINUTE
        person = chosen(team, incident(), now, turns=turns).person
        assert person is not None
        turns[person] = now
        got[person] += 1
    assert got == {"bob": 100, "carla": 100, "eve": 100}


def test_three_hundred_tickets_of_one_instant_are_a_hundred_each() -> None:
    team, turns, got = Team(people=EVERYBODY), dict[str, datetime](), Counter[str]()
    for _ in range(300):
        person = chosen(team, incident(), turns=turns, loads=got).person
        assert person is not None
        turns[person] = MONDAY_NOON
        got[person] += 1
    assert got == {"bob": 100, "carla": 100, "eve": 100}


def test_somebody_who_is_away_for_a_while_gets_nothing_and_then_their_turn() -> None:
    team, turns, got = Team(people=EVERYBODY, rota=away("eve")), dict[str, datetime](), Counter[str]()
    for number in range(10):
        now = MONDAY_NOON + number * MINUTE
        person = chosen(team, incident(), now, turns=turns).person
        assert person is not None
        turns[person] = now
        got[person] += 1
    assert got == {"bob": 5, "carla": 5}
    assert chosen(Team(people=EVERYBODY), incident(), turns=turns).person == "eve"


def test_an_empty_pool_falls_to_the_lead_and_the_reason_names_who_is_missing() -> None:
    choice = chosen(Team(people=EVERYBODY, rota=away("bob", "carla", "eve")), incident())
    assert choice.person == "ann"
    assert "bob is on leave" in choice.reason
    assert choice.reason.endswith("it goes to the lead")


def test_an_empty_pool_falls_to_the_deputy_where_the_lead_is_away_too() -> None:
    choice = chosen(Team(people=EVERYBODY, rota=away("ann", "bob", "carla", "eve")), incident())
    assert choice.person == "dan"


def test_without_a_lead_the_next_in_turn_gets_what_nobody_is_there_for() -> None:
    team = Team(people=(BOB, CARLA), rota=away("bob", "carla"))
    choice = chosen(team, incident(Priority.HIGHEST), turns={"bob": MONDAY_NOON})
    assert choice.person == "carla"
    assert "although carla is on leave" in choice.reason


@pytest.mark.parametrize("people", [(), (MAX,)])
def test_nobody_gets_it_where_nobody_is_configured(people: tuple[Person, ...]) -> None:
    choice = chosen(Team(people=people), incident(Priority.HIGHEST))
    assert choice.person is None
    assert "nobody is configured" in choice.reason


@pytest.mark.parametrize("priority", Priority)
def test_a_manager_is_never_chosen_for_being_free(priority: Priority) -> None:
    assert chosen(Team(people=(MAX, BOB), rota=away("bob")), incident(priority)).person == "bob"


# -- who is there ----------------------------------------------------------------------------------------------------


def candidate(team: Team, name: str, now: datetime, hints: tuple[Hinted, ...] = ()) -> Candidate:
    found = team.candidates(incident(), now, loads={"bob": 4}, turns={"bob": NIGHT}, hints=hints)
    return next(one for one in found if one.person.name == name)


def test_a_candidate_shows_load_and_last_turn() -> None:
    bob = candidate(Team(people=EVERYBODY), "bob", MONDAY_NOON)
    assert (bob.load, bob.last_turn, bob.available, bob.why_not) == (4, NIGHT, True, "")


def test_people_without_a_shift_are_always_there_and_others_in_their_hours_only() -> None:
    shift = Shift(people="bob", hours="Mon-Fri 09:00-17:00", zone="America/New_York")
    team = Team(people=EVERYBODY, rota=Rota(shifts=(shift,)))
    assert not candidate(team, "bob", MONDAY_NOON).available  # 07:00 there
    assert candidate(team, "bob", MONDAY_NOON).why_not == "off shift"
    assert candidate(team, "bob", MONDAY_NOON + timedelta(hours=2)).available
    assert candidate(team, "carla", NIGHT).available


@pytest.mark.parametrize(
    ("hours", "hour", "ends"),
    [
        ("Mon-Fri 09:00-17:00", 10, "2026-03-02 17:00"),
        ("Mon-Fri 09:00-17:00", 17, None),
        ("22:00-06:00", 23, "2026-03-03 06:00"),
        ("Mon-Fri 06:00-14:00 22:00-24:00", 12, "2026-03-02 14:00"),
        ("Mon-Sun", 12, None),
    ],
)
def test_a_shift_ends_with_its_hours_over_midnight_too(hours, hour, ends):
    end = Shift(people="bob", hours=hours).ends(datetime(2026, 3, 2, hour, tzinfo=UTC))
    assert (None if end is None else f"{end:%Y-%m-%d %H:%M}") == ends


def test_a_night_shift_goes_on_after_midnight() -> None:
    shift = Shift(people=("bob",), hours=("Mon 22:00-06:00",))
    team = Team(people=EVERYBODY, rota=Rota(shifts=(shift,)))
    assert candidate(team, "bob", NIGHT).available
    assert not candidate(team, "bob", NIGHT + timedelta(hours=4)).available
    assert not candidate(team, "bob", NIGHT + timedelta(days=1)).available


def test_a_shift_exists_between_its_first_and_last_day() -> None:
    team = Team(
        people=EVERYBODY,
        rota=Rota(shifts=(Shift(people="bob", hours="Mon-Sun", first=date(2026, 3, 3), last=date(2026, 3, 4)),)),
    )
    there = [day for day in range(1, 7) if candidate(team, "bob", datetime(2026, 3, day, 12, tzinfo=UTC)).available]
    assert there == [3, 4]


def test_leave_counts_by_the_days_of_its_zone_with_both_ends() -> None:
    leave = Leave(
        person="bob", first=date(2026, 3, 2), last=date(2026, 3, 3), zone="Asia/Tokyo", reason="at a training"
    )
    team = Team(people=EVERYBODY, rota=Rota(leave=(leave,)))
    first = datetime(2026, 3, 1, 15, tzinfo=UTC)  # midnight in Tokyo
    assert candidate(team, "bob", first - MINUTE).available
    assert candidate(team, "bob", first).why_not == "at a training until 2026-03-03"
    assert not candidate(team, "bob", first + timedelta(days=2) - MINUTE).available
    assert candidate(team, "bob", first + timedelta(days=2)).available


def test_a_hint_makes_somebody_unavailable_but_never_available() -> None:
    team = Team(people=EVERYBODY, rota=away("carla"))
    hints = (Hinted(person="bob"), Hinted(person="carla", available=True), Hinted(person="eve", available=True))
    assert candidate(team, "bob", MONDAY_NOON, hints).why_not == "do not disturb"
    assert not candidate(team, "carla", MONDAY_NOON, hints).available
    assert candidate(team, "eve", MONDAY_NOON, hints).available


def test_an_unassignable_analyst_is_passed_over_with_the_reason() -> None:
    hints = (Hinted(person="bob", reason="not assignable in SOC"), Hinted(person="carla"), Hinted(person="eve"))
    choice = chosen(Team(people=EVERYBODY), incident(), hints=hints)
    assert choice.person == "ann"
    assert "bob is not assignable in SOC" in choice.reason


# -- teams -----------------------------------------------------------------------------------------------------------

WEB = Group(name="web", members=("carla",), lead="eve", sources=("nginx*", "apache"))


def test_a_team_gets_the_incidents_of_its_sources_and_has_its_own_lead() -> None:
    team = Team(people=EVERYBODY, groups=(WEB,))
    assert chosen(team, incident(source="NGINX-7"), turns={"carla": MONDAY_NOON, "eve": NIGHT}).person == "carla"
    assert chosen(team, incident(Priority.HIGHEST, source="apache")).person == "eve"
    assert chosen(team, incident(Priority.HIGHEST, source="sshd")).person == "ann"
    assert chosen(team, incident(source="sshd")).person == "bob"


def test_a_team_with_labels_and_sources_needs_both_and_one_with_neither_owns_nothing() -> None:
    both = Group(name="both", members=("carla",), labels=("HTTP *",), sources=("nginx",))
    team = Team(people=EVERYBODY, groups=(Group(name="idle", members=("eve",)), both))
    assert chosen(team, incident(label="HTTP Status", source="nginx")).person == "carla"
    assert chosen(team, incident(label="Error", source="nginx")).person == "bob"


def test_a_team_without_analysts_leaves_its_incidents_to_all() -> None:
    team = Team(people=EVERYBODY, groups=(Group(name="empty", sources=("nginx",)),))
    assert chosen(team, incident(source="nginx")).person == "bob"


def test_people_may_name_their_team_themselves_and_a_shift_may_name_a_team() -> None:
    zoe = Person(name="zoe", teams="night")
    rota = Rota(shifts=(Shift(people="night", hours="22:00-06:00"),))
    team = Team(people=(BOB, zoe), rota=rota)
    assert not candidate(team, "zoe", MONDAY_NOON).available
    assert candidate(team, "zoe", NIGHT).available


# -- who is told -----------------------------------------------------------------------------------------------------


def test_roles_teams_and_names_are_told_once_each_in_order() -> None:
    team = Team(people=EVERYBODY, groups=(WEB,))
    assert names(team.who(("manager", "web", "carla", "lead"), MONDAY_NOON)) == ["max", "carla", "eve", "ann"]


def test_of_a_role_those_who_are_there_are_told() -> None:
    team = Team(people=EVERYBODY, rota=away("bob", "eve"))
    assert names(team.who(("analyst",), MONDAY_NOON)) == ["carla"]


def test_a_deputy_is_told_for_somebody_who_is_away_and_else_the_one_who_is_away() -> None:
    assert names(Team(people=EVERYBODY, rota=away("ann")).who(("lead",), MONDAY_NOON)) == ["dan"]
    assert names(Team(people=EVERYBODY, rota=away("ann", "dan")).who(("lead",), MONDAY_NOON)) == ["ann"]


def test_the_last_resort_is_told_where_a_ladder_names_nobody_at_all() -> None:
    team = Team(people=EVERYBODY)
    assert names(team.who(("tier2", "executive"), MONDAY_NOON)) == ["ann"]
    assert names(team.who(("tier2", "manager"), MONDAY_NOON)) == ["max"]
    assert names(Team(people=EVERYBODY, rota=Rota(last_resort="max")).who(("tier2",), MONDAY_NOON)) == ["max"]
    assert team.unknown(("tier2", "manager", "bob")) == ("tier2",)
    assert Team().who(("lead",), MONDAY_NOON) == ()


# -- as people write it ----------------------------------------------------------------------------------------------

TABLES = """
[people.ann]
roles = ["lead"]
deputy = "bob"

[people.bob]
email = "bob@example.org"
teams = ["web"]

[people.carla]

[teams.web]
lead = "bob"
sources = ["nginx*"]

[[rota.shifts]]
people = ["web"]
hours = ["Mon-Fri 09:00-17:00"]
zone = "Europe/Berlin"

[[rota.leave]]
person = "ann"
first = 2026-03-01
last = 2026-03-07
"""


def test_a_team_follows_from_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "soc.toml"
    file.write_text(TABLES)
    team = Team.of(load(config=file, env={}))
    assert chosen(team, incident(Priority.HIGHEST)).person == "bob"  # ann is away
    assert chosen(team, incident(source="nginx")).person == "bob"
    assert candidate(team, "bob", NIGHT).why_not == "off shift"
    assert chosen(team, incident(source="sshd"), NIGHT).person == "carla"


# -- settings that cannot be meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"people": (BOB, BOB)}, "two people are called bob"),
        ({"people": (ANN,)}, "the deputy of ann: there is nobody called 'dan'"),
        ({"people": (BOB,), "groups": (Group(name="web", members=("bop",)),)}, "the team web: .*did you mean 'bob'"),
        ({"people": (BOB,), "groups": (Group(name="web", lead="x"),)}, "the team web: .*'x'"),
        ({"people": (BOB,), "rota": away("rob")}, "a leave: .*did you mean 'bob'"),
        ({"people": (BOB,), "rota": Rota(last_resort="rob")}, "the last resort: .*did you mean 'bob'"),
        ({"people": (BOB,), "rota": Rota(shifts=(Shift(people="wbe", hours="Mon"),))}, "a shift: .*'wbe'"),
    ],
)
def test_a_name_that_nobody_bears_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Team(**wrong)  # type: ignore[arg-type]


def test_a_shift_without_sense_and_a_leave_that_ends_before_it_begins_are_refused() -> None:
    with pytest.raises(ValueError, match="'9' in opening hours"):
        Shift(people="bob", hours="Mon 9-17")
    with pytest.raises(ValueError, match="no time zone 'Berlin'"):
        Shift(people="bob", hours="Mon", zone="Berlin")
    with pytest.raises(ValueError, match="the leave of bob ends"):
        Leave(person="bob", first=date(2026, 3, 2), last=date(2026, 3, 1))
    with pytest.raises(ValueError, match="no time zone 'Berlin'"):
        Leave(person="bob", first=date(2026, 3, 2), last=date(2026, 3, 3), zone="Berlin")
