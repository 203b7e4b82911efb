"""Which plugins there are: found, built, checked and put in order; one that cannot work is named with cause and cure.

Only this room builds plugins. Entry points are loaded one by one, so that a plugin that cannot be imported, or even
ends the process while being imported, harms nobody else. Order is the one of the settings, then the alphabet's, with
the built-ins last; when and from where something was installed never counts.
"""

import difflib
import enum
import importlib.metadata
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import attrs
import pluggy

from soc_core import hookspecs
from soc_core.errors import NotConfigured, PluginError, SettingsError
from soc_core.model.setting import Secret
from soc_core.registry.checks import HOOKS, Refusal, checked
from soc_core.registry.wording import said, told

GROUP = "soc_core.plugins"
CORE = "soc-core"


class Choice(Protocol):
    """What the settings say about plugins."""

    @property
    def order(self) -> tuple[str, ...]:
        """Those that are asked first, in this order."""

    @property
    def disable(self) -> tuple[str, ...]:
        """Those that are not even imported."""

    @property
    def on_broken(self) -> str:
        """`refuse` to start because of a broken one, or `skip` it and say so."""


class PluginState(enum.StrEnum):
    """How a plugin stands after the start."""

    ACTIVE = "active"
    NOT_CONFIGURED = "not configured"
    DISABLED = "disabled"
    BROKEN = "broken"


@attrs.frozen(kw_only=True)
class Plugin:
    """An installed plugin.

    Args:
        name: What settings, reports and jobs call it.
        distribution, version: What was installed; empty if the embedding program brought the plugin.
        entry_point: Where its code is, as `module:Class`.
        cause: Why it is not active, and what to do about it.
        hooks: What it implements.
        obj: The instance or module that answers; None unless active.
    """

    name: str
    distribution: str = ""
    version: str = ""
    entry_point: str = ""
    state: PluginState = attrs.field(default=PluginState.ACTIVE, converter=PluginState)
    cause: str = ""
    hooks: tuple[str, ...] = ()
    obj: object | None = attrs.field(default=None, repr=False)

    @property
    def sentence(self) -> str:
        """Name, origin, state and cause in one line for the person on call."""
        origin = f"{self.distribution} {self.version}, {self.entry_point}" if self.distribution else self.entry_point
        said = self.cause if self.state is PluginState.BROKEN else f"is {self.state}: {self.cause}".rstrip(": ")
        return f"plugin {self.name!r} ({origin}) {said}"


@attrs.frozen
class Implementation:
    """One plugin's answer to one hook: the function, and which of the hook's arguments it takes, in its own order."""

    plugin: str
    function: Callable[..., object]
    arguments: tuple[str, ...]


@attrs.frozen
class Registry:
    """The plugins of one soc-core, in the order in which they are asked."""

    plugins: tuple[Plugin, ...]
    _implementations: Mapping[str, tuple[Implementation, ...]] = attrs.field(repr=False)
    _secrets: tuple[str, ...] = attrs.field(default=(), repr=False)

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Who implements a hook, first asked first."""
        return self._implementations[hook]

    def active(self, name: str) -> bool:
        """Whether a plugin of this name is at work."""
        return self.object(name) is not None

    def object(self, name: str) -> object | None:
        """The instance or module of an active plugin, for attributes such as `search_lag`; else None."""
        return next((plugin.obj for plugin in self.plugins if plugin.name == name and plugin.obj is not None), None)

    def told(self, error: BaseException, mask: Callable[[str], str] = str) -> str:
        """An exception in one printable line, without any secret of the plugins' settings."""
        return told(error, self._secrets, mask)


def build(
    choice: Choice,
    settings_for: Callable[[str, type], object],
    *,
    extra: Iterable[tuple[str, object]] = (),
    entry_points: Iterable[importlib.metadata.EntryPoint] | None = None,
) -> Registry:
    """Find, build and check all plugins.

    Args:
        choice: Order, block list, and what to do about broken plugins.
        settings_for: Makes the settings of a plugin from its name and its nested class `Settings`.
        extra: Plugins that the embedding program brings along, as (name, instance or module).
        entry_points: Instead of those that are installed.

    Raises:
        PluginError: Plugins are broken; one line for each. Not raised if `choice` says to skip them.
        SettingsError: The configuration of a plugin is wrong.
    """
    installed = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    found = [*map(_installed, installed), *(_brought(name, obj) for name, obj in extra)]
    found.sort(key=lambda one: _rank(one.plugin, choice.order))
    _refuse_misspelt(choice, [one.plugin.name for one in found])
    workshop = _Workshop(choice, settings_for, found)
    # pluggy asks the last registered first.
    plugins = tuple(reversed([workshop.built(one) for one in reversed(found)]))
    broken = [plugin.sentence for plugin in plugins if plugin.state is PluginState.BROKEN]
    if broken and choice.on_broken != "skip":
        raise PluginError("\n".join(broken))
    return Registry(plugins, {hook: _in_order(workshop.manager, hook) for hook in HOOKS}, tuple(workshop.secrets))


@attrs.frozen
class _Found:
    """A plugin before it is built."""

    plugin: Plugin
    build: Callable[[Callable[[str, type], object], list[str]], object]


class _Workshop:
    """Builds one plugin after the other and remembers which secrets their settings hold."""

    def __init__(self, choice: Choice, settings_for: Callable[[str, type], object], found: Sequence[_Found]) -> None:
        self.manager = pluggy.PluginManager("soc_core")
        self.manager.add_hookspecs(hookspecs)
        self.secrets: list[str] = []
        self._choice = choice
        self._settings_for = settings_for
        self._found = found

    def built(self, one: _Found) -> Plugin:
        """The plugin at work, or the reason why it is not."""
        plugin = one.plugin
        if plugin.name in self._choice.disable:
            return attrs.evolve(plugin, state=PluginState.DISABLED, cause="[plugins] disable names it")
        try:
            self._refuse_namesake(one)
            obj = one.build(self._settings_for, self.secrets)
            hooks = checked(self.manager, obj)
            self._register(obj, plugin.name)
        except NotConfigured as error:
            cause = said(error, self.secrets)
            return attrs.evolve(plugin, state=PluginState.NOT_CONFIGURED, cause=cause)
        except Refusal as refusal:
            cure = refusal.cure or f'install one that works, or take it out with [plugins] disable = ["{plugin.name}"]'
            return attrs.evolve(plugin, state=PluginState.BROKEN, cause=f"{refusal}; {cure}")
        except SettingsError as error:
            if self._choice.on_broken != "skip":
                raise
            cause = f"has wrong settings: {said(error, self.secrets)}"
            return attrs.evolve(plugin, state=PluginState.BROKEN, cause=cause)
        return attrs.evolve(plugin, hooks=hooks, obj=obj)

    def _refuse_namesake(self, one: _Found) -> None:
        """Of two plugins of one name neither is used, as chance would choose; but a built-in one keeps its name."""
        others = [o.plugin for o in self._found if o.plugin.name == one.plugin.name and o is not one]
        if others and one.plugin.distribution != CORE:
            origins = " and ".join(f"{o.distribution} {o.version} ({o.entry_point})".strip() for o in others)
            raise Refusal(f"has the same name as the one of {origins}", cure="uninstall one of them")

    def _register(self, obj: object, name: str) -> None:
        try:
            self.manager.register(obj, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise Refusal(f"cannot be registered: {said(error, self.secrets)}") from error


def _installed(entry: importlib.metadata.EntryPoint) -> _Found:
    def make(settings_for: Callable[[str, type], object], secrets: list[str]) -> object:
        try:
            target: object = entry.load()
        except KeyboardInterrupt:
            raise
        # Importing runs foreign code, which may raise anything and even exit: it is named and the others go on.
        except BaseException as error:
            raise Refusal(f"cannot be imported: {told(error, secrets)}") from error
        return _instance(target, entry.name, settings_for, secrets) if inspect.isclass(target) else target

    dist = entry.dist
    name, version = ("", "") if dist is None else (dist.name, dist.version)
    return _Found(Plugin(name=entry.name, distribution=name, version=version, entry_point=entry.value), make)


def _brought(name: str, obj: object) -> _Found:
    def make(settings_for: Callable[[str, type], object], secrets: list[str]) -> object:
        if inspect.isclass(obj):
            raise Refusal(f"is the class {obj.__name__}: hooks need an instance, such as {obj.__name__}(settings)")
        return obj

    return _Found(Plugin(name=name, entry_point=f"brought along by the program as {_type_name(obj)}"), make)


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


def _rank(plugin: Plugin, order: Sequence[str]) -> tuple[int, bool, str, str]:
    first = order.index(plugin.name) if plugin.name in order else len(order)
    return first, plugin.distribution == CORE, plugin.name, plugin.distribution


def _refuse_misspelt(choice: Choice, names: Sequence[str]) -> None:
    """A name that nothing has may be of a plugin that is not installed here; one that is nearly right is a mistake."""
    for key, listed in (("order", choice.order), ("disable", choice.disable)):
        for name in listed:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.8)  # `sla` is no misspelt `slack`
            if name not in names and near:
                raise SettingsError(
                    f"[plugins] {key} names {name!r}, which is not installed: did you mean {near[0]!r}?"
                )


def _in_order(manager: pluggy.PluginManager, hook: str) -> tuple[Implementation, ...]:
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return tuple(
        Implementation(one.plugin_name, one.function, tuple(one.argnames)) for one in reversed(caller.get_hookimpls())
    )


def _secrets(settings: object) -> list[str]:
    fields: tuple[attrs.Attribute[object], ...] = getattr(type(settings), "__attrs_attrs__", ())
    values = [getattr(settings, field.name) for field in fields]
    return [value.reveal() for value in values if isinstance(value, Secret) and value]


def _type_name(obj: object) -> str:
    named = obj if inspect.isclass(obj) or inspect.ismodule(obj) else type(obj)
    return str(getattr(named, "__qualname__", named.__name__))
