"""Which plugins there are: found, built, checked and put in order; one that cannot work is named with cause and cure.

Only this room builds plugins. Entry points are loaded one by one, so that a plugin that cannot be imported, or even
ends the process while being imported, harms nobody else. Order is the one of the settings, then the alphabet's, with
the built-ins last; when and from where something was installed never counts.
"""

import difflib
import importlib.metadata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import attrs
import pluggy

from soc_core import hookspecs
from soc_core.errors import NotConfigured, PluginError, SettingsError
from soc_core.registry.checks import HOOKS, Refusal, age, checked
from soc_core.registry.files import files_in
from soc_core.registry.plugin import CORE, Plugin, PluginState
from soc_core.registry.sources import Found, brought, filed, installed
from soc_core.registry.wording import said, told

__all__ = ["CORE", "GROUP", "Choice", "Implementation", "Plugin", "PluginState", "Registry", "build"]

GROUP = "soc_core.plugins"


class Choice(Protocol):
    """What the settings say about plugins."""

    @property
    def order(self) -> tuple[str, ...]:
        """Those that are asked first, in this order."""

    @property
    def disable(self) -> tuple[str, ...]:
        """Those that are not even imported."""

    @property
    def only(self) -> tuple[str, ...] | None:
        """If not None, all that are used beside the built-in ones."""

    @property
    def dir(self) -> Path | None:
        """A folder of further plugins, one file each."""

    @property
    def on_broken(self) -> str:
        """`refuse` to start because of a broken one, or `skip` it and say so."""


@attrs.frozen
class Implementation:
    """One plugin's answer to one hook.

    Args:
        plugin, function: Whose, and what to call.
        arguments: Which of the hook's arguments it takes, in its own order.
        turn: -1 if it wants to be asked before others, 1 if after them.
    """

    plugin: str
    function: Callable[..., object]
    arguments: tuple[str, ...]
    turn: int = 0


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
        SettingsError: The configuration of a plugin is wrong, or the folder of plugins cannot be trusted.
    """
    entries = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    files = files_in(choice.dir) if choice.dir is not None else ()
    found = [*map(installed, entries), *map(filed, files), *(brought(name, obj) for name, obj in extra)]
    found.sort(key=lambda one: _rank(one.plugin, choice.order))
    _refuse_misspelt(choice, [one.plugin.name for one in found])
    workshop = _Workshop(choice, settings_for, found)
    # pluggy asks the last registered first.
    plugins = tuple(reversed([workshop.built(one) for one in reversed(found)]))
    broken = [plugin.sentence for plugin in plugins if plugin.state is PluginState.BROKEN]
    if broken and choice.on_broken != "skip":
        raise PluginError("\n".join(broken))
    return Registry(plugins, {hook: _in_order(workshop.manager, hook) for hook in HOOKS}, tuple(workshop.secrets))


class _Workshop:
    """Builds one plugin after the other and remembers which secrets their settings hold."""

    def __init__(self, choice: Choice, settings_for: Callable[[str, type], object], found: Sequence[Found]) -> None:
        self.manager = pluggy.PluginManager("soc_core")
        self.manager.add_hookspecs(hookspecs)
        self.secrets: list[str] = []
        self._choice = choice
        self._settings_for = settings_for
        self._found = found

    def built(self, one: Found) -> Plugin:
        """The plugin at work, or the reason why it is not."""
        plugin = one.plugin
        if plugin.name in self._choice.disable:
            return attrs.evolve(plugin, state=PluginState.DISABLED, cause="[plugins] disable names it")
        if one.optional and self._choice.only is not None and plugin.name not in self._choice.only:
            return attrs.evolve(
                plugin, state=PluginState.DISABLED, cause="[plugins] only (SOC_PLUGINS) does not name it"
            )
        try:
            self._refuse_namesake(one)
            obj = one.build(self._settings_for, self.secrets)
            hooks, warning = checked(self.manager, obj), age(obj)
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
        return attrs.evolve(plugin, hooks=hooks, warning=warning, obj=obj)

    def _refuse_namesake(self, one: Found) -> None:
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


def _rank(plugin: Plugin, order: Sequence[str]) -> tuple[int, bool, str, str]:
    first = order.index(plugin.name) if plugin.name in order else len(order)
    return first, plugin.distribution == CORE, plugin.name, plugin.distribution


def _refuse_misspelt(choice: Choice, names: Sequence[str]) -> None:
    """A name that nothing has may be of a plugin that is not installed here; one that is nearly right is a mistake."""
    for key, listed in (("order", choice.order), ("disable", choice.disable), ("only", choice.only or ())):
        for name in listed:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.8)  # `sla` is no misspelt `slack`
            if name not in names and near:
                raise SettingsError(
                    f"[plugins] {key} names {name!r}, which is not installed: did you mean {near[0]!r}?"
                )


def _in_order(manager: pluggy.PluginManager, hook: str) -> tuple[Implementation, ...]:
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return tuple(
        Implementation(one.plugin_name, one.function, tuple(one.argnames), turn=one.trylast - one.tryfirst)
        for one in reversed(caller.get_hookimpls())
    )
