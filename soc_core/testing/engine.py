"""A whole soc-core for tests: the plugins under test, the built-ins, and nothing else that happens to be installed."""

import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.metadata import entry_points

from soc_core import registry
from soc_core.app import Soc
from soc_core.hookspecs import hookimpl
from soc_core.model.event import Event, Finding, Priority
from soc_core.model.incident import Incident
from soc_core.model.sla import Sla, Target
from soc_core.ports import TimeSource
from soc_core.settings import Settings, load, plugin_settings
from soc_core.store.database import Database
from soc_core.testing.samples import LABEL, SEVERITY

_HOURS: Mapping[Priority, int] = {
    Priority.HIGHEST: 1,
    Priority.HIGH: 4,
    Priority.MEDIUM: 24,
    Priority.LOW: 72,
    Priority.LOWEST: 168,
}
_NOTHING: Mapping[str, object] = {}
_KEPT = ("triggers", "local")  # the others print, listen, or know more about log lines than a test says


class Stated:
    """Finds in an event what the test wrote into it, and promises the usual times where nobody else does."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        """Speak of events that carry a label and a severity."""
        label, severity = event.fields.get(LABEL), event.fields.get(SEVERITY)
        if not isinstance(label, str) or not isinstance(severity, int | float):
            return None
        return Finding(event=event, label=label, severity=severity, rule=event.message[:80], reason="the test says so")

    @hookimpl(trylast=True)
    def compute_sla(self, incident: Incident) -> Sla:
        """From an hour for the highest priority to a week for the lowest."""
        target = Target(duration=timedelta(hours=_HOURS[incident.priority]))
        return Sla(response=target, resolution=target)


def open_engine(
    plugins: Mapping[str, object] = _NOTHING,
    *,
    settings: Mapping[str, object] = _NOTHING,
    store: str = "sqlite://",
    clock: TimeSource,
) -> Soc:
    """Open a soc-core with these plugins beside the built-ins `triggers` and `local`.

    Args:
        plugins: By name: instances and modules as they are, classes built with their settings.
        settings: What beats the defaults, by dotted name, such as `{"plugins.pager.room": "12"}`.
        store: Where everything is kept.
        clock: Where time comes from.
    """
    chosen = load(config=None, env={}, overrides=settings)
    given = {"stated": Stated(), **plugins}
    ours = [
        entry
        for entry in entry_points(group=registry.GROUP)
        if entry.dist is not None
        and entry.dist.name == registry.CORE
        and entry.name in _KEPT
        and entry.name not in given
    ]
    built = registry.build(
        chosen.plugins,
        lambda name, kind: plugin_settings(name, kind, chosen, {}),
        extra=[(name, _built(name, plugin, chosen)) for name, plugin in given.items()],
        entry_points=ours,
    )
    database = Database(chosen.store if "store" in settings else store)
    database.open()
    return Soc(settings=chosen, plugins=built, database=database, clock=clock)


def _built(name: str, plugin: object, settings: Settings) -> object:
    if not inspect.isclass(plugin):
        return plugin
    make: Callable[..., object] = plugin
    kind = getattr(plugin, "Settings", None)
    return make() if kind is None else make(plugin_settings(name, kind, settings, {}))
