"""Where plugins come from: entry points, files of a folder, and the embedding program; each is built when asked."""

import importlib.metadata
import inspect
from collections.abc import Callable
from pathlib import Path

import attrs

from soc_core.errors import SettingsError
from soc_core.model.setting import Secret
from soc_core.registry.checks import Refusal
from soc_core.registry.files import loaded
from soc_core.registry.plugin import CORE, Plugin
from soc_core.registry.wording import told

_Build = Callable[[Callable[[str, type], object], list[str]], object]


@attrs.frozen
class Found:
    """A plugin before it is built; `optional` if `[plugins] only` may leave it out."""

    plugin: Plugin
    build: _Build
    optional: bool = False


def installed(entry: importlib.metadata.EntryPoint) -> Found:
    """What an entry point of a distribution names."""
    dist = entry.dist
    name, version = ("", "") if dist is None else (dist.name, dist.version)
    plugin = Plugin(name=entry.name, distribution=name, version=version, entry_point=entry.value)
    return Found(plugin, _importing(entry.name, entry.load), optional=name != CORE)


def filed(file: Path) -> Found:
    """What a file of the folder of plugins defines."""
    plugin = Plugin(name=file.stem, entry_point=str(file))
    return Found(plugin, _importing(file.stem, lambda: loaded(file)), optional=True)


def brought(name: str, obj: object) -> Found:
    """An instance or module that the embedding program brings along."""

    def make(settings_for: Callable[[str, type], object], secrets: list[str]) -> object:
        if inspect.isclass(obj):
            raise Refusal(f"is the class {obj.__name__}: hooks need an instance, such as {obj.__name__}(settings)")
        return obj

    return Found(Plugin(name=name, entry_point=f"brought along by the program as {_type_name(obj)}"), make)


def _importing(name: str, load: Callable[[], object]) -> _Build:
    def make(settings_for: Callable[[str, type], object], secrets: list[str]) -> object:
        try:
            target = load()
        except (KeyboardInterrupt, Refusal):
            raise
        # Importing runs foreign code, which may raise anything and even exit: it is named and the others go on.
        except BaseException as error:
            raise Refusal(f"cannot be imported: {told(error, secrets)}") from error
        return _instance(target, name, settings_for, secrets) if inspect.isclass(target) else target

    return make


def _instance(plugin: type, name: str, settings_for: Callable[[str, type], object], secrets: list[str]) -> object:
    settings_class = getattr(plugin, "Settings", None)
    try:
        if settings_class is None:
            return plugin()
        settings = settings_for(name, settings_class)
        secrets.extend(_secrets(settings))
        return plugin(settings)
    except (KeyboardInterrupt, SettingsError):
        raise
    # As with importing: whatever a constructor does, one line names it and the others go on.
    except BaseException as error:
        raise Refusal(f"cannot be built: {told(error, secrets)}") from error


def _secrets(settings: object) -> list[str]:
    fields: tuple[attrs.Attribute[object], ...] = getattr(type(settings), "__attrs_attrs__", ())
    values = [getattr(settings, field.name) for field in fields]
    return [value.reveal() for value in values if isinstance(value, Secret) and value]


def _type_name(obj: object) -> str:
    named = obj if inspect.isclass(obj) or inspect.ismodule(obj) else type(obj)
    return str(getattr(named, "__qualname__", named.__name__))
