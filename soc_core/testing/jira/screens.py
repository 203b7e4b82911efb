"""What the pretended JIRA says about the values of an issue's fields: its limits, its forms, its words of refusal."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from soc_core.testing.jira import adf
from soc_core.testing.jira.site import Project, Refusal, User

LONGEST_TEXT = 32_767
NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")

Errors = Iterator[tuple[str, str]]


def field_errors(project: Project, name: str, value: object, *, user: User | None, cloud: bool) -> Errors:
    """What is wrong with the value of one field; `user` is who an assignee turned out to be."""
    if name == "description":
        yield from ((name, fault) for fault in text_faults(value, cloud=cloud))
    elif name == "assignee":
        if user is not None and not user.assignable:
            yield name, f"User '{user.display}' cannot be assigned issues."
    elif name in project.datetimes:
        if not (isinstance(value, str) and _INSTANT.fullmatch(value)):
            yield name, "Error parsing date time string."
    elif name in _CHECKS:
        yield from ((name, fault) for fault in _CHECKS[name](project, value))


def text_faults(value: object, *, cloud: bool) -> list[str]:
    """What is wrong with a long text: an Atlassian document for version 3, a string for version 2."""
    if cloud and isinstance(value, Mapping):
        return adf.faults_of(value) or _too_long(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, str):
        return ["Operation value must be a string"]
    return _too_long(value)


def label_errors(labels: object) -> Errors:
    """What is wrong with labels."""
    for label in items_of(labels):
        if not isinstance(label, str) or not label or re.search(r"\s", label):
            yield "labels", f"The label '{label}' contains spaces which is invalid."
        elif len(label) > 255:
            yield "labels", f"The label '{label}' exceeds the maximum length for a single label."


def operations(update: object) -> tuple[list[str], list[str], list[object]]:
    """Labels to add, labels to remove and comments to write, from the `update` of an edit."""
    adds, removes, comments = [], [], []
    for field, asked in mapping(update).items():
        for operation in items_of(asked):
            for verb, value in mapping(operation).items():
                if field == "labels" and verb == "add":
                    adds.append(str(value))
                elif field == "labels" and verb == "remove":
                    removes.append(str(value))
                elif field == "comment" and verb == "add":
                    comments.append(mapping(value).get("body"))
                else:
                    raise Refusal(400, errors={field: NOT_ON_SCREEN.format(field)})
    return adds, removes, comments


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items_of(value: object) -> Sequence[object]:
    """The value if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else ()


def pairs(properties: object) -> Iterator[tuple[str, object]]:
    """The names and values of issue properties."""
    for pair in items_of(properties):
        yield str(mapping(pair)["key"]), mapping(pair)["value"]


def _summary(project: Project, value: object) -> Iterator[str]:
    text = value if isinstance(value, str) else ""
    if "\n" in text or "\r" in text:
        yield "The summary is invalid because it contains newline characters."
    if len(text) > 255:
        yield "Summary can't exceed 255 characters."


def _labels(project: Project, value: object) -> Iterator[str]:
    yield from (fault for _, fault in label_errors(value))


def _priority(project: Project, value: object) -> Iterator[str]:
    names = {given: str(number + 1) for number, given in enumerate(project.priorities)}
    if mapping(value).get("name") not in names and mapping(value).get("id") not in names.values():
        yield "The priority selected is invalid."


def _components(project: Project, value: object) -> Iterator[str]:
    for component in items_of(value):
        if mapping(component).get("name") not in project.components:
            yield f"Component name '{mapping(component).get('name')}' is not valid"


def _duedate(project: Project, value: object) -> Iterator[str]:
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        yield f"Error parsing date string: {value}"


_CHECKS: Mapping[str, Callable[[Project, object], Iterator[str]]] = {
    "summary": _summary,
    "labels": _labels,
    "priority": _priority,
    "components": _components,
    "duedate": _duedate,
}


def _too_long(text: str) -> list[str]:
    return ["CONTENT_LIMIT_EXCEEDED: The entered text is too long."] if len(text) > LONGEST_TEXT else []
