"""Finds the way to a status through whatever workflow the project has: pure, the walking is in `transitions.py`."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from soc_core import Status
from soc_jira.project import Step
from soc_jira.reading import mapping, objects, text

LONGEST_WAY: Final = 6
_RANK = {"new": 0, "indeterminate": 1, "done": 2}
_NAMES: Mapping[Status, tuple[str, ...]] = {
    Status.OPEN: ("open", "to do", "new", "reopened", "backlog"),
    Status.IN_PROGRESS: ("in progress", "investigating", "under investigation", "triage", "work in progress"),
    Status.RESOLVED: ("resolved", "fixed", "done", "closed"),
    Status.CLOSED: ("closed", "done", "resolved"),
}
_CATEGORY = {Status.OPEN: "new", Status.IN_PROGRESS: "indeterminate", Status.RESOLVED: "done", Status.CLOSED: "done"}


@attrs.frozen(kw_only=True)
class Way:
    """A transition that may be taken now: where it leads and what its screen asks for."""

    id: str
    name: str
    to: Step
    fields: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)

    @property
    def resolutions(self) -> tuple[str, ...] | None:
        """The resolutions its screen offers; None where the resolution is not on it."""
        if "resolution" not in self.fields:
            return None
        return tuple(text(value, "name") for value in objects(self.fields["resolution"].get("allowedValues")))

    @property
    def missing(self) -> tuple[str, ...]:
        """What its screen requires and we do not have."""
        ours = {"resolution"} if self.resolutions else set()
        return tuple(
            name
            for name, field in self.fields.items()
            if field.get("required") and not field.get("hasDefaultValue") and name not in ours
        )


def meaning(step: Step, words: Mapping[str, str]) -> Status:
    """What a status of the project means: as configured, by a name everybody uses, or by its category."""
    for word in (step.id, step.name):
        if word in words:
            return Status(words[word])
    name = step.name.lower()
    for status in Status:
        if name == status.lower() or (status is Status.OPEN and name == "reopened"):
            return status
    return {"new": Status.OPEN, "indeterminate": Status.IN_PROGRESS}.get(step.category, Status.CLOSED)


def targets(status: Status, steps: Sequence[Step], words: Mapping[str, str]) -> tuple[Step, ...]:
    """The project's statuses that stand for one of ours, best first; without any, those of its category."""
    meant = [step for step in steps if meaning(step, words) is status]
    found = meant or [step for step in steps if step.category == _CATEGORY[status]]
    names = _NAMES[status]
    return tuple(sorted(dict.fromkeys(found), key=lambda step: ((*names, step.name.lower())).index(step.name.lower())))


def next_way(
    here: Step,
    ways: Iterable[Way],
    goal: Sequence[Step],
    *,
    known: Mapping[str, Sequence[Step]],
    passed: frozenset[str] = frozenset(),
    through: Sequence[str] = (),
) -> Way | None:
    """The transition to take now, or None if no way is left.

    Args:
        here: Where the issue stands.
        ways: What may be taken from here.
        goal: Where it should go, best first.
        known: What is known of the workflow: the statuses one can reach from each status, by id.
        passed: Ids of statuses already passed; they are not entered again.
        through: Names of statuses that a configured path wants to be passed, in order.
    """
    open_ways = [way for way in ways if way.to.id not in passed and way.to.id != here.id]
    for name in through:
        for way in open_ways:
            if name in (way.to.name, way.to.id):
                return way
    for step in goal:
        for way in open_ways:
            if way.to.id == step.id:
                return way
    wanted = frozenset(step.id for step in goal)
    distances = [
        (distance, way) for way in open_ways if (distance := _distance(way.to, wanted, known, passed)) is not None
    ]
    if distances:
        return min(distances, key=lambda entry: entry[0])[1]
    return _unexplored(here, open_ways, goal, known)


def _distance(
    start: Step, wanted: frozenset[str], known: Mapping[str, Sequence[Step]], passed: frozenset[str]
) -> int | None:
    queue, seen = deque([(start.id, 0)]), {start.id} | passed
    while queue:
        at, far = queue.popleft()
        if at in wanted:
            return far
        if far < LONGEST_WAY:
            for step in known.get(at, ()):
                if step.id not in seen:
                    seen.add(step.id)
                    queue.append((step.id, far + 1))
    return None


def _unexplored(
    here: Step, ways: Sequence[Way], goal: Sequence[Step], known: Mapping[str, Sequence[Step]]
) -> Way | None:
    # Not through a done status, which tells people that it is over, and not backwards unless the goal lies there; but
    # out of a done status every way leads back, also to another one.
    ahead = max((_RANK.get(step.category, 1) for step in goal), default=1)
    back = ahead < _RANK.get(here.category, 1) or here.category == "done"
    fresh = [way for way in ways if way.to.id not in known and way.to.category != "done"]
    return next((way for way in fresh if back or way.to.category != "new"), None)


def ways_of(answer: object) -> tuple[Way, ...]:
    """The transitions out of JIRA's answer."""
    found = []
    for given in objects(mapping(answer).get("transitions")):
        to = mapping(given, "to")
        step = Step(id=text(to, "id"), name=text(to, "name"), category=text(to, "statusCategory", "key"))
        fields = {str(name): mapping(field) for name, field in mapping(given, "fields").items()}
        found.append(Way(id=text(given, "id"), name=text(given, "name"), to=step, fields=fields))
    return tuple(found)
