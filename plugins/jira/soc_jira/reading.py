"""Reads values out of JSON whose shape nobody guarantees."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from soc_core import Incident
from soc_jira.settings import TRACKER

_NOTHING: Mapping[str, object] = MappingProxyType({})


def mapping(value: object, *path: str) -> Mapping[str, object]:
    """The JSON object at a path of names, or an empty one."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else _NOTHING


def objects(value: object) -> Iterator[Mapping[str, object]]:
    """The JSON objects of a list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def strings(value: object) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def text(value: Mapping[str, object], *path: str) -> str:
    """The text at a path of names, or an empty one."""
    found = mapping(value, *path[:-1]).get(path[-1])
    return "" if found is None or isinstance(found, Mapping | list) else str(found)


def kept_number(incident: Incident, name: str) -> int:
    """A number that we kept with an incident; 0 if there is none."""
    value = incident.refs.get(f"{TRACKER}:{name}", "0")
    return int(value) if value.isdigit() else 0
