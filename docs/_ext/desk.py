"""Writes the page about the desk: every name of `soc_core`, with its fields, choices and methods."""

import enum
import inspect
import re

import attrs
from pieces import arguments, code, table

import soc_core


def desk() -> str:
    """Every name of `soc_core`, by what it is."""
    named = {name: getattr(soc_core, name) for name in soc_core.__all__}
    kinds: dict[str, list[str]] = {
        "Values": [],
        "Choices": [],
        "Errors": [],
        "What is handed to plugins": [],
        "Helpers": [],
    }
    for name, one in named.items():
        kinds[_sort(one)] += [f"### {name}", "", *_shown(name, one), ""]
    return "\n".join(line for kind, lines in kinds.items() for line in (f"## {kind}", "", *lines))


def _sort(one: object) -> str:
    if not isinstance(one, type):
        return "Helpers"
    if issubclass(one, BaseException):
        return "Errors"
    if issubclass(one, enum.Enum):
        return "Choices"
    return "What is handed to plugins" if getattr(one, "_is_protocol", False) else "Values"


def _shown(name: str, one: object) -> list[str]:
    """What a name is: its sentence, and its fields, choices or methods."""
    lines = [_prose(one), ""]
    if isinstance(one, type) and issubclass(one, enum.Enum):
        return [*lines, *table(("choice", "value"), [(code(each.name), code(str(each.value))) for each in one])]
    if isinstance(one, type) and attrs.has(one):
        told, types = arguments(one), inspect.get_annotations(one)
        fields = [
            (field, _short(inspect.formatannotation(types.get(field.name, field.type)))) for field in attrs.fields(one)
        ]
        rows = [
            (
                code(field.name),
                code(kind),
                "yes" if field.default is attrs.NOTHING else "",
                told.get(field.name, ""),
            )
            for field, kind in fields
            if field.init
        ]
        lines += [*table(("field", "type", "needed", "meaning"), rows), ""]
    elif inspect.isfunction(one):
        return ["```python", name + _short(str(inspect.signature(one))), "```", "", *lines]
    elif not isinstance(one, type):
        return [code(repr(one))] if isinstance(one, int) else lines
    methods = [(each, found) for each, found in vars(one).items() if not each.startswith("_") and _is_method(found)]
    return [
        *lines,
        *table(("method", "what it does"), [(code(_called(each, found)), _prose(found)) for each, found in methods]),
    ]


def _is_method(found: object) -> bool:
    return inspect.isfunction(found) or isinstance(found, property | classmethod)


def _called(name: str, found: object) -> str:
    if isinstance(found, property):
        return name
    function = getattr(found, "__func__", found)
    return f"{name}({', '.join(list(inspect.signature(function).parameters)[1:])})"


def _short(text: str) -> str:
    """Types without the modules that they come from."""
    return re.sub(r"(?:\b[a-z_]+\.)+(\w+)", r"\1", text)


def _prose(one: object) -> str:
    """A docstring up to its lists of arguments and errors."""
    if type(one).__module__.startswith("pluggy"):
        return "Marks a function or method as the implementation of a hook."
    return re.split(r"\n\n?(?:Args|Raises):\n", inspect.getdoc(one) or "")[0]
