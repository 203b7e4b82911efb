"""The pretended JIRA's rules: what may be created and changed, what it remembers, and what its search already knows."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta

import attrs

from soc_core.testing.jira import jql
from soc_core.testing.jira.history import changes, visible
from soc_core.testing.jira.screens import (
    NOT_ON_SCREEN,
    field_errors,
    items_of,
    label_errors,
    mapping,
    operations,
    pairs,
    text_faults,
)
from soc_core.testing.jira.site import Issue, Json, Project, Refusal, Transition, User

Told = Callable[[str, Issue, User, Json], None]


@attrs.define(kw_only=True)
class Tracker:
    """The data of one site. Every change is made under one lock and told to `told` (the webhooks).

    Args:
        lag: How long search needs to know of a change.
        refusing: Optional fields that are refused although they are on the screen, with JIRA's words.
    """

    projects: dict[str, Project]
    users: dict[str, User]
    now: Callable[[], datetime]
    cloud: bool
    lag: timedelta = timedelta(0)
    refusing: dict[str, str] = attrs.field(factory=dict)
    told: Told = lambda *_: None
    issues: dict[str, Issue] = attrs.field(factory=dict)
    lock: threading.RLock = attrs.field(factory=threading.RLock)
    _ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(10_100))
    _numbers: dict[str, int] = attrs.field(factory=dict)
    _index: dict[str, list[tuple[datetime, Issue | None]]] = attrs.field(factory=dict)

    # -- reading ----------------------------------------------------------------------------------------------------

    def issue(self, key: str) -> Issue:
        """The issue of that key, former key or id."""
        for issue in self.issues.values():
            if key in (issue.key, issue.id, *issue.former_keys):
                return issue
        raise Refusal(404, "Issue does not exist or you do not have permission to see it.")

    def project(self, key: object) -> Project:
        """The project of that key or id."""
        for project in self.projects.values():
            if key in (project.key, project.id):
                return project
        raise Refusal(404, f"No project could be found with key '{key}'.")

    def search(self, query: str) -> list[Issue]:
        """What a query finds in an index that lags behind."""
        with self.lock:
            now = self.now()
            known = []
            for versions in self._index.values():
                seen = [issue for at, issue in versions if at + self.lag <= now]
                if seen and seen[-1] is not None:
                    known.append(seen[-1])
            return jql.matching(query, known, projects=self.projects, now=now)

    # -- changing ---------------------------------------------------------------------------------------------------

    def create(self, by: User, fields: Mapping[str, object], properties: object = None) -> Issue:
        """Make an issue, or refuse with a reason for each wrong field."""
        with self.lock:
            project = self._project_of(fields)
            errors = dict(self._errors(project, fields, creating=True))
            if errors:
                raise Refusal(400, errors=errors)
            number = self._numbers[project.key] = self._numbers.get(project.key, 0) + 1
            now = self.now()
            issue = Issue(
                id=str(next(self._ids)),
                key=f"{project.key}-{number}",
                project=project.key,
                type=self._type_of(project, fields["issuetype"]),
                fields={},
                status=project.workflow.statuses[0].name,
                created=now,
                updated=now,
                creator=by.id,
                priority=project.priorities[len(project.priorities) // 2],
            )
            self._write(issue, project, fields)
            for name, value in pairs(properties):
                issue.properties[name] = value
            self.issues[issue.key] = issue
            self._changed(issue, by, "jira:issue_created", [])
            return issue

    def edit(self, by: User, issue: Issue, body: Mapping[str, object]) -> None:
        """Change fields by `fields` and `update`, note it in the history, add comments that come with it."""
        with self.lock:
            project = self.projects[issue.project]
            fields = dict(mapping(body.get("fields")))
            adds, removes, comments = operations(body.get("update"))
            errors = dict(self._errors(project, fields, creating=False))
            errors |= dict(label_errors(adds))
            if (adds or removes) and "labels" not in project.screen:
                errors["labels"] = NOT_ON_SCREEN.format("labels")
            for comment in comments:
                if faults := text_faults(comment, cloud=self.cloud):
                    errors["comment"] = faults[0]
            if errors:
                raise Refusal(400, errors=errors)
            before = visible(issue)
            self._write(issue, project, fields)
            issue.labels = [label for label in issue.labels if label not in removes]
            issue.labels += [label for label in adds if label not in issue.labels]
            for name, value in pairs(body.get("properties")):
                issue.properties[name] = value
            self._changed(issue, by, "jira:issue_updated", self._items(before, issue), body)
            for comment in comments:
                self.comment(by, issue, comment)

    def transit(self, by: User, issue: Issue, body: Mapping[str, object]) -> None:
        """Take a transition, or refuse with JIRA's words."""
        with self.lock:
            project = self.projects[issue.project]
            wanted = mapping(body.get("transition")).get("id")
            ways = {way.id: way for way in project.workflow.leaving(issue.status)}
            if wanted not in ways:
                raise Refusal(400, f"It seems that you have tried to perform an operation ({wanted}) not permitted.")
            way = ways[str(wanted)]
            resolution = self._resolution(project, way, mapping(body.get("fields")))
            before = visible(issue)
            issue.status = way.to
            done = project.workflow.status(way.to).category == "done"
            issue.resolution = (resolution or issue.resolution or project.resolutions[0]) if done else None
            self._changed(issue, by, "jira:issue_updated", self._items(before, issue), body)

    def comment(self, by: User, issue: Issue, text: object) -> Json:
        """Write a comment."""
        with self.lock:
            if faults := text_faults(text, cloud=self.cloud):
                raise Refusal(400, errors={"comment": faults[0]})
            comment: Json = {"id": str(next(self._ids)), "author": by.id, "body": text, "created": self.now()}
            issue.comments.append(comment)
            self._changed(issue, by, "comment_created", [], comment)
            return comment

    def touch(self, by: User, issue: Issue) -> None:
        """Something else on an issue changed: links, properties, attachments."""
        with self.lock:
            self._changed(issue, by, "jira:issue_updated", [])

    def delete(self, by: User, issue: Issue) -> None:
        """Delete an issue for good."""
        with self.lock:
            del self.issues[issue.key]
            self._index[issue.id].append((self.now(), None))
            self.told("jira:issue_deleted", issue, by, {})

    def move(self, by: User, issue: Issue, project: str) -> None:
        """Move an issue to another project: it gets a new key, and the old one leads to it."""
        with self.lock:
            del self.issues[issue.key]
            number = self._numbers[project] = self._numbers.get(project, 0) + 1
            old, issue.key, issue.project = issue.key, f"{project}-{number}", project
            issue.former_keys.append(old)
            issue.status = self.projects[project].workflow.statuses[0].name
            self.issues[issue.key] = issue
            item: Json = {"field": "Key", "from": None, "fromString": old, "to": None, "toString": issue.key}
            self._changed(issue, by, "jira:issue_updated", [item])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else out while several things are read together."""
        with self.lock:
            yield

    # -- private ----------------------------------------------------------------------------------------------------

    def _changed(
        self, issue: Issue, by: User, event: str, items: list[Json], body: Mapping[str, object] | None = None
    ) -> None:
        now = self.now()
        issue.updated = max(now, issue.updated)
        history: Json = {}
        if items:
            history = {"id": str(next(self._ids)), "author": by.id, "created": now, "items": items}
            if body and body.get("historyMetadata"):
                history["historyMetadata"] = body["historyMetadata"]
            issue.histories.append(history)
        self._index.setdefault(issue.id, []).append((now, deepcopy(issue)))
        self.told(event, issue, by, dict(body) if event == "comment_created" and body else history)

    def _items(self, before: Json, issue: Issue) -> list[Json]:
        return changes(before, visible(issue), users=self.users, projects=self.projects.values(), cloud=self.cloud)

    def _project_of(self, fields: Mapping[str, object]) -> Project:
        asked = mapping(fields.get("project"))
        try:
            return self.project(asked.get("key") or asked.get("id"))
        except Refusal:
            raise Refusal(400, errors={"project": "valid project is required"}) from None

    def _type_of(self, project: Project, value: object) -> str:
        asked = mapping(value)
        for number, name in enumerate(project.types):
            if asked.get("name") == name or asked.get("id") == type_id(number):
                return name
        raise Refusal(400, errors={"issuetype": "The issue type selected is invalid."})

    def _errors(self, project: Project, fields: Mapping[str, object], *, creating: bool) -> Iterator[tuple[str, str]]:
        if creating:
            self._type_of(project, fields.get("issuetype"))
            yield from ((name, f"{name} is required.") for name in project.required if not fields.get(name))
        known = project.screen | {"summary"} | set(project.required) | set(project.datetimes)
        for name, value in fields.items():
            if creating and name in ("project", "issuetype"):
                continue
            if name not in known:
                yield name, NOT_ON_SCREEN.format(name)
            elif name in self.refusing:
                yield name, self.refusing[name]
            else:
                user = self._user_of(value) if name == "assignee" and value is not None else None
                yield from field_errors(project, name, value, user=user, cloud=self.cloud)
        if creating and not fields.get("summary"):
            yield "summary", "You must specify a summary of the issue."

    def _user_of(self, value: object) -> User:
        asked = mapping(value)
        for user in self.users.values():
            if (asked.get("accountId") == user.id) if self.cloud else (asked.get("name") == user.name):
                return user
        raise Refusal(400, errors={"assignee": "The user does not exist."})

    def _resolution(self, project: Project, way: Transition, fields: Mapping[str, object]) -> str | None:
        asked = mapping(fields.get("resolution"))
        ids = {str(number + 10_000): name for number, name in enumerate(project.resolutions)}
        name = asked.get("name") or ids.get(str(asked.get("id")))
        if extra := set(fields) - ({"resolution"} if way.resolution != "absent" else set()):
            raise Refusal(400, errors={field: NOT_ON_SCREEN.format(field) for field in extra})
        if way.resolution == "required" and not name:
            raise Refusal(400, "Field Resolution is required.")
        if name and name not in project.resolutions:
            raise Refusal(400, errors={"resolution": "The resolution selected is invalid."})
        return str(name) if name else None

    def _write(self, issue: Issue, project: Project, fields: Mapping[str, object]) -> None:
        for name, value in fields.items():
            if name == "labels":
                issue.labels = [str(label) for label in items_of(value)]
            elif name == "priority":
                asked = mapping(value)
                issue.priority = str(asked.get("name") or project.priorities[int(str(asked["id"])) - 1])
            elif name == "assignee":
                issue.assignee = None if value is None else self._user_of(value).id
            elif name not in ("project", "issuetype"):
                issue.fields[name] = value


def type_id(number: int) -> str:
    """The id of a project's issue type by its place."""
    return str(10_200 + number)
