"""Decides what goes into a ticket's fields, from the incident and from what the project takes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from soc_core import Incident, PermanentError, Priority
from soc_jira.adf import to_adf
from soc_jira.description import ticket_text
from soc_jira.document import Document, line, size, slug
from soc_jira.project import Project
from soc_jira.settings import Settings
from soc_jira.wiki import to_wiki

LONGEST: Final = 32_000  # JIRA's own limit is 32,767
PROPERTY: Final = "soc.core"
AUTOMATED: Final = "soc-automated"
_NEEDED = frozenset({"project", "issuetype", "summary"})


@attrs.frozen(kw_only=True)
class Draft:
    """A ticket that is ready to be sent.

    Args:
        fields, properties: What goes over the wire.
        lost: What the project does not take: it stands in the description.
    """

    fields: Mapping[str, object]
    properties: tuple[Mapping[str, object], ...]
    lost: Mapping[str, str]


def draft(
    incident: Incident,
    *,
    project: Project,
    settings: Settings,
    zone: ZoneInfo,
    version: str,
    assignee: Mapping[str, str] | None = None,
    without: frozenset[str] = frozenset(),
) -> Draft:
    """The ticket of an incident; `without` are fields that JIRA refused before.

    Raises:
        PermanentError: The project wants a field of which nobody has told us.
    """
    wished = _wished(incident, settings=settings, zone=zone, project=project, assignee=assignee)
    taken = {name: value for name, value in wished.items() if project.takes(name) and name not in without}
    lost = {name: _shown(value) for name, value in wished.items() if name not in taken}
    if strange := [name for name in settings.components if name not in _known_components(settings, project)]:
        lost["components"] = ", ".join(strange)
    fields: dict[str, object] = {
        "project": {"key": project.key},
        "issuetype": {"id": project.type_id},
        "summary": line(incident.summary),
        **taken,
    }
    if project.takes("description") and "description" not in without:
        fields["description"] = _description(incident, settings=settings, zone=zone, version=version, lost=lost)
    _check_required(project, fields)
    return Draft(fields=fields, properties=({"key": PROPERTY, "value": record(incident)},), lost=lost)


def record(incident: Incident) -> dict[str, object]:
    """What the issue property keeps: enough to find the incident, and its due times to the microsecond."""
    due = {name: at.isoformat() for name, clock in incident.clocks.items() if (at := clock.due_at()) is not None}
    return {
        "incident": incident.id,
        "marker": incident.marker,
        "due": due,
        "detected": incident.detected_at.isoformat(),
    }


def offending(errors: Mapping[str, str], fields: Mapping[str, object]) -> frozenset[str]:
    """Which optional fields a refusal names; those a ticket cannot be without are never among them."""
    return frozenset(errors) & (frozenset(fields) - _NEEDED)


def priority_name(priority: Priority, project: Project, settings: Settings) -> str | None:
    """The project's word for a priority: the configured one, the same word, or the one in the same place."""
    allowed = project.allowed("priority")
    wanted = settings.priorities.get(priority, str(priority))
    if allowed is None:
        return wanted
    if wanted in allowed:
        return wanted
    if not allowed:
        return None
    # Schemes are listed most urgent first; four levels for our five leave the last for the two lowest.
    return allowed[round(priority.rank * (len(allowed) - 1) / (len(Priority) - 1))]


def priority_of(name: str, project: Project, settings: Settings) -> Priority | None:
    """Our priority for the project's word, the other way round."""
    ours = {theirs: Priority(word) for word, theirs in settings.priorities.items() if word in tuple(Priority)}
    if name in ours:
        return ours[name]
    if name in tuple(Priority):
        return Priority(name)
    return next((one for one in Priority if priority_name(one, project, settings) == name), None)


def render(document: Document, version: str) -> object:
    """A document in the form that a version of the interface wants."""
    return to_adf(document) if version == "3" else to_wiki(document)


def due_day(incident: Incident, zone: ZoneInfo) -> str | None:
    """The local day on which the incident is due."""
    due = _due(incident)
    return None if due is None else due.astimezone(zone).date().isoformat()


def due_instant(incident: Incident) -> str | None:
    """The instant at which the incident is due, as JIRA's date-time fields want it."""
    due = _due(incident)
    return (
        None
        if due is None
        else due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{due.microsecond // 1000:03d}+0000"
    )


def labels(incident: Incident, settings: Settings) -> list[str]:
    """The labels of a ticket, ours before those of the settings; the marker is what it is found by again."""
    ours = (AUTOMATED, f"severity-{incident.severity:g}", slug(incident.label), incident.marker)
    more = settings.fields.get("labels", ())
    return list(dict.fromkeys((*ours, *(map(str, more) if isinstance(more, list | tuple) else ()))))


def _wished(
    incident: Incident,
    *,
    settings: Settings,
    zone: ZoneInfo,
    project: Project,
    assignee: Mapping[str, str] | None,
) -> dict[str, object]:
    wished: dict[str, object] = {**settings.fields, "labels": labels(incident, settings)}
    name = priority_name(incident.priority, project, settings)
    wished["priority"] = {"name": name or str(incident.priority)}
    if known := _known_components(settings, project):
        wished["components"] = [{"name": name} for name in known]
    if day := due_day(incident, zone):
        wished["duedate"] = day
    if settings.due_field and (instant := due_instant(incident)):
        wished[settings.due_field] = instant
    if assignee is not None:
        wished["assignee"] = dict(assignee)
    return wished


def _known_components(settings: Settings, project: Project) -> list[str]:
    allowed = project.allowed("components")
    return [name for name in settings.components if allowed is None or name in allowed]


def _description(
    incident: Incident, *, settings: Settings, zone: ZoneInfo, version: str, lost: Mapping[str, str]
) -> object:
    dashboard = settings.dashboard_url and settings.dashboard_url.replace("{id}", incident.id)
    form: object = ""
    for longest in (2000, 400, 80):  # what is escaped grows, so the room for single values is found by trying
        form = render(ticket_text(incident, zone=zone, longest=longest, lost=lost, dashboard=dashboard), version)
        if size(form if isinstance(form, str) else json.dumps(form, ensure_ascii=False)) <= LONGEST:
            break
    return form


def _check_required(project: Project, fields: Mapping[str, object]) -> None:
    given = {*fields, "reporter"}
    missing = [field for field in project.fields.values() if field.required and field.id not in given]
    if missing:
        names = ", ".join(f"{field.name} ({field.id})" for field in missing)
        raise PermanentError(f"project {project.key} wants {names} for every {project.type}: set [plugins.jira.fields]")


def _due(incident: Incident) -> datetime | None:
    clock = incident.clocks.get("resolution")
    return None if clock is None else clock.due_at()


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(part) for part in value.values())
    return ", ".join(_shown(part) for part in value) if isinstance(value, list) else str(value)
