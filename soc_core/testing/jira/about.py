"""What the pretended JIRA tells of itself: the site, its projects, their screens and people."""

import re

from soc_core.testing.jira import views
from soc_core.testing.jira.api import Answer, Api, Asked, names
from soc_core.testing.jira.screens import mapping
from soc_core.testing.jira.site import Json, Refusal

_PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ASSIGN_ISSUES",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "LINK_ISSUES",
    "RESOLVE_ISSUES",
    "DELETE_ISSUES",
)


def server_info(api: Api, asked: Asked) -> Answer:
    """The site itself; the only thing that nobody needs a login for."""
    now = views.instant(api.tracker.now(), next(iter(api.tracker.users.values())))
    release = "1001.0.0-SNAPSHOT" if api.tracker.cloud else api.release
    return Answer(
        body={
            "baseUrl": api.base,
            "version": release,
            "versionNumbers": [int(part) for part in re.findall(r"\d+", release)[:3]],
            "deploymentType": "Cloud" if api.tracker.cloud else "Server",
            "serverTitle": api.title,
            "serverTime": now,
        }
    )


def myself(api: Api, asked: Asked) -> Answer:
    """Whose login it is."""
    return Answer(body=views.user(api.tracker, api.viewer(asked).id))


def permissions(api: Api, asked: Asked) -> Answer:
    """What the account may do."""
    if api.tracker.cloud and not asked.query.get("permissions"):
        raise Refusal(400, "The 'permissions' query parameter is required.")
    if key := asked.query.get("projectKey"):
        api.tracker.project(key)
    wanted = names(asked, "permissions") or set(_PERMISSIONS)
    return Answer(
        body={"permissions": {name: {"key": name, "havePermission": name not in api.denied} for name in wanted}}
    )


def project(api: Api, asked: Asked, key: str) -> Answer:
    """A project with its issue types and components."""
    api.need("BROWSE_PROJECTS", 404)
    found = api.tracker.project(key)
    components = [{"id": str(number), "name": name} for number, name in enumerate(found.components)]
    return Answer(
        body={
            "id": found.id,
            "key": found.key,
            "name": found.name,
            "components": components,
            "issueTypes": views.issue_types(found),
        }
    )


def statuses(api: Api, asked: Asked, key: str) -> Answer:
    """The statuses of each issue type."""
    found = api.tracker.project(key)
    steps = [views.status(step) for step in found.workflow.statuses]
    return Answer(body=[kind | {"statuses": steps} for kind in views.issue_types(found)])


def types(api: Api, asked: Asked, key: str) -> Answer:
    """The issue types that can be created."""
    return Answer(body=_page(api, "issueTypes", views.issue_types(api.tracker.project(key)), asked))


def create_fields(api: Api, asked: Asked, key: str, kind: str) -> Answer:
    """The fields of the screen on which issues are created."""
    api.need("CREATE_ISSUES", 404)
    return Answer(body=_page(api, "fields", views.create_fields(api.tracker.project(key)), asked))


def assignable(api: Api, asked: Asked) -> Answer:
    """People who may be given issues, by id or part of a name."""
    if api.tracker.cloud and "username" in asked.query:
        raise Refusal(400, "The query parameter 'username' is not supported in GDPR strict mode.")
    if "project" in asked.query:
        api.tracker.project(asked.query["project"])
    exact, part = asked.query.get("accountId"), asked.query.get("query") or asked.query.get("username") or ""
    found = [
        views.user(api.tracker, user.id)
        for user in api.tracker.users.values()
        if user.assignable
        and (user.id == exact if exact else part.lower() in f"{user.name} {user.display} {user.email}".lower())
    ]
    if api.hidden_emails:
        found = [{name: value for name, value in mapping(user).items() if name != "emailAddress"} for user in found]
    return Answer(body=found[: int(asked.query.get("maxResults", "50"))])


def _page(api: Api, name: str, values: list[Json], asked: Asked) -> Json:
    start, size = int(asked.query.get("startAt", "0")), int(asked.query.get("maxResults", "50"))
    shown = values[start : start + size]
    page: Json = {"startAt": start, "maxResults": size, "total": len(values)}
    return page | ({name: shown} if api.tracker.cloud else {"values": shown, "isLast": start + size >= len(values)})
