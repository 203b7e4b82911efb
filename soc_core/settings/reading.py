"""Makes typed values of what was written: each error names the key, the place, and the form that is expected."""

import difflib
import enum
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

import attrs

from soc_core.errors import NotConfigured, PluginError, SettingsError
from soc_core.model.duration import parse_duration
from soc_core.model.setting import ENV, HELP, Secret
from soc_core.settings import places
from soc_core.settings.places import Places, Source

_T = TypeVar("_T")

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@attrs.frozen(kw_only=True)
class Written:
    """What was written for one setting, and what is needed to understand it.

    Args:
        raw: As TOML, the environment or the caller gave it.
        path: What the setting is called.
        places: Where settings were written.
        env: Where `{ env = "NAME" }` looks.
        base: The folder that file names are relative to.
    """

    raw: object
    path: places.Path
    places: Places
    env: Mapping[str, str]
    base: Path

    def inner(self, key: str, raw: object) -> "Written":
        """A part of it."""
        return attrs.evolve(self, raw=raw, path=(*self.path, key))

    def wrong(self, expected: str) -> SettingsError:
        """The error that it has the wrong form."""
        return self.error(f"must be {expected}, not {_said(self.raw)}")

    def error(self, text: str) -> SettingsError:
        """An error about it, with its name and place."""
        place = self.places.of(self.path)
        before = "" if place.source is Source.DEFAULT else f"{place}: "
        return SettingsError(f"{before}{places.shown(self.path) or 'settings'} {text}")

    @property
    def is_plain_text(self) -> bool:
        """Whether it came from where everything is text, so that `5` and `a,b` have to be understood."""
        return isinstance(self.raw, str) and self.places.of(self.path).source in (Source.ENVIRONMENT, Source.CALLER)


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
        return _finite(written) if kind is float else written.raw
    if attrs.has(kind):
        return read_class(kind, written)
    if issubclass(kind, enum.Enum):
        return _one_of({str(choice.value): choice for choice in kind}, written)
    if kind in _SIMPLE:
        return _SIMPLE[kind](written)
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
        raise _culprit(written, values, str(error)).error(f"is wrong: {error}") from error


@attrs.frozen(kw_only=True)
class Field:
    """A setting as its class declares it."""

    name: str
    key: str
    kind: object
    default: object
    help: str
    env: str | None

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is attrs.NOTHING

    @property
    def default_value(self) -> object:
        """The default; a factory is asked."""
        factory = getattr(self.default, "factory", None)
        return factory() if callable(factory) else self.default

    @property
    def table(self) -> type | None:
        """The class of the table that it is, or None for a single value."""
        return self.kind if isinstance(self.kind, type) and attrs.has(self.kind) else None


def fields_of(cls: type) -> tuple[Field, ...]:
    """The settings that a class declares.

    Raises:
        PluginError: It is no attrs class, or its types cannot be resolved.
    """
    if not attrs.has(cls):
        raise PluginError(f"{cls.__qualname__} must be an attrs class: write @attrs.frozen(kw_only=True) above it")
    try:
        hints = typing.get_type_hints(cls)
    except NameError as error:
        raise PluginError(f"the types of {cls.__qualname__} must be importable when it is read: {error}") from error
    return tuple(
        Field(
            name=one.name,
            key=one.alias or one.name,
            kind=hints[one.name],
            default=one.default,
            help=one.metadata.get(HELP, ""),
            env=one.metadata.get(ENV),
        )
        for one in attrs.fields(cls)
        if one.init
    )


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown name."""
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f": did you mean {near[0]!r}?"
    return f"; known are {', '.join(known)}" if known else ""


def _culprit(written: Written, values: Mapping[str, object], text: str) -> Written:
    """The setting that an error of a constructor speaks of: the one it names, or the only one there is."""
    named = [key for key in values if key in text] or (list(values) if len(values) == 1 else [])
    return written.inner(named[0], None) if len(named) == 1 else written


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


def _text(written: Written) -> str:
    if not isinstance(written.raw, str):
        raise written.wrong("a text")
    return written.raw


def _truth(written: Written) -> bool:
    word = str(written.raw).casefold()
    if written.is_plain_text and word in _TRUE | _FALSE:
        return word in _TRUE
    raise written.wrong("true or false")


def _whole_number(written: Written) -> int:
    if written.is_plain_text:
        try:
            return int(str(written.raw))
        except ValueError as error:
            raise written.wrong("a whole number") from error
    raise written.wrong("a whole number")


def _finite(written: Written) -> float:
    raw = written.raw
    if not isinstance(raw, bool) and (isinstance(raw, int | float) or written.is_plain_text):
        try:
            number = float(str(raw))
        except ValueError as error:
            raise written.wrong("a number") from error
        if math.isfinite(number):
            return number
    raise written.wrong("a number")


def _duration(written: Written) -> timedelta:
    if not isinstance(written.raw, str):
        raise written.wrong('a duration such as "90s", "4h" or "1w"')
    try:
        return parse_duration(written.raw)
    except ValueError as error:
        raise written.wrong('a duration such as "90s", "4h" or "1w"') from error


def _secret(written: Written) -> Secret:
    raw = written.raw
    if isinstance(raw, str):
        if written.places.of(written.path).source is Source.ENVIRONMENT:
            return Secret(raw)
        raise written.error('is a secret: write { file = "PATH" } or { env = "NAME" } instead of the secret itself')
    if isinstance(raw, Mapping) and len(raw) == 1:
        [(where, name)] = raw.items()
        if where == "env" and isinstance(name, str):
            if name in written.env:
                return Secret(written.env[name])
            raise written.error(f"is to come from the environment, but {name} is not set there")
        if where == "file" and isinstance(name, str):
            return Secret(_content(written, written.base / Path(name).expanduser()))
    raise written.error('is a secret: write { file = "PATH" } or { env = "NAME" }')


def _content(written: Written, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise written.error(f"is to come from the file {path}, which cannot be read: {reason}") from error


def _file_name(written: Written) -> Path:
    path = Path(_text(written)).expanduser()
    return written.base / path if written.places.of(written.path).source is Source.FILE else path


def _moment(kind: type[date] | type[time]) -> Callable[[Written], object]:
    def moment(written: Written) -> object:
        try:
            return kind.fromisoformat(_text(written))
        except ValueError as error:
            raise written.wrong(f"a {kind.__name__} such as {_EXAMPLES[kind]}") from error

    return moment


_EXAMPLES: Mapping[type, str] = {date: "2026-12-24", time: "09:00", datetime: "2026-12-24T09:00:00Z"}
_SIMPLE: Mapping[type, Callable[[Written], object]] = {
    str: _text,
    bool: _truth,
    int: _whole_number,
    float: _finite,
    timedelta: _duration,
    Secret: _secret,
    Path: _file_name,
    date: _moment(date),
    time: _moment(time),
    datetime: _moment(datetime),
}


def _said(raw: object) -> str:
    if isinstance(raw, Mapping):
        return "a table"
    if isinstance(raw, list | tuple):
        return "a list"
    text = repr(raw) if isinstance(raw, str | int | float) else f"a {type(raw).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"
