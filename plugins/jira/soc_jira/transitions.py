"""Moves a ticket to a status: one transition after another, and once more from the start when JIRA refuses."""

import threading
from collections.abc import Sequence

from soc_core import PermanentError, Status, Verdict, get_logger
from soc_jira.answers import Refused
from soc_jira.client import Client
from soc_jira.comments import Comments
from soc_jira.history import OURS
from soc_jira.project import Directory, Step, step_of
from soc_jira.reading import mapping
from soc_jira.settings import Settings
from soc_jira.workflow import LONGEST_WAY, Way, next_way, targets, ways_of

_RESOLUTIONS = ("Done", "Fixed", "Resolved", "Complete")
_AGAIN = frozenset({400, 409})


class Mover:
    """Takes tickets through the project's workflow, and learns it on the way."""

    def __init__(self, client: Client, directory: Directory, settings: Settings, comments: Comments) -> None:
        self._client = client
        self._directory = directory
        self._settings = settings
        self._comments = comments
        self._known: dict[str, Sequence[Step]] = {}
        self._lock = threading.Lock()

    def move(self, key: str, status: Status, *, here: Step | None = None, verdict: Verdict | None = None) -> None:
        """Bring a ticket to a status; being there already is success.

        Raises:
            PermanentError: The workflow has no way there, or wants something on the way that we do not have.
        """
        wanted = [word for word in (verdict, status) if word is not None]
        self._walk(key, status, here or self.where(key), [self._settings.resolutions.get(word, "") for word in wanted])

    def close_as_duplicate(self, key: str, keep: str) -> None:
        """Say that a ticket is the second of its incident, and close it."""
        self._comments.say(key, f"Second ticket of one incident; please go on in {keep}.", work=f"retire {key}")
        self._walk(key, Status.CLOSED, self.where(key), ["Duplicate"])

    def where(self, key: str) -> Step:
        """The status a ticket has now."""
        return step_of(mapping(self._client.issue(key, fields="status"), "fields", "status"))

    def _walk(self, key: str, status: Status, here: Step, resolutions: Sequence[str]) -> None:
        goal = targets(status, self._directory.steps(key.rpartition("-")[0]), self._settings.statuses)
        there = frozenset(step.id for step in goal)
        passed: set[str] = set()
        again, offer = True, True
        for _ in range(LONGEST_WAY):
            if here.id in there:
                return
            way = self._next(key, status, here, goal, frozenset(passed))
            try:
                self._take(key, way, resolutions if offer else None)
            except Refused as error:
                if error.status not in _AGAIN or not again:
                    raise
                # Somebody was quicker, or the screen is not what it says it is: look again, once.
                again, offer = False, "cannot be set" not in str(error)
                get_logger().info("jira.transition_replanned", ticket=key, reason=str(error))
                here = self.where(key)
                continue
            get_logger().info("ticket.moved", ticket=key, status=way.to.name, by=way.name)
            passed.add(here.id)
            here = way.to
        if here.id not in there:
            raise PermanentError(f"{key} is still {here.name} after {LONGEST_WAY} transitions towards {status}")

    def _next(self, key: str, status: Status, here: Step, goal: Sequence[Step], passed: frozenset[str]) -> Way:
        answer = self._client.get("issue/{key}/transitions", query={"expand": "transitions.fields"}, key=key)
        ways = ways_of(answer)
        with self._lock:
            self._known[here.id] = tuple(way.to for way in ways)
            known = dict(self._known)
        through = self._settings.paths.get(status, ())
        way = next_way(here, ways, goal, known=known, passed=passed, through=through)
        if way is not None and way.missing:  # another transition may lead there without asking for more than we have
            ends = (way.to.id, *(step.id for step in goal))
            ways = tuple(other for other in ways if not other.missing and other.to.id in ends)
            if not ways:
                wants = ", ".join(way.missing)
                raise PermanentError(f"the transition {way.name} of {key} wants {wants}, which we do not have")
            return min(ways, key=lambda other: ends.index(other.to.id))
        if way is None:
            offered = ", ".join(f"{way.name} to {way.to.name}" for way in ways) or "nothing"
            raise PermanentError(
                f"no way from {here.name} to {status} for {key}: JIRA offers {offered}; "
                "set [plugins.jira] statuses or paths, or give the account the permission to transition issues"
            )
        return way

    def _take(self, key: str, way: Way, resolutions: Sequence[str] | None) -> None:
        fields: dict[str, object] = {}
        offered = way.resolutions
        if offered is not None and resolutions is not None and (name := _resolution(offered, resolutions)):
            fields["resolution"] = {"name": name}
        body: dict[str, object] = {"transition": {"id": way.id}, "historyMetadata": OURS}
        if fields:
            body["fields"] = fields
        self._client.send("POST", "issue/{key}/transitions", body, key=key)


def _resolution(offered: Sequence[str], wished: Sequence[str]) -> str | None:
    names = {name.lower(): name for name in offered}
    for wish in (*wished, *_RESOLUTIONS):
        if wish.lower() in names:
            return names[wish.lower()]
    return offered[0] if offered else None
