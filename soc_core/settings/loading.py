"""Puts the settings together: defaults, then `soc.toml`, then the environment, then the command line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from soc_core.errors import SettingsError
from soc_core.model.people import Rota
from soc_core.settings import places
from soc_core.settings.fields import fields_of
from soc_core.settings.house import APART, PluginChoice, Settings
from soc_core.settings.places import CALLER, Place, Places, Source, places_of_keys
from soc_core.settings.reading import did_you_mean, read_class
from soc_core.settings.values import Written

CONFIG = "SOC_CONFIG"
"""The environment name of the file."""

_T = TypeVar("_T")
_Table = dict[str, object]
_TRIGGERS = "triggers"
_NOTHING: Mapping[str, object] = {}
_BROKEN_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def load(*, config: Path | None, env: Mapping[str, str], overrides: Mapping[str, object] = _NOTHING) -> Settings:
    """The settings that follow from a file, an environment and a command line; nothing else is read.

    Args:
        config: A `soc.toml`; None takes the one that `SOC_CONFIG` names, if any.
        env: Environment variables; empty ones count as absent.
        overrides: What beats all other settings, by dotted name: `{"delivery.workers": 8}`.

    Raises:
        SettingsError: Something is wrong; the text names the key and the place.
    """
    path = config or (Path(env[CONFIG]).expanduser() if env.get(CONFIG) else None)
    table, known = ({}, {}) if path is None else _read(path)
    _lift_triggers(table, known)
    _overlay(table, known, _from_environment(Settings, env, ()))
    for name, value in overrides.items():
        named = tuple(name.split("."))
        full = ("plugins", *named) if named[0] == _TRIGGERS else named
        _overlay(table, known, ((one, raw, CALLER) for one, raw in _leaves(full, value)))
    where = Places(known)
    base = Path() if path is None else path.parent
    written = Written(raw=table, path=(), places=where, env=env, base=base)
    _refuse_unknown(table, written)
    choice, tables = _plugins(written.inner("plugins", table.pop("plugins", {})))
    settings = read_class(Settings, written, apart=APART, plugins=choice, tables=tables, places=where, config=path)
    if settings.rota_file is not None:
        settings = _with_rota(settings, settings.rota_file)
    _refuse_strangers(settings)
    return settings


def plugin_settings(name: str, cls: type[_T], settings: Settings, env: Mapping[str, str]) -> _T:
    """The settings of one plugin: an instance of its nested class `Settings`.

    Raises:
        SettingsError: Something is wrong; the text names the key and the place.
        PluginError: The class is not one that can be read.
    """
    table, where = with_environment(name, cls, settings, env)
    base = Path() if settings.config is None else settings.config.parent
    return read_class(cls, Written(raw=table, path=("plugins", name), places=where, env=env, base=base))


def with_environment(
    name: str, cls: type, settings: Settings, env: Mapping[str, str]
) -> tuple[Mapping[str, object], Places]:
    """The table of a plugin with what the environment adds to it, and where each part was written."""
    here = ("plugins", name)
    table, known = _copied(settings.tables.get(name, {})), dict(settings.places.known)
    for path, raw, place in _from_environment(cls, env, here):
        if settings.places.of(path).source is not Source.CALLER:
            _put(table, path[len(here) :], raw)
            known[path] = place
    return table, Places(known)


def check_tables(settings: Settings, installed: Iterable[str]) -> None:
    """Refuse a table of a plugin that is not there: most are misspelt, and settings without effect mislead.

    Raises:
        SettingsError: There is such a table, and `[plugins] disable` does not name the plugin.
    """
    names = set(installed)
    for name in settings.tables:
        if name not in names and name not in settings.plugins.disable:
            path = ("plugins", name)
            place = settings.places.of(path)
            cure = did_you_mean(name, names) or "; install it or take its table out"
            raise SettingsError(f"{place}: {places.shown(path)} is of no installed plugin{cure}")


def _read(path: Path) -> tuple[_Table, dict[places.Path, Place]]:
    try:
        text = path.read_text(encoding="utf-8")
        table: _Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _BROKEN_LINE.search(str(error))
        raise SettingsError(f"{path}{f':{line[1]}' if line else ''}: this is no TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}") from error
    return table, places_of_keys(text, str(path))


def _lift_triggers(table: _Table, known: dict[places.Path, Place]) -> None:
    """`[triggers]` is a short way to write `[plugins.triggers]`."""
    if _TRIGGERS not in table:
        return
    plugins = table.setdefault("plugins", {})
    if not isinstance(plugins, dict) or _TRIGGERS in plugins:
        raise SettingsError(f"{known[(_TRIGGERS,)]}: [triggers] and [plugins.triggers] are the same table: write one")
    plugins[_TRIGGERS] = table.pop(_TRIGGERS)
    known.update({("plugins", *key): place for key, place in known.items() if key[0] == _TRIGGERS})


def _refuse_unknown(table: _Table, written: Written) -> None:
    """Refuse keys at the top that mean nothing; a plugin's name without `plugins.` before it is a frequent slip."""
    known = {field.key for field in fields_of(Settings)}.difference(APART) | {_TRIGGERS}
    for key, raw in table.items():
        if key not in known:
            hint = did_you_mean(key, known)
            if isinstance(raw, Mapping) and "did you mean" not in hint:
                hint = f": settings of a plugin stand in [plugins.{key}]"
            raise written.inner(key, raw).error(f"is unknown{hint}")


def _plugins(written: Written) -> tuple[PluginChoice, dict[str, Mapping[str, object]]]:
    if not isinstance(written.raw, Mapping):
        raise written.wrong("a table such as [plugins]")
    own = {field.key for field in fields_of(PluginChoice)}
    tables: dict[str, Mapping[str, object]] = {}
    for key, raw in written.raw.items():
        if key in own:
            continue
        if not isinstance(raw, Mapping):
            raise written.inner(key, raw).error(f"is unknown{did_you_mean(key, own)}")
        tables[key] = raw
    choice = {key: raw for key, raw in written.raw.items() if key in own}
    return read_class(PluginChoice, attrs.evolve(written, raw=choice)), tables


def _with_rota(settings: Settings, path: Path) -> Settings:
    if settings.rota != Rota():
        raise SettingsError(f"{settings.places.of(('rota_file',))}: [rota] and rota_file cannot both be written")
    table, known = _read(path)
    below = {("rota", *key): place for key, place in known.items()}
    where = Places({**settings.places.known, **below})
    written = Written(raw=table, path=("rota",), places=where, env={}, base=path.parent)
    return attrs.evolve(settings, rota=read_class(Rota, written), places=where)


def _refuse_strangers(settings: Settings) -> None:
    """A deputy or member that nobody is called is a spelling mistake that would show when it is too late."""
    names = [person.name for person in settings.people]
    teams = [team.name for team in settings.teams] + [team for person in settings.people for team in person.teams]
    mentioned: list[tuple[places.Path, str | None]] = []
    mentioned += [(("people", person.name, "deputy"), person.deputy) for person in settings.people]
    for team in settings.teams:
        mentioned += [(("teams", team.name, "members"), member) for member in team.members]
        mentioned += [(("teams", team.name, "lead"), team.lead)]
    mentioned += [(("rota", "leave", str(at), "person"), one.person) for at, one in enumerate(settings.rota.leave)]
    for at, shift in enumerate(settings.rota.shifts):
        mentioned += [(("rota", "shifts", str(at), "people"), name) for name in shift.people if name not in teams]
    for path, name in mentioned:
        if name is not None and name not in names:
            place = settings.places.of(path)
            raise SettingsError(
                f"{place}: {places.shown(path)} names {name!r}, who is not in [people]{did_you_mean(name, names)}"
            )


def _from_environment(cls: type, env: Mapping[str, str], here: places.Path) -> list[tuple[places.Path, object, Place]]:
    found: list[tuple[places.Path, object, Place]] = []
    for field in fields_of(cls):
        path = (*here, field.key)
        if field.env is not None and env.get(field.env):
            found.append((path, env[field.env], Place(Source.ENVIRONMENT, field.env)))
        elif field.table is not None:
            found.extend(_from_environment(field.table, env, path))
    return found


def _overlay(
    table: _Table, known: dict[places.Path, Place], values: Iterable[tuple[places.Path, object, Place]]
) -> None:
    for path, raw, place in values:
        _put(table, path, raw)
        known[path] = place


def _put(table: _Table, path: places.Path, raw: object) -> None:
    for part in path[:-1]:
        below = table.setdefault(part, {})
        if not isinstance(below, dict):
            below = table[part] = {}
        table = below
    table[path[-1]] = raw


def _leaves(path: places.Path, value: object) -> list[tuple[places.Path, object]]:
    if isinstance(value, Mapping) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves((*path, str(key)), inner)]
    return [(path, value)]


def _copied(table: Mapping[str, object]) -> _Table:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in table.items()}
