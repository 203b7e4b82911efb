"""Whom an incident goes to: the team's choice or a plugin's, with the turn of who gets it taken in one transaction."""

from datetime import datetime

import attrs
from sqlalchemy import Connection

from soc_core.calls import Calls
from soc_core.model.incident import Change, Incident
from soc_core.model.people import Candidate
from soc_core.people import Choice, Team
from soc_core.store import fields
from soc_core.store import team as known


@attrs.frozen(kw_only=True)
class Assignment:
    """Gives incidents to people; nothing but turns is stored."""

    team: Team
    calls: Calls

    def given(self, tx: Connection, incident: Incident, now: datetime) -> Incident:
        """The incident with whoever gets it now, and why."""
        candidates = self._candidates(tx, incident, now)
        name, plugin = self.calls.choose_assignee(incident, candidates)
        own = self.team.choose(incident, candidates)
        choice = own if name is None else Choice(person=name, reason=f"chosen by plugin {plugin}")
        if choice.person is not None:
            known.take_turn(tx, choice.person, now)
        return attrs.evolve(incident, assignee=choice.person, assignee_reason=choice.reason)

    def passed_on(self, tx: Connection, incident: Incident, now: datetime) -> Incident:
        """The incident with the next candidate, where the house gave it to somebody whom its tracker cannot assign.

        What people or the ladder decided stays, and so does what nobody else can be given.
        """
        decided = any(side.seen for side in fields.sides(tx, incident.id, Change.ASSIGNEE).values())
        if incident.ticket is None or not incident.status.active or decided:
            return incident
        refused = {hint.person for hint in known.hints(tx, now, origin=incident.ticket.tracker) if not hint.available}
        if incident.assignee is None or incident.assignee not in refused:
            return incident
        newer = self.given(tx, incident, now)
        return incident if newer.assignee is None or newer.assignee in refused else newer

    def _candidates(self, tx: Connection, incident: Incident, now: datetime) -> tuple[Candidate, ...]:
        if not self.team.people:
            return ()
        loads, turns, hints = known.loads(tx), known.turns(tx), known.hints(tx, now)
        return self.team.candidates(incident, now, loads=loads, turns=turns, hints=hints)
