"""Writes the `[plugins.jira]` table that fits the project at hand, as `soc jira mapping` prints it."""

import json
from collections.abc import Iterable, Mapping

from soc_core import Priority
from soc_jira.fields import priority_name
from soc_jira.project import Directory
from soc_jira.settings import Settings
from soc_jira.workflow import meaning

_KNOWN = frozenset({"project", "issuetype", "summary", "description", "labels", "priority", "duedate", "reporter"})


def mapping_toml(directory: Directory, settings: Settings) -> str:
    """The table as TOML; lines that only repeat what holds anyway are there to be changed."""
    project = directory.project()
    words = {one.value: name for one in Priority if (name := priority_name(one, project, settings))}
    types = [name for name in settings.issue_types if name in project.types]
    lines = [
        "[plugins.jira]",
        f"# {project.key} has the types {', '.join(project.types)}",
        f"issue_types = {_list(types)}",
        f"priorities = {_table(words)}",
        f"statuses = {_table({step.name: meaning(step, settings.statuses).value for step in directory.steps()})}",
    ]
    if components := project.allowed("components"):
        lines.append(f"# components = {_list(components)}")
    required = [field for field in project.fields.values() if field.required and field.id not in _KNOWN]
    if required:
        lines += ["", "[plugins.jira.fields]", "# Every ticket needs these; give them a value:"]
        lines += [f'{field.id} = {{ value = "" }}  # {field.name}' for field in required]
    return "\n".join(lines) + "\n"


def _list(names: Iterable[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _table(words: Mapping[str, str]) -> str:
    inner = ", ".join(f"{_quoted(name)} = {_quoted(value)}" for name, value in words.items())
    return f"{{ {inner} }}"


def _quoted(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
