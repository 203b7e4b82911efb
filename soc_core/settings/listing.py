"""Lists settings: where each value comes from, which environment names there are, and what can be set at all."""

import enum
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import attrs

from soc_core.model.duration import show_duration
from soc_core.model.setting import Secret
from soc_core.settings import places
from soc_core.settings.fields import Field, fields_of
from soc_core.settings.house import APART, Settings
from soc_core.settings.loading import CONFIG, plugin_settings, with_environment
from soc_core.settings.places import Places

_WORDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    timedelta: "duration",
    object: "anything",
}
_HIDDEN = "***"
_USER_OF_URL = re.compile(r"(://|^(?=[^\s@/:]+:))\S*@")
_PASSWORD_OF_URL = re.compile(r"([?&]password=)[^&\s]+")


@attrs.frozen(kw_only=True)
class Origin:
    """A setting in force, and where it comes from: `default`, `soc.toml:12`, an environment name, `command line`."""

    key: str
    value: str
    where: str


@attrs.frozen(kw_only=True)
class Described:
    """A setting that exists, for reference pages and `soc settings --env`."""

    key: str
    kind: str
    default: str
    help: str
    env: str | None
    secret: bool


def origins(settings: Settings, plugins: Mapping[str, type], env: Mapping[str, str]) -> tuple[Origin, ...]:
    """Every setting in force, those of the house first.

    Args:
        plugins: The class `Settings` of each plugin, by the plugin's name.
        env: The environment that the plugins' settings come from.

    Raises:
        SettingsError: The settings of a plugin are wrong.
    """
    found = [row for field in _own() for row in _origins(getattr(settings, field.key), (field.key,), settings.places)]
    for name, cls in plugins.items():
        where = with_environment(name, cls, settings, env)[1]
        found.extend(_origins(plugin_settings(name, cls, settings, env), ("plugins", name), where))
    return tuple(found)


def environment_names(plugins: Mapping[str, type]) -> tuple[Described, ...]:
    """Every environment name that has a meaning, those of the house first."""
    config = Described(
        key="--config", kind="path", default="soc.toml", help="The settings file", env=CONFIG, secret=False
    )
    rows = [config, *describe(Settings)]
    rows += [row for name, cls in plugins.items() for row in describe(cls, f"plugins.{name}")]
    return tuple(row for row in rows if row.env is not None)


def describe(cls: type, under: str = "") -> tuple[Described, ...]:
    """Every setting of a class, with those of its tables."""
    fields = _own() if cls is Settings else fields_of(cls)
    return tuple(row for field in fields for row in _described(field, under))


def secrets_of(value: object) -> tuple[Secret, ...]:
    """The secrets in settings, so that logs can hide them."""
    if isinstance(value, Secret):
        return (value,)
    if isinstance(value, Mapping):
        return tuple(secret for inner in value.values() for secret in secrets_of(inner))
    if isinstance(value, list | tuple | frozenset):
        return tuple(secret for inner in value for secret in secrets_of(inner))
    if attrs.has(type(value)) and not isinstance(value, Places):
        return tuple(secret for field in fields_of(type(value)) for secret in secrets_of(getattr(value, field.name)))
    return ()


def _own() -> tuple[Field, ...]:
    return tuple(field for field in fields_of(Settings) if field.key not in APART)


def _origins(value: object, path: places.Path, where: Places) -> Iterator[Origin]:
    if attrs.has(type(value)):
        for field in fields_of(type(value)):
            yield from _origins(getattr(value, field.name), (*path, field.key), where)
    elif isinstance(value, Mapping) and value and all(map(_is_table, value.values())):
        for key, inner in value.items():
            yield from _origins(inner, (*path, str(key)), where)
    elif _is_named(value):
        for inner in value if isinstance(value, tuple) else ():
            yield from _origins(inner, (*path, inner.name), where)
    else:
        yield Origin(key=places.shown(path), value=_shown(value), where=str(where.written(path)))


def _is_table(value: object) -> bool:
    return attrs.has(type(value))


def _is_named(value: object) -> bool:
    """Whether it was written as `[people.alice]`, so that names and not numbers tell the places."""
    if not isinstance(value, tuple) or not value or not all(map(_is_table, value)):
        return False
    return any(field.key == "name" and field.required for field in fields_of(type(value[0])))


def _described(field: Field, under: str) -> Iterator[Described]:
    key = f"{under}.{field.key}" if under else field.key
    if field.table is not None:
        for inner in fields_of(field.table):
            yield from _described(inner, key)
        return
    kind = _kind(field.kind)
    default = "" if field.required else _shown(field.default_value)
    yield Described(key=key, kind=kind, default=default, help=field.help, env=field.env, secret="secret" in kind)


def _kind(kind: object) -> str:
    """A type as people say it, such as `list of text`."""
    inner = [_kind(one) for one in typing.get_args(kind) if one not in (types.NoneType, Ellipsis)]
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(inner)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of {inner[-1]}"
    if origin is not None:
        return f"list of {inner[0]}"
    return _WORDS.get(kind, getattr(kind, "__name__", str(kind)).lower())


def _shown(value: object) -> str:
    """A value as it would be written in `soc.toml`, secrets as stars."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, Secret):
        return _HIDDEN
    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | frozenset) and not isinstance(value, str):
        return [_plain(inner) for inner in (sorted(value, key=str) if isinstance(value, frozenset) else value)]
    if attrs.has(type(value)):
        shown = {field.key: _plain(getattr(value, field.name)) for field in fields_of(type(value))}
        return {key: inner for key, inner in shown.items() if inner not in ("", [])}
    return _PASSWORD_OF_URL.sub(rf"\1{_HIDDEN}", _USER_OF_URL.sub(rf"\1{_HIDDEN}@", str(value)))
