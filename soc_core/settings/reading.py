"""Makes typed values of what was written: each error names the key, the place, and the form that is expected."""

import difflib
import enum
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

import attrs

from soc_core.errors import NotConfigured, PluginError, SettingsError
from soc_core.settings import places
from soc_core.settings.fields import Field, fields_of
from soc_core.settings.values import SIMPLE, Written, finite

_T = TypeVar("_T")


def read(kind: object, written: Written) -> object:
    """The value of type `kind` that was written.

    Raises:
        SettingsError: It has another form.
    """
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(kind), written)
    if origin is typing.Literal:
        return _one_of({str(choice): choice for choice in typing.get_args(kind)}, written)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(typing.get_args(kind), written)
    if origin is not None and issubclass(origin, Sequence | AbstractSet):
        return _several(origin, typing.get_args(kind), written)
    if not isinstance(kind, type):
        raise PluginError(f"{places.shown(written.path)}: settings of type {kind} cannot be read")
    if (
        isinstance(written.raw, kind)
        and not (kind in (int, float) and isinstance(written.raw, bool))
        and kind is not str
    ):
        return finite(written) if kind is float else written.raw
    if attrs.has(kind):
        return read_class(kind, written)
    if issubclass(kind, enum.Enum):
        return _one_of({str(choice.value): choice for choice in kind}, written)
    if kind in SIMPLE:
        return SIMPLE[kind](written)
    raise PluginError(f"{places.shown(written.path)}: settings of type {kind.__name__} cannot be read")


def read_class(cls: type[_T], written: Written, *, apart: Sequence[str] = (), **more: object) -> _T:
    """An attrs class from a table; keys are checked against its fields, `apart` are the fields that no key sets."""
    if not isinstance(written.raw, Mapping):
        raise written.wrong(f"a table such as [{places.shown(written.path)}]")
    fields = {field.key: field for field in fields_of(cls) if field.key not in {*apart, *more}}
    values: dict[str, object] = {}
    for key, raw in written.raw.items():
        if key not in fields:
            raise written.inner(key, raw).error(f"is unknown{did_you_mean(key, fields)}")
        values[key] = read(fields[key].kind, written.inner(key, raw))
    missing = [key for key, field in fields.items() if field.required and key not in values]
    if missing:
        raise written.error(f"needs {', '.join(missing)}")
    make: Callable[..., _T] = cls
    try:
        return make(**values, **more)
    except NotConfigured:
        raise
    except (SettingsError, ValueError, TypeError) as error:
        raise _culprit(written, values, fields, str(error)).error(f"is wrong: {error}") from error


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown name."""
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f"; known are {', '.join(known)}" if known else ""


def _culprit(written: Written, values: Mapping[str, object], fields: Mapping[str, Field], text: str) -> Written:
    """The setting that an error of a constructor speaks of: the one it names, that is refused, or that is alone."""
    named = [key for key in values if key in text]
    blamed = named or [key for key, value in values.items() if fields[key].refuses(value)] or list(values)
    return written.inner(blamed[0], None) if len(blamed) == 1 else written


def _union(kinds: Sequence[object], written: Written) -> object:
    if written.raw is None and types.NoneType in kinds:
        return None
    errors = []
    for kind in (kind for kind in kinds if kind is not types.NoneType):
        try:
            return read(kind, written)
        except SettingsError as error:
            errors.append(error)
    # With several forms to choose from the last one is the loosest, and its error the plainest.
    raise errors[-1]


def _one_of(choices: Mapping[str, object], written: Written) -> object:
    folded = {name.casefold(): choice for name, choice in choices.items()}
    text = str(written.raw)
    if text in choices:
        return choices[text]
    if text.casefold() in folded:
        return folded[text.casefold()]
    raise written.wrong(f"one of {', '.join(choices)}")


def _mapping(kinds: Sequence[object], written: Written) -> Mapping[object, object]:
    if not isinstance(written.raw, Mapping):
        raise written.wrong("a table such as { name = … }")
    key_kind, value_kind = kinds or (object, object)
    return {
        read(key_kind, written.inner(str(key), key)): read(value_kind, written.inner(str(key), raw))
        for key, raw in written.raw.items()
    }


def _several(origin: type, kinds: Sequence[object], written: Written) -> object:
    raw = written.raw
    if written.is_plain_text:
        raw = [part.strip() for part in str(raw).split(",") if part.strip()]
    inner = kinds[0] if kinds else object
    if isinstance(raw, str) and inner is str:
        raw = [raw]
    if isinstance(raw, Mapping) and isinstance(inner, type) and attrs.has(inner):
        # `[people.alice]`: the name of the table is the name of the person.
        named: type = inner
        items: list[object] = [read_class(named, written.inner(name, one), name=name) for name, one in raw.items()]
    elif isinstance(raw, str) or not isinstance(raw, Sequence | AbstractSet):
        raise written.wrong('a list such as ["a", "b"]')
    else:
        fixed = issubclass(origin, tuple) and Ellipsis not in kinds
        if fixed and len(raw) != len(kinds):
            raise written.wrong(f"a list of {len(kinds)}")
        each = kinds if fixed else [inner] * len(raw)
        items = [read(kind, written.inner(str(at), one)) for at, (kind, one) in enumerate(zip(each, raw, strict=True))]
    return frozenset(items) if issubclass(origin, AbstractSet) else tuple(items)
