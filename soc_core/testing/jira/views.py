"""How the pretended JIRA shows people, issues and metadata, on Cloud and on Data Center, in version 2 and 3."""

from datetime import datetime
from zoneinfo import ZoneInfo

from soc_core.testing.jira.screens import items_of, mapping
from soc_core.testing.jira.site import Issue, Json, Project, Status, User
from soc_core.testing.jira.tracker import Tracker, type_id

_NAMES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
_KINDS = {
    "summary": "string",
    "description": "string",
    "labels": "array",
    "priority": "priority",
    "components": "array",
    "duedate": "date",
    "assignee": "user",
    "attachment": "array",
}


def instant(at: datetime, viewer: User) -> str:
    """An instant as JIRA writes it, in the zone of whoever looks."""
    local = at.astimezone(ZoneInfo(viewer.zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


def user(tracker: Tracker, user_id: str | None) -> Json | None:
    """Somebody, as the flavour names them."""
    if user_id is None:
        return None
    who = tracker.users[user_id]
    shown: Json = {
        "displayName": who.display,
        "emailAddress": who.email,
        "timeZone": who.zone,
        "active": True,
    }
    return shown | (
        {"accountId": who.id, "accountType": "atlassian"} if tracker.cloud else {"name": who.name, "key": who.key}
    )


def status(step: Status) -> Json:
    """A status with its category."""
    return {
        "id": step.id,
        "name": step.name,
        "statusCategory": {"key": step.category, "name": _NAMES[step.category]},
    }


def text(value: object, version: str) -> object:
    """A long text: an Atlassian document in version 3, plain in version 2."""
    if version == "3" and isinstance(value, str):
        return {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": value}]}],
        }
    if version != "3" and not isinstance(value, str):
        return plain(value)
    return value


def plain(node: object) -> str:
    """The words of an Atlassian document."""
    found = mapping(node)
    if found.get("type") == "text":
        return str(found.get("text", ""))
    if found.get("type") == "hardBreak":
        return "\n"
    inner = "".join(plain(child) for child in items_of(found.get("content")))
    return inner + ("\n" if found.get("type") in ("paragraph", "heading", "codeBlock", "tableCell") else "")


def comment(tracker: Tracker, given: Json, viewer: User, version: str) -> Json:
    """A comment."""
    at = given["created"]
    shown = instant(at, viewer) if isinstance(at, datetime) else at
    return {
        "id": given["id"],
        "author": user(tracker, str(given["author"])),
        "body": text(given["body"], version),
        "created": shown,
        "updated": shown,
    }


def history(tracker: Tracker, given: Json, viewer: User) -> Json:
    """One entry of the change history."""
    at = given["created"]
    return given | {
        "author": user(tracker, str(given["author"])),
        "created": instant(at, viewer) if isinstance(at, datetime) else at,
    }


def issue(tracker: Tracker, found: Issue, viewer: User, version: str, base: str) -> Json:
    """An issue with all its fields."""
    project = tracker.projects[found.project]
    comments = [comment(tracker, given, viewer, version) for given in found.comments]
    fields: Json = dict(found.fields) | {
        "project": {"key": project.key, "id": project.id, "name": project.name},
        "issuetype": {
            "id": type_id(project.types.index(found.type)) if found.type in project.types else "0",
            "name": found.type,
        },
        "status": status(project.workflow.status(found.status)),
        "priority": None if found.priority is None else {"name": found.priority},
        "resolution": None if found.resolution is None else {"name": found.resolution},
        "assignee": user(tracker, found.assignee),
        "creator": user(tracker, found.creator),
        "labels": found.labels,
        "created": instant(found.created, viewer),
        "updated": instant(found.updated, viewer),
        "comment": {"comments": comments, "total": len(comments), "maxResults": len(comments), "startAt": 0},
        "attachment": [{"filename": name, "size": len(content)} for name, content in found.attachments],
        "issuelinks": [{"type": {"name": kind}, "outwardIssue": {"key": other}} for kind, other in found.links],
    }
    for name in project.datetimes:
        if isinstance(given := fields.get(name), str):
            fields[name] = instant(datetime.fromisoformat(given), viewer)
    if "description" in fields:
        fields["description"] = text(fields["description"], version)
    return {"id": found.id, "key": found.key, "self": f"{base}/rest/api/{version}/issue/{found.id}", "fields": fields}


def issue_types(project: Project) -> list[Json]:
    """The issue types of a project."""
    return [{"id": type_id(number), "name": name, "subtask": False} for number, name in enumerate(project.types)]


def create_fields(project: Project) -> list[Json]:
    """The create screen: each field, whether it is needed, and what it may be."""
    allowed: dict[str, list[Json]] = {
        "priority": [{"id": str(number + 1), "name": name} for number, name in enumerate(project.priorities)],
        "components": [{"id": str(number), "name": name} for number, name in enumerate(project.components)],
    }
    shown = [_field("summary", needed=True, kind="string"), _field("project", needed=True, kind="project")]
    shown += [_field("issuetype", needed=True, kind="issuetype")]
    shown += [
        _field(name, needed=False, kind=_KINDS.get(name, "string"))
        | ({"allowedValues": allowed[name]} if name in allowed else {})
        for name in sorted(project.screen)
    ]
    shown += [_field(name, needed=True, kind="option") for name in project.required]
    return shown + [_field(name, needed=False, kind="datetime") for name in project.datetimes]


def _field(name: str, *, needed: bool, kind: str) -> Json:
    return {
        "fieldId": name,
        "key": name,
        "name": name.title(),
        "required": needed,
        "hasDefaultValue": False,
        "operations": ["set"],
        "schema": {"type": kind},
    }
