"""Which product wrote a JSON event, and what it says by that product's names."""

from collections.abc import Mapping
from datetime import datetime

from soc_core.stages.intake.formats.entities import address, outcome_of
from soc_core.stages.intake.formats.facts import Facts, fill
from soc_core.stages.intake.formats.flat import first, flatten, present, text
from soc_core.stages.intake.formats.products import GENERIC, SHAPES, Shape
from soc_core.stages.intake.formats.severity import SEVERITIES, Severities
from soc_core.stages.intake.formats.times import read_time
from soc_core.stages.intake.formats.windows import windows_facts

_LEVELS = ("log.level", "level", "loglevel", "levelname", "lvl", "severitytext")


def shape_facts(event: Mapping[str, object], received: datetime, severities: Severities = SEVERITIES) -> Facts:
    """Read an event by the first shape that fits, then, for what is missing, by the names most products use."""
    event, wrapper = _unwrapped(event)
    flat = flatten(event)
    facts: Facts = {"fields": wrapper or event, "schema": "json"}
    windows = windows_facts(event, flat, received)
    if windows is not None:
        facts.update(windows)
        fill(facts, _by(GENERIC, flat, received, severities, stated=False))
        return facts
    for shape in SHAPES:
        if flat.keys() >= shape.needs:
            fill(facts, _by(shape, flat, received, severities))
            facts["schema"] = shape.name
            if shape.name == "wazuh" and isinstance(data := event.get("data"), Mapping):
                fill(facts, shape_facts(data, received, severities))
            break
    else:
        shape = GENERIC
    fill(facts, _by(GENERIC, flat, received, severities, stated=shape.name in ("json", "ecs")))
    return facts


def _by(
    shape: Shape, flat: Mapping[str, object], received: datetime, severities: Severities, *, stated: bool = True
) -> Facts:
    facts: Facts = {}
    if source := text(first(flat, shape.sources)) or shape.source:
        facts["source"] = source
    if stated:
        facts["severity"] = _severity(shape, flat, severities)
    facts["host"] = text(first(flat, shape.host))
    facts["user"] = text(first(flat, shape.user))
    for path in present(flat, shape.ip):
        if (ip := address(flat[path])) is not None:
            facts["ip"] = ip
            break
    facts["time"] = read_time(first(flat, shape.time), received)
    facts["action"] = text(first(flat, shape.action))
    for path in present(flat, shape.outcome):
        if (outcome := outcome_of(flat[path])) is not None:
            facts["outcome"] = outcome
            break
    else:
        if shape.failed_if:
            facts["outcome"] = "success" if first(flat, shape.failed_if) is None else "failure"
    return facts


def _severity(shape: Shape, flat: Mapping[str, object], severities: Severities) -> float | None:
    for path in present(flat, shape.severity):
        if (stated := flat[path]) is not None and (severity := shape.scale(severities, stated)) is not None:
            return severity
    if shape is GENERIC and (level := first(flat, _LEVELS)) is not None:
        return severities.of_level(level)
    return None


def _unwrapped(event: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, object] | None]:
    """What an envelope holds: EventBridge's `detail`, CloudEvents' `data`, or an integration named by `integration`."""
    inner: object = None
    if "detail-type" in event:
        inner = event.get("detail")
    elif "specversion" in event and "type" in event:
        inner = event.get("data")
    elif isinstance(name := event.get("integration"), str):
        inner = event.get(name)
    if not isinstance(inner, dict):
        return event, None
    outer = {key: value for key, value in event.items() if value is not inner}
    return {**outer, **inner}, event
