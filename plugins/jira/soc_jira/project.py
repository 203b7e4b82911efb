"""What the project at hand really has: issue type, fields on the create screen, priorities, statuses, people.

Asked once and remembered for an hour, or until JIRA refuses something; one request per ticket is left in steady state.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

import attrs

from soc_core import PermanentError, get_logger
from soc_jira.answers import Forbidden, Missing, items
from soc_jira.client import Client
from soc_jira.reading import mapping, objects, text
from soc_jira.settings import Settings

_KEPT: Final = 3600.0
_PAGE = 50
T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Account:
    """Who we are in JIRA."""

    id: str
    name: str
    zone: ZoneInfo


@attrs.frozen(kw_only=True)
class Field:
    """A field of the create screen; `allowed` are the names it may take, None where anything goes."""

    id: str
    name: str
    required: bool
    allowed: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Step:
    """A status of the project; `category` is `new`, `indeterminate` or `done`."""

    id: str
    name: str
    category: str


@attrs.frozen(kw_only=True)
class Project:
    """The project as creates need it."""

    key: str
    type: str
    type_id: str
    types: tuple[str, ...]
    fields: Mapping[str, Field]

    def takes(self, field: str) -> bool:
        """Whether the create screen has a field."""
        return field in self.fields

    def allowed(self, field: str) -> tuple[str, ...] | None:
        """The names a field may take, or None where anything goes."""
        return self.fields[field].allowed if field in self.fields else None


class _Remembered(Generic[T]):
    """Answers that are asked for once, by one thread at a time, and kept for a while."""

    def __init__(self, lock: threading.RLock, monotonic: Callable[[], float]) -> None:
        self._lock = lock
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, name: str, ask: Callable[[], T]) -> T:
        """The answer, asked for if it is unknown or old."""
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[0] + _KEPT < self._monotonic():
                kept = (self._monotonic(), ask())
                self._kept[name] = kept
            return kept[1]

    def forget(self) -> None:
        """Ask again next time."""
        with self._lock:
            self._kept.clear()


class Directory:
    """Answers what the project has; safe to be asked from any thread."""

    def __init__(
        self, client: Client, settings: Settings, key: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._settings = settings
        self._key = key
        lock = threading.RLock()
        self._accounts = _Remembered[Account](lock, monotonic)
        self._projects = _Remembered[Project](lock, monotonic)
        self._steps = _Remembered[tuple[Step, ...]](lock, monotonic)
        self._people = _Remembered[Mapping[str, str] | None](lock, monotonic)

    def account(self) -> Account:
        """Who we are."""
        return self._accounts.get("", self._ask_account)

    def project(self) -> Project:
        """Type and fields of our tickets."""
        return self._projects.get("", self._ask_project)

    def steps(self, project: str = "") -> tuple[Step, ...]:
        """The statuses of our tickets: in our project, or in another one that people moved them to."""
        where = project or self._key
        return self._steps.get(where, lambda: self._ask_steps(where))

    def assignable(self, person: str) -> Mapping[str, str] | None:
        """How JIRA wants to be told of somebody, or None if they cannot be assigned tickets here."""
        return self._people.get(person, lambda: self._ask_assignable(person))

    def forget(self) -> None:
        """Ask again next time: JIRA refused something that we took for possible."""
        for kept in (self._projects, self._steps, self._people):
            kept.forget()

    def _ask_account(self) -> Account:
        found = mapping(self._client.get("myself"))
        zone = text(found, "timeZone") or "UTC"
        try:
            place = ZoneInfo(zone)
        except (KeyError, ValueError):
            place = ZoneInfo("UTC")
        return Account(id=person_id(found), name=text(found, "displayName"), zone=place)

    def _ask_project(self) -> Project:
        types = self._pages("issue/createmeta/{project}/issuetypes", "issueTypes", project=self._key)
        names = {text(kind, "name"): text(kind, "id") for kind in types if not kind.get("subtask")}
        if not names:  # Cloud says no more than that to those who may not create anything
            raise Forbidden(f"project {self._key} has no issue types that we may create", whole_destination=True)
        wanted = next((name for name in self._settings.issue_types if name in names), None)
        if wanted is None:
            raise PermanentError(
                f"project {self._key} has none of the issue types {', '.join(self._settings.issue_types)}; "
                f"it has {', '.join(names)}: set [plugins.jira] issue_types"
            )
        shown = self._pages(
            "issue/createmeta/{project}/issuetypes/{kind}", "fields", project=self._key, kind=names[wanted]
        )
        fields = {field.id: field for field in map(_field, shown)}
        return Project(key=self._key, type=wanted, type_id=names[wanted], types=tuple(names), fields=fields)

    def _ask_steps(self, project: str) -> tuple[Step, ...]:
        kinds = items(self._client.get("project/{project}/statuses", project=project))
        ours = [kind for kind in kinds if text(kind, "name") == self.project().type] or kinds
        return tuple(step_of(status) for kind in ours for status in objects(kind.get("statuses")))

    def _ask_assignable(self, person: str) -> Mapping[str, str] | None:
        query = {"project": self._key, "maxResults": "50"}
        cloud = self._client.site().cloud
        word = "username" if not cloud else "query" if "@" in person or " " in person else "accountId"
        found = items(self._client.get("user/assignable/search", query=query | {word: person}))
        names = ("accountId", "emailAddress", "displayName") if cloud else ("name", "emailAddress", "displayName")
        # Never the first match: somebody else's incident on the wrong desk is worse than none on any.
        exact = [user for user in found if person.lower() in (text(user, name).lower() for name in names)]
        if "@" in person and len(found) == 1 and not text(found[0], "emailAddress"):
            exact = found  # Cloud hides addresses, but nothing else matches a whole address
        if len(exact) != 1:
            get_logger().warning("jira.not_assignable", person=person, project=self._key, matches=len(exact))
            return None
        return {"accountId": text(exact[0], "accountId")} if cloud else {"name": text(exact[0], "name")}

    def _pages(self, endpoint: str, name: str, **parts: str) -> Sequence[Mapping[str, object]]:
        found: list[Mapping[str, object]] = []
        while True:
            query = {"startAt": str(len(found)), "maxResults": str(_PAGE)}
            try:
                page = mapping(self._client.get(endpoint, query=query, **parts))
            except Missing as error:
                words = f"project {self._key} not found in JIRA, or we may not create issues in it: {error}"
                raise Forbidden(words, whole_destination=True) from error
            more = items(page, name, "values")
            found += more
            if not more or page.get("isLast") is True or len(found) >= int(text(page, "total") or 0):
                return found


def person_id(user: Mapping[str, object]) -> str:
    """What JIRA calls somebody: an accountId on Cloud, a name on Data Center."""
    return text(user, "accountId") or text(user, "name") or text(user, "key")


def step_of(status: Mapping[str, object]) -> Step:
    """A status out of JIRA's words."""
    return Step(id=text(status, "id"), name=text(status, "name"), category=text(status, "statusCategory", "key"))


def _field(found: Mapping[str, object]) -> Field:
    values = found.get("allowedValues")
    allowed = tuple(text(value, "name") or text(value, "value") for value in objects(values))
    return Field(
        id=text(found, "fieldId") or text(found, "key"),
        name=text(found, "name"),
        required=found.get("required") is True and found.get("hasDefaultValue") is not True,
        allowed=allowed if isinstance(values, list) else None,
    )
