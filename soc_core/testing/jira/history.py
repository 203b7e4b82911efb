"""How the pretended JIRA notes down what changed: each field with its old and its new value, by id and by name."""

from collections.abc import Iterable, Mapping

from soc_core.testing.jira.site import Issue, Json, Project, User

Named = tuple[str | None, str | None]
"""A value by its id and by the name that people see."""


def visible(issue: Issue) -> Json:
    """What the history knows of an issue."""
    return {
        "status": issue.status,
        "assignee": issue.assignee,
        "priority": issue.priority,
        "resolution": issue.resolution,
        "labels": " ".join(issue.labels),
        "duedate": issue.fields.get("duedate"),
    }


def changes(
    before: Json, after: Json, *, users: Mapping[str, User], projects: Iterable[Project], cloud: bool
) -> list[Json]:
    """The items of one history entry."""
    statuses = [status for project in projects for status in project.workflow.statuses]

    def named(field: str, value: object) -> Named:
        if value is None:
            return None, None
        if field == "assignee":
            user = users[str(value)]
            return (user.id if cloud else user.key), user.display
        if field == "status":
            return next(status.id for status in statuses if status.name == value), str(value)
        return None, str(value)

    return [
        {"field": field, "fieldId": field, **_from_to(named(field, before[field]), named(field, after[field]))}
        for field in after
        if before[field] != after[field]
    ]


def _from_to(old: Named, new: Named) -> Json:
    return {"from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}
