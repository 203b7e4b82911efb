"""What can be done with an issue of the pretended JIRA: made, read, changed, moved on, commented, linked."""

import re

from soc_core.testing.jira import views
from soc_core.testing.jira.api import Answer, Api, Asked, names
from soc_core.testing.jira.screens import items_of, mapping
from soc_core.testing.jira.site import Json, Refusal


def create(api: Api, asked: Asked) -> Answer:
    """Make an issue."""
    api.need("CREATE_ISSUES", 400)
    body = mapping(asked.body)
    made = api.tracker.create(api.viewer(asked), mapping(body.get("fields")), body.get("properties"))
    link = f"{api.base}/rest/api/{asked.version}/issue/{made.id}"
    return Answer(status=201, body={"id": made.id, "key": made.key, "self": link})


def read(api: Api, asked: Asked, key: str) -> Answer:
    """One issue."""
    return Answer(body=api.shown(asked, api.tracker.issue(key)))


def edit(api: Api, asked: Asked, key: str) -> Answer:
    """Change fields, or add to them."""
    api.need("EDIT_ISSUES")
    api.tracker.edit(api.viewer(asked), api.tracker.issue(key), mapping(asked.body))
    return Answer(status=204)


def transitions(api: Api, asked: Asked, key: str) -> Answer:
    """The ways that lead on from an issue's status."""
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
        if "transitions.fields" in names(asked, "expand"):
            given["fields"] = fields
        shown.append(given)
    return Answer(body={"expand": "transitions", "transitions": [] if "TRANSITION_ISSUES" in api.denied else shown})


def transit(api: Api, asked: Asked, key: str) -> Answer:
    """Take one of them."""
    api.tracker.transit(api.viewer(asked), api.tracker.issue(key), mapping(asked.body))
    return Answer(status=204)


def comments(api: Api, asked: Asked, key: str) -> Answer:
    """The comments of an issue."""
    shown = [
        views.comment(api.tracker, given, api.viewer(asked), asked.version) for given in api.tracker.issue(key).comments
    ]
    if asked.query.get("orderBy") == "-created":
        shown.reverse()
    size = int(asked.query.get("maxResults", "5000"))
    return Answer(body={"comments": shown[:size], "total": len(shown), "startAt": 0, "maxResults": size})


def comment(api: Api, asked: Asked, key: str) -> Answer:
    """Write one."""
    api.need("ADD_COMMENTS")
    made = api.tracker.comment(api.viewer(asked), api.tracker.issue(key), mapping(asked.body).get("body"))
    return Answer(status=201, body=views.comment(api.tracker, made, api.viewer(asked), asked.version))


def remote_link(api: Api, asked: Asked, key: str) -> Answer:
    """Link to something outside; the same global id is the same link."""
    issue, given = api.tracker.issue(key), dict(mapping(asked.body))
    same = [link for link in issue.remote_links if given.get("globalId") and link.get("globalId") == given["globalId"]]
    if same:
        same[0].update(given)
        return Answer(status=200, body={"id": same[0]["id"]})
    given["id"] = len(issue.remote_links) + 1
    issue.remote_links.append(given)
    return Answer(status=201, body={"id": given["id"]})


def attach(api: Api, asked: Asked, key: str) -> Answer:
    """Attach a file."""
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


def kept_property(api: Api, asked: Asked, key: str, name: str) -> Answer:
    """Read or write a property of an issue."""
    issue = api.tracker.issue(key)
    if asked.method == "GET":
        if name not in issue.properties:
            raise Refusal(404, f"The property {name} does not exist.")
        return Answer(body={"key": name, "value": issue.properties[name]})
    known = name in issue.properties
    issue.properties[name] = asked.body
    return Answer(status=200 if known else 201)


def link(api: Api, asked: Asked) -> Answer:
    """Link two issues."""
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


def bulk_fetch(api: Api, asked: Asked) -> Answer:
    """Many issues at once."""
    found, missing = [], []
    for key in items_of(mapping(asked.body).get("issueIdsOrKeys")):
        try:
            api.may_see(str(key))
            found.append(api.shown(asked, api.tracker.issue(str(key))))
        except Refusal:
            missing.append({"id": str(key), "errorMessage": "Issue not found."})
    return Answer(body={"issues": found, "issueErrors": missing})
