"""Who gets an incident and who is told: roles, teams, shifts, leave, deputies, load and turns, in pure functions.

It is a room of its own because nothing else knows the people: the store remembers loads and turns and hands them in,
and plugins see candidates only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Protocol, Self

import attrs

from soc_core.errors import SettingsError
from soc_core.model.event import Priority
from soc_core.model.incident import Incident
from soc_core.model.people import Candidate, Group, Person, Rota

ANALYST = "analyst"
LEAD = "lead"
_NAMED = 5
_NEVER = datetime.min.replace(tzinfo=UTC)


class Hint(Protocol):
    """What another system says about somebody: away, busy, not assignable."""

    @property
    def person(self) -> str:
        """Whom it is about."""

    @property
    def available(self) -> bool:
        """Whether they can be given work."""

    @property
    def reason(self) -> str:
        """Why."""


class TeamSettings(Protocol):
    """The part of the settings that speaks of people."""

    @property
    def people(self) -> Sequence[Person]:
        """Everybody."""

    @property
    def teams(self) -> Sequence[Group]:
        """The teams."""

    @property
    def rota(self) -> Rota:
        """Who works when."""


@attrs.frozen(kw_only=True)
class Choice:
    """Who gets an incident, by name, and why; nobody only where nobody is configured."""

    person: str | None
    reason: str


@attrs.frozen(kw_only=True)
class Team:
    """Everybody an incident can go to.

    Args:
        people: Everybody.
        groups: The teams, and whose incidents are whose.
        rota: Shifts, leave, and who is told in the last resort.
    """

    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    rota: Rota = attrs.field(factory=Rota)

    @classmethod
    def of(cls, settings: TeamSettings) -> Self:
        """The team that the settings describe."""
        return cls(people=tuple(settings.people), groups=tuple(settings.teams), rota=settings.rota)

    def __attrs_post_init__(self) -> None:
        """Refuse names that nobody bears, where a slip of the pen would leave somebody out."""
        names = [person.name for person in self.people]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise SettingsError(f"two people are called {', '.join(sorted(twice))}")
        groups = {group.name for group in self.groups} | {team for person in self.people for team in person.teams}
        for person in self.people:
            _known(person.deputy, names, f"the deputy of {person.name}")
        for group in self.groups:
            for member in (group.lead, *group.members):
                _known(member, names, f"the team {group.name}")
        for shift in self.rota.shifts:
            for name in shift.people:
                _known(name, (*names, *groups), "a shift")
        for leave in self.rota.leave:
            _known(leave.person, names, "a leave")
        roles = {role for person in self.people for role in person.roles}
        _known(self.rota.last_resort, (LEAD, *names, *groups, *roles), "the last resort")

    def group_of(self, incident: Incident) -> Group | None:
        """The team whose incident it is: the first one whose labels and sources fit."""
        return next((group for group in self.groups if _owns(group, incident)), None)

    def candidates(
        self,
        incident: Incident,
        now: datetime,
        *,
        loads: Mapping[str, int],
        turns: Mapping[str, datetime],
        hints: Iterable[Hint] = (),
    ) -> tuple[Candidate, ...]:
        """The leads, their deputies and the analysts of the team whose incident it is, as they stand now."""
        group = self.group_of(incident)
        leads = self._leads(group)
        analysts = [person for person in self.people if ANALYST in person.roles]
        own = [person for person in analysts if group is not None and group.name in self._teams(person)]
        pool = (*leads, *self._deputies(leads), *(own or analysts))
        hinted = {hint.person: hint.reason for hint in hints if not hint.available}
        candidates = []
        for person in dict.fromkeys(pool):
            why_not = self._away(person, now) or hinted.get(person.name)
            candidates.append(
                Candidate(
                    person=person,
                    available=why_not is None,
                    why_not=why_not or "",
                    load=loads.get(person.name, 0),
                    last_turn=turns.get(person.name),
                )
            )
        return tuple(candidates)

    def choose(self, incident: Incident, candidates: Sequence[Candidate]) -> Choice:
        """Highest goes to the lead, High to the analyst with the least load, the rest by turns; never to nobody."""
        if not candidates:
            return Choice(person=None, reason="nobody is configured to get incidents; name analysts in [people]")
        analysts = [one for one in candidates if one.available and ANALYST in one.person.roles]
        known = {one.person.name: one for one in candidates}
        leads = [known[person.name] for person in self._leads(self.group_of(incident)) if person.name in known]
        reason, skipped = "", _skipped([one for one in candidates if ANALYST in one.person.roles])
        if incident.priority is Priority.HIGHEST:
            lead = self._lead(leads, known)
            if lead is not None:
                return lead
            reason = f"no lead is available ({_absent(leads)}): "
        if analysts and incident.priority in (Priority.HIGHEST, Priority.HIGH):
            chosen = min(analysts, key=lambda one: (one.load, one.last_turn or _NEVER, one.person.name))
            return _choice(chosen, f"{reason}the least load of the available analysts ({chosen.load} open){skipped}")
        if analysts:
            chosen = min(analysts, key=lambda one: (one.last_turn or _NEVER, one.load, one.person.name))
            return _choice(chosen, f"next in turn of the available analysts{skipped}")
        return self._out_of_empty_pool(leads, known)

    def who(self, names: Iterable[str], now: datetime) -> tuple[Person, ...]:
        """The people behind roles, teams and names: those who are there, else deputies, else those who are away.

        Names that nobody bears are passed over; where nobody is left, the last resort is told.
        """
        found = [person for name in names for person in self._called(name, now)]
        return tuple(dict.fromkeys(found or self._called(self.rota.last_resort, now)))

    def unknown(self, names: Iterable[str]) -> tuple[str, ...]:
        """The roles, teams and names that nobody bears: whoever counts on them should be warned."""
        return tuple(name for name in names if not self._bearers(name))

    def _lead(self, leads: Sequence[Candidate], known: Mapping[str, Candidate]) -> Choice | None:
        for lead in leads:
            if lead.available:
                return _choice(lead, "Highest goes to the lead")
        for deputy in self._deputies([lead.person for lead in leads]):
            if deputy.name in known and known[deputy.name].available:
                return _choice(known[deputy.name], f"Highest goes to the lead; {_absent(leads)}, the deputy stands in")
        return None

    def _out_of_empty_pool(self, leads: Sequence[Candidate], known: Mapping[str, Candidate]) -> Choice:
        present = [one for one in (*leads, *known.values()) if one.available]
        everybody = sorted(known.values(), key=lambda one: (one.last_turn or _NEVER, one.load, one.person.name))
        chosen = (*present, *leads, *everybody)[0]
        absent = _absent([one for one in known.values() if ANALYST in one.person.roles])
        whom = "the lead" if chosen in leads else "the deputy" if chosen in present else "the next in turn"
        though = "" if chosen.available else f", although {_absent([chosen])}"
        return _choice(chosen, f"no analyst is available ({absent}): it goes to {whom}{though}")

    def _leads(self, group: Group | None) -> tuple[Person, ...]:
        if group is not None and group.lead is not None:
            return tuple(person for person in self.people if person.name == group.lead)
        leads = tuple(person for person in self.people if LEAD in person.roles)
        own = tuple(person for person in leads if group is not None and group.name in self._teams(person))
        return own or leads

    def _deputies(self, people: Iterable[Person]) -> Iterator[Person]:
        known = {person.name: person for person in self.people}
        for person in people:
            seen = {person.name}
            deputy = person.deputy
            while deputy is not None and deputy not in seen:
                seen.add(deputy)
                yield known[deputy]
                deputy = known[deputy].deputy

    def _teams(self, person: Person) -> set[str]:
        return {group.name for group in self.groups if person.name in (group.lead, *group.members)} | person.teams

    def _bearers(self, name: str) -> list[Person]:
        return [p for p in self.people if name == p.name or name in p.roles or name in self._teams(p)]

    def _called(self, name: str, now: datetime) -> list[Person]:
        bearers = self._bearers(name)
        present = [person for person in bearers if self._away(person, now) is None]
        standing_in = [person for person in self._deputies(bearers) if self._away(person, now) is None]
        return present or standing_in or bearers

    def _away(self, person: Person, now: datetime) -> str | None:
        for leave in self.rota.leave:
            if leave.person == person.name and leave.on(now):
                return f"{leave.reason} until {leave.last}"
        names = {person.name, *self._teams(person)}
        shifts = [shift for shift in self.rota.shifts if not names.isdisjoint(shift.people)]
        return None if not shifts or any(shift.on(now) for shift in shifts) else "off shift"


def _owns(group: Group, incident: Incident) -> bool:
    pairs = ((incident.label, group.labels), (incident.source, group.sources))
    fits = [
        any(fnmatchcase(text.casefold(), one.casefold()) for one in patterns) for text, patterns in pairs if patterns
    ]
    return bool(fits) and all(fits)


def _choice(candidate: Candidate, reason: str) -> Choice:
    return Choice(person=candidate.person.name, reason=reason)


def _absent(candidates: Sequence[Candidate]) -> str:
    away = [f"{one.person.name} is {one.why_not or 'away'}" for one in candidates if not one.available]
    return ", ".join(away) or "there is none"


def _skipped(analysts: Sequence[Candidate]) -> str:
    away = [one for one in analysts if not one.available]
    more = f" and {len(away) - _NAMED} more" if len(away) > _NAMED else ""
    return f"; skipped: {_absent(away[:_NAMED])}{more}" if away else ""


def _known(name: str | None, names: Iterable[str], what: str) -> None:
    known = list(names)
    if name is not None and name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else "add them to [people]"
        raise SettingsError(f"{what}: there is nobody called {name!r}; {hint}")
