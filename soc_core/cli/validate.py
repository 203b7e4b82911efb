"""`soc validate`: is everything that was configured right, layer by layer."""

import time
from datetime import timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import screen
from soc_core.cli.exits import OK, USAGE
from soc_core.cli.session import Session, current
from soc_core.errors import PluginError, SettingsError
from soc_core.model.event import Priority
from soc_core.model.sla import Sla, Target
from soc_core.model.wording import count

if TYPE_CHECKING:  # only needed once something is checked
    from soc_core.registry import Registry
    from soc_core.settings import Settings


_SLIP = 0.8  # as near as a slip of the pen: a role that nobody has yet is none


@attrs.frozen(kw_only=True)
class Layer:
    """One layer: what was checked, what is wrong with it, and what is worth knowing."""

    name: str
    problem: str = ""
    text: str = ""


@click.command()
@screen.JSON_OPTION
@click.pass_context
def validate(ctx: click.Context, as_json: bool) -> None:
    """Check settings, plugins and rules; nothing else is touched.

    Ends with 2 if something is wrong. What is outside is checked by `soc doctor`.
    """
    layers = check(current(ctx))
    valid = not any(layer.problem for layer in layers)
    if screen.for_programs(as_json):
        rows = [{"layer": layer.name, "ok": not layer.problem, "text": layer.problem or layer.text} for layer in layers]
        screen.emit(screen.versioned(ok=valid, layers=rows))
    else:
        for layer in layers:
            word, style = ("WRONG", "bold red") if layer.problem else ("OK", "green")
            screen.graded(word, style, layer.name, layer.problem or layer.text, "")
    ctx.exit(OK if valid else USAGE)


def check(session: Session) -> tuple[Layer, ...]:
    """The layers; the first that is wrong is the last one looked at, as the next ones stand on it."""
    layers: list[Layer] = []
    settings: Settings | None = None
    registry: Registry | None = None
    try:
        settings = session.settings()
        layers.append(Layer(name="Settings", text=str(session.settings_file or "defaults, there is no soc.toml here")))
        registry = session.registry(settings)
        layers.append(_plugins(registry))
    except (SettingsError, PluginError) as error:
        layers.append(Layer(name="Plugins" if settings is not None else "Settings", problem=str(error)))
    if settings is not None and registry is not None and not layers[-1].problem:
        layers.append(_tables(settings, registry))
        layers.append(_people(settings))
        layers.append(_ladder(settings, registry))
    return tuple(layers)


def _plugins(registry: "Registry") -> Layer:
    from soc_core.registry import PluginState  # noqa: PLC0415 - with the registry

    broken = [plugin.sentence for plugin in registry.plugins if plugin.state is PluginState.BROKEN]
    active = [plugin.name for plugin in registry.plugins if plugin.state is PluginState.ACTIVE]
    return Layer(name="Plugins", problem="\n".join(broken), text=f"at work: {', '.join(active)}")


def _tables(settings: "Settings", registry: "Registry") -> Layer:
    from soc_core.settings import check_tables  # noqa: PLC0415 - with the settings

    try:
        check_tables(settings, [plugin.name for plugin in registry.plugins])
    except SettingsError as error:
        return Layer(name="Tables of plugins", problem=str(error))
    return Layer(name="Tables of plugins", text=count(len(settings.tables), "table"))


def _ladder(settings: "Settings", registry: "Registry") -> Layer:
    """Whether whoever is told or gets an incident when time runs out can be found."""
    from soc_core.calls import Calls  # noqa: PLC0415 - with the registry
    from soc_core.people import Team  # noqa: PLC0415 - see above
    from soc_core.testing.samples import sample_incident  # noqa: PLC0415 - see above

    hour = Target(duration=timedelta(hours=1))
    calls = Calls(registry, monotonic=time.monotonic)
    try:
        steps = [
            step
            for priority in Priority
            for step in calls.plan_escalation(sample_incident(priority=priority), Sla(response=hour, resolution=hour))
        ]
    finally:
        calls.close()
    if not steps:
        return Layer(name="Ladder", text="no rungs: nobody is told when time runs out")
    names = dict.fromkeys(name for step in steps for name in (*step.notify, *filter(None, (step.reassign_to,))))
    unknown = Team.of(settings).unknown(names)
    bearers = {name for one in settings.people for name in (one.name, *one.roles, *one.teams)}
    for name in unknown:
        if near := get_close_matches(name, bearers, 1, _SLIP):
            return Layer(name="Ladder", problem=f"a rung tells {name!r}, whom nobody is; did you mean {near[0]!r}?")
    text = count(len({(step.clock, step.rung) for step in steps}), "rung")
    instead = f"; nobody is {', '.join(unknown)}: {settings.rota.last_resort} is told instead" if unknown else ""
    return Layer(name="Ladder", text=f"{text}{instead}")


def _people(settings: "Settings") -> Layer:
    if not settings.people:
        return Layer(name="People", text="nobody yet: incidents are assigned to nobody")
    unreachable = [person.name for person in settings.people if not (person.email or person.jira or person.slack)]
    text = count(len(settings.people), "person", "people")
    return Layer(
        name="People", text=f"{text}; not reachable anywhere: {', '.join(unreachable)}" if unreachable else text
    )
