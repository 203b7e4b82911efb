"""The pretended JIRA's REST interface: which path does what, on Cloud and on Data Center."""

import re
from collections.abc import Callable, Mapping

import attrs

from soc_core.testing.jira import views
from soc_core.testing.jira.screens import items_of, mapping
from soc_core.testing.jira.site import Issue, Json, Refusal, User
from soc_core.testing.jira.tracker import Tracker

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


@attrs.frozen(kw_only=True)
class Asked:
    """One request as the interface sees it; `user` is None for somebody who is not logged in."""

    method: str
    path: str
    version: str
    query: Mapping[str, str]
    body: object
    user: User | None
    raw: bytes = b""


@attrs.frozen(kw_only=True)
class Answer:
    """What comes back."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Api:
    """Answers requests out of a tracker.

    Args:
        base: Where the site says it is, for links.
        release: The version that Data Center states.
        denied: Permissions that the product's account lacks.
        hidden_emails: Whether people keep their addresses to themselves, as on Cloud they may.
    """

    tracker: Tracker
    base: str
    release: str
    title: str = "Fake JIRA"
    denied: set[str] = attrs.field(factory=set)
    hidden_emails: bool = False

    def answer(self, asked: Asked) -> Answer:
        """Do what is asked, or say why not."""
        with self.tracker.held():
            try:
                for method, pattern, act in _ROUTES:
                    if method == asked.method and (found := pattern.fullmatch(asked.path)):
                        return self._act(act, asked, found.groups())
            except Refusal as refusal:
                return Answer(status=refusal.status, body=refusal.body)
        return Answer(status=404, body={"errorMessages": ["No such path"], "errors": {}})

    def _act(self, act: "_Act", asked: Asked, parts: tuple[str, ...]) -> Answer:
        if asked.user is None and act is not _server_info:
            if act is _search:
                return Answer(body={"issues": [], "isLast": True} if self.tracker.cloud else {"issues": [], "total": 0})
            if asked.path == "myself":
                raise Refusal(401, "Client must be authenticated to access this resource.")
            raise Refusal(404, "Issue does not exist or you do not have permission to see it.")
        return act(self, asked, *parts)

    def viewer(self, asked: Asked) -> User:
        """Who asks; routes are only reached by somebody who is logged in."""
        if asked.user is None:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        return asked.user

    def need(self, permission: str, status: int = 403) -> None:
        """Refuse if the account lacks a permission."""
        if permission in self.denied:
            raise Refusal(status, f"You do not have the permission {permission}.")

    def shown(self, asked: Asked, issue: Issue) -> Json:
        """An issue as it was asked for: fields, properties, history."""
        shown = views.issue(self.tracker, issue, self.viewer(asked), asked.version, self.base)
        wanted, expand = _names(asked, "fields"), _names(asked, "expand")
        if wanted and not {"*all", "*navigable"} & wanted:
            shown["fields"] = {name: value for name, value in mapping(shown["fields"]).items() if name in wanted}
        if properties := _names(asked, "properties"):
            shown["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
        if "changelog" in expand:
            entries = [views.history(self.tracker, entry, self.viewer(asked)) for entry in issue.histories]
            entries = entries[::-1] if self.tracker.cloud else entries
            shown["changelog"] = {"histories": entries, "total": len(entries), "maxResults": len(entries), "startAt": 0}
        return shown


_SEARCH_ON_DATA_CENTER = frozenset({"jql", "startAt", "maxResults", "fields", "expand", "validateQuery"})
_Act = Callable[..., Answer]


def _names(asked: Asked, name: str) -> set[str]:
    value = asked.query.get(name) or mapping(asked.body).get(name) or ""
    return set(value.split(",")) - {""} if isinstance(value, str) else {str(item) for item in items_of(value)}


def _server_info(api: Api, asked: Asked) -> Answer:
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


def _myself(api: Api, asked: Asked) -> Answer:
    return Answer(body=views.user(api.tracker, api.viewer(asked).id))


def _permissions(api: Api, asked: Asked) -> Answer:
    if api.tracker.cloud and not asked.query.get("permissions"):
        raise Refusal(400, "The 'permissions' query parameter is required.")
    if key := asked.query.get("projectKey"):
        api.tracker.project(key)
    wanted = _names(asked, "permissions") or set(_PERMISSIONS)
    return Answer(
        body={"permissions": {name: {"key": name, "havePermission": name not in api.denied} for name in wanted}}
    )


def _project(api: Api, asked: Asked, key: str) -> Answer:
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


def _statuses(api: Api, asked: Asked, key: str) -> Answer:
    found = api.tracker.project(key)
    steps = [views.status(step) for step in found.workflow.statuses]
    return Answer(body=[kind | {"statuses": steps} for kind in views.issue_types(found)])


def _types(api: Api, asked: Asked, key: str) -> Answer:
    return Answer(body=_page(api, "issueTypes", views.issue_types(api.tracker.project(key)), asked))


def _create_fields(api: Api, asked: Asked, key: str, kind: str) -> Answer:
    api.need("CREATE_ISSUES", 404)
    return Answer(body=_page(api, "fields", views.create_fields(api.tracker.project(key)), asked))


def _page(api: Api, name: str, values: list[Json], asked: Asked) -> Json:
    start, size = int(asked.query.get("startAt", "0")), int(asked.query.get("maxResults", "50"))
    shown = values[start : start + size]
    page: Json = {"startAt": start, "maxResults": size, "total": len(values)}
    return page | ({name: shown} if api.tracker.cloud else {"values": shown, "isLast": start + size >= len(values)})


def _create(api: Api, asked: Asked) -> Answer:
    api.need("CREATE_ISSUES", 400)
    body = mapping(asked.body)
    made = api.tracker.create(api.viewer(asked), mapping(body.get("fields")), body.get("properties"))
    link = f"{api.base}/rest/api/{asked.version}/issue/{made.id}"
    return Answer(status=201, body={"id": made.id, "key": made.key, "self": link})


def _read(api: Api, asked: Asked, key: str) -> Answer:
    return Answer(body=api.shown(asked, api.tracker.issue(key)))


def _edit(api: Api, asked: Asked, key: str) -> Answer:
    api.need("EDIT_ISSUES")
    api.tracker.edit(api.viewer(asked), api.tracker.issue(key), mapping(asked.body))
    return Answer(status=204)


def _transitions(api: Api, asked: Asked, key: str) -> Answer:
    issue = api.tracker.issue(key)
    project = api.tracker.projects[issue.project]
    allowed = [{"id": str(number + 10_000), "name": name} for number, name in enumerate(project.resolutions)]
    shown = []
    for way in project.workflow.leaving(issue.status):
        fields: Json = {}
        if way.resolution != "absent":
            fields["resolution"] = {
                "required": way.resolution == "required",
                "hasDefaultValue": False,
                "name": "Resolution",
                "allowedValues": allowed,
            }
        step = project.workflow.status(way.to)
        given: Json = {"id": way.id, "name": way.name, "to": views.status(step), "hasScreen": bool(fields)}
        if "transitions.fields" in _names(asked, "expand"):
            given["fields"] = fields
        shown.append(given)
    return Answer(body={"expand": "transitions", "transitions": [] if "TRANSITION_ISSUES" in api.denied else shown})


def _transit(api: Api, asked: Asked, key: str) -> Answer:
    api.tracker.transit(api.viewer(asked), api.tracker.issue(key), mapping(asked.body))
    return Answer(status=204)


def _comments(api: Api, asked: Asked, key: str) -> Answer:
    shown = [
        views.comment(api.tracker, given, api.viewer(asked), asked.version) for given in api.tracker.issue(key).comments
    ]
    if asked.query.get("orderBy") == "-created":
        shown.reverse()
    size = int(asked.query.get("maxResults", "5000"))
    return Answer(body={"comments": shown[:size], "total": len(shown), "startAt": 0, "maxResults": size})


def _comment(api: Api, asked: Asked, key: str) -> Answer:
    api.need("ADD_COMMENTS")
    made = api.tracker.comment(api.viewer(asked), api.tracker.issue(key), mapping(asked.body).get("body"))
    return Answer(status=201, body=views.comment(api.tracker, made, api.viewer(asked), asked.version))


def _remote_link(api: Api, asked: Asked, key: str) -> Answer:
    issue, given = api.tracker.issue(key), dict(mapping(asked.body))
    same = [link for link in issue.remote_links if given.get("globalId") and link.get("globalId") == given["globalId"]]
    if same:
        same[0].update(given)
        return Answer(status=200, body={"id": same[0]["id"]})
    given["id"] = len(issue.remote_links) + 1
    issue.remote_links.append(given)
    return Answer(status=201, body={"id": given["id"]})


def _attach(api: Api, asked: Asked, key: str) -> Answer:
    issue = api.tracker.issue(key)
    name = re.search(rb'filename="([^"]*)"', asked.raw)
    content = asked.raw.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0].rpartition(b"\r\n--")[0]
    if name is None:
        raise Refusal(400, "No file was sent.")
    issue.attachments.append(
        (name[1].decode(), content or asked.raw.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0])
    )
    api.tracker.touch(api.viewer(asked), issue)
    return Answer(body=[{"filename": name[1].decode()}])


def _property(api: Api, asked: Asked, key: str, name: str) -> Answer:
    issue = api.tracker.issue(key)
    if asked.method == "GET":
        if name not in issue.properties:
            raise Refusal(404, f"The property {name} does not exist.")
        return Answer(body={"key": name, "value": issue.properties[name]})
    known = name in issue.properties
    issue.properties[name] = asked.body
    return Answer(status=200 if known else 201)


def _link(api: Api, asked: Asked) -> Answer:
    api.need("LINK_ISSUES")
    body = mapping(asked.body)
    inward = api.tracker.issue(str(mapping(body.get("inwardIssue")).get("key")))
    outward = api.tracker.issue(str(mapping(body.get("outwardIssue")).get("key")))
    kind = str(mapping(body.get("type")).get("name"))
    if kind not in ("Duplicate", "Relates"):
        raise Refusal(404, f"No issue link type with name '{kind}' found.")
    inward.links.append((kind, outward.key))
    api.tracker.touch(api.viewer(asked), inward)
    return Answer(status=201)


def _search(api: Api, asked: Asked) -> Answer:
    if asked.path == "search" and api.tracker.cloud:
        raise Refusal(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")
    if asked.path == "search/jql" and not api.tracker.cloud:
        raise Refusal(404, "No such path")
    given: Mapping[str, object] = mapping(asked.body) or asked.query
    if not api.tracker.cloud and (extra := set(given) - _SEARCH_ON_DATA_CENTER):
        raise Refusal(400, f'Unrecognized field "{min(extra)}"')
    found = api.tracker.search(str(given.get("jql", "")))
    size = int(str(given.get("maxResults", 50)))
    if asked.path == "search":
        start = int(str(given.get("startAt", 0)))
        page = [api.shown(asked, issue) for issue in found[start : start + size]]
        return Answer(body={"startAt": start, "maxResults": size, "total": len(found), "issues": page})
    start = int(str(given.get("nextPageToken", "page-0")).removeprefix("page-"))
    page = [api.shown(asked, issue) for issue in found[start : start + size]]
    if start + size < len(found):
        return Answer(body={"issues": page, "nextPageToken": f"page-{start + size}", "isLast": False})
    return Answer(body={"issues": page, "isLast": True})


def _bulk_fetch(api: Api, asked: Asked) -> Answer:
    found, missing = [], []
    for key in items_of(mapping(asked.body).get("issueIdsOrKeys")):
        try:
            found.append(api.shown(asked, api.tracker.issue(str(key))))
        except Refusal:
            missing.append({"id": str(key), "errorMessage": "Issue not found."})
    return Answer(body={"issues": found, "issueErrors": missing})


def _assignable(api: Api, asked: Asked) -> Answer:
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


_KEY = "([^/]+)"
_ROUTES: tuple[tuple[str, re.Pattern[str], _Act], ...] = tuple(
    (method, re.compile(path), act)
    for method, path, act in (
        ("GET", "serverInfo", _server_info),
        ("GET", "myself", _myself),
        ("GET", "mypermissions", _permissions),
        ("GET", f"project/{_KEY}", _project),
        ("GET", f"project/{_KEY}/statuses", _statuses),
        ("GET", f"issue/createmeta/{_KEY}/issuetypes", _types),
        ("GET", f"issue/createmeta/{_KEY}/issuetypes/{_KEY}", _create_fields),
        ("POST", "issue/bulkfetch", _bulk_fetch),
        ("POST", "issue", _create),
        ("GET", f"issue/{_KEY}", _read),
        ("PUT", f"issue/{_KEY}", _edit),
        ("GET", f"issue/{_KEY}/transitions", _transitions),
        ("POST", f"issue/{_KEY}/transitions", _transit),
        ("GET", f"issue/{_KEY}/comment", _comments),
        ("POST", f"issue/{_KEY}/comment", _comment),
        ("POST", f"issue/{_KEY}/remotelink", _remote_link),
        ("POST", f"issue/{_KEY}/attachments", _attach),
        ("GET", f"issue/{_KEY}/properties/{_KEY}", _property),
        ("PUT", f"issue/{_KEY}/properties/{_KEY}", _property),
        ("POST", "issueLink", _link),
        ("GET", "search", _search),
        ("POST", "search", _search),
        ("GET", "search/jql", _search),
        ("POST", "search/jql", _search),
        ("GET", "user/assignable/search", _assignable),
    )
)
