"""What can be set about the house itself; each plugin has settings of its own."""

import math
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import attrs

from soc_core.model.people import Group, Person, Rota
from soc_core.model.setting import checked_url, setting
from soc_core.redaction import Redaction
from soc_core.settings.places import Places
from soc_core.settings.serving import ServeSettings

_NOTHING = timedelta(0)
_NO_TABLES: Mapping[str, Mapping[str, object]] = MappingProxyType({})


def _some_time(instance: object, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
    if value <= _NOTHING:
        raise ValueError(f"{attribute.name} must be longer than nothing")


def _at_least_one(instance: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value}")


def _falling(instance: object, attribute: "attrs.Attribute[tuple[float, ...]]", value: tuple[float, ...]) -> None:
    falls = all(higher > lower for higher, lower in pairwise(value))
    if len(value) != 4 or not falls or not all(math.isfinite(floor) and 0 <= floor <= 10 for floor in value):
        raise ValueError(
            "floors are four severities from 0 to 10, each below the one before: Highest, High, Medium, Low"
        )


@attrs.frozen(kw_only=True)
class PrioritySettings:
    """`[priorities]`: how severity becomes priority."""

    floors: tuple[float, ...] = attrs.field(
        default=(9.0, 7.0, 5.0, 3.0),
        converter=tuple,
        validator=_falling,
        metadata=setting("The lowest severities of Highest, High, Medium and Low"),
    )


@attrs.frozen(kw_only=True)
class Grouping:
    """`[grouping]`: which events belong to one incident, and for how long."""

    reopen_window: timedelta = attrs.field(
        default=timedelta(hours=24),
        validator=_some_time,
        metadata=setting("The same trouble within this time after closing reopens the ticket"),
    )
    similar_window: timedelta = attrs.field(
        default=timedelta(minutes=5),
        validator=_some_time,
        metadata=setting("An alert of the same label and source within this time goes into the first one's thread"),
    )
    alert_expires: timedelta = attrs.field(
        default=timedelta(hours=24),
        validator=_some_time,
        metadata=setting("An alert that nobody touches ends after this time"),
    )


@attrs.frozen(kw_only=True)
class Storm:
    """`[storm]`: when many different troubles become one incident that lists them."""

    limit: int = attrs.field(
        default=60,
        validator=_at_least_one,
        metadata=setting("New incidents a minute from which the rest goes into one storm incident"),
    )


def _wins() -> str:
    return attrs.field(
        default="newest",
        metadata=setting("Who counts where two sides changed it at once: `newest`, or a side: `soc`, `jira`, `slack`"),
    )


@attrs.frozen(kw_only=True)
class SyncSettings:
    """`[sync]`: whose word counts where two sides changed one thing before they knew of each other."""

    status: str = _wins()
    assignee: str = _wins()
    priority: str = _wins()


@attrs.frozen(kw_only=True)
class WatchSettings:
    """`[watch]`: who notices when soc-core itself stands still."""

    ping: str | None = attrs.field(
        default=None,
        repr=False,
        converter=attrs.converters.optional(checked_url),
        metadata=setting("An address called every minute while all is well, such as a dead man's switch"),
    )


@attrs.frozen(kw_only=True)
class DeliverySettings:
    """`[delivery]`: how what leaves the house is sent and repeated."""

    workers: int = attrs.field(default=4, validator=_at_least_one, metadata=setting("Workers for each destination"))
    lease: timedelta = attrs.field(
        default=timedelta(seconds=60),
        validator=_some_time,
        metadata=setting("How long a worker may hold a job before another takes over"),
    )
    attempts: int = attrs.field(
        default=25,
        validator=_at_least_one,
        metadata=setting("Tries of one job before it is put aside for a person to look at"),
    )
    backoff_first: timedelta = attrs.field(
        default=timedelta(seconds=2),
        validator=_some_time,
        metadata=setting("The wait after the first failure; it doubles each time"),
    )
    backoff_longest: timedelta = attrs.field(
        default=timedelta(minutes=10), validator=_some_time, metadata=setting("The longest wait between two tries")
    )


@attrs.frozen(kw_only=True)
class PluginChoice:
    """`[plugins]`: which plugins are used, and in which order they are asked."""

    order: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, metadata=setting("Plugins that are asked first, in this order")
    )
    disable: tuple[str, ...] = attrs.field(
        default=(), converter=tuple, metadata=setting("Installed plugins that are not used")
    )
    only: tuple[str, ...] | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(tuple),
        metadata=setting("All installed plugins that are used; the built-in ones always are", env="SOC_PLUGINS"),
    )
    dir: Path | None = attrs.field(
        default=None,
        metadata=setting(
            "A folder whose `*.py` are plugins, one each; nobody else may write to it", env="SOC_PLUGINS_DIR"
        ),
    )
    on_broken: str = attrs.field(
        default="refuse",
        validator=attrs.validators.in_(("refuse", "skip")),
        metadata=setting("What a broken plugin does: `refuse` to start, or `skip` it and say so everywhere"),
    )


@attrs.frozen(kw_only=True)
class Settings:
    """All settings; made by `load()`, or by hand in tests and embedding programs.

    Args:
        tables: The tables of plugins as they were written; `plugin_settings()` reads them.
        places: Where each setting was written.
        config: The file that was read.
    """

    store: str = attrs.field(
        default="sqlite:///soc.db",
        repr=False,
        metadata=setting("The database: sqlite:///FILE or postgresql+psycopg://…", env="SOC_STORE"),
    )
    dashboard_url: str | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(checked_url),
        metadata=setting("Where the dashboard is; messages and tickets link to it"),
    )
    priorities: PrioritySettings = attrs.field(factory=PrioritySettings)
    grouping: Grouping = attrs.field(factory=Grouping)
    storm: Storm = attrs.field(factory=Storm)
    redaction: Redaction = attrs.field(factory=Redaction)
    delivery: DeliverySettings = attrs.field(factory=DeliverySettings)
    sync: SyncSettings = attrs.field(factory=SyncSettings)
    serve: ServeSettings = attrs.field(factory=ServeSettings)
    watch: WatchSettings = attrs.field(factory=WatchSettings)
    people: tuple[Person, ...] = attrs.field(default=(), converter=tuple)
    teams: tuple[Group, ...] = attrs.field(default=(), converter=tuple)
    rota: Rota = attrs.field(factory=Rota)
    rota_file: Path | None = attrs.field(
        default=None, metadata=setting("A file with the tables of [rota]: [[shifts]] and [[leave]]")
    )
    plugins: PluginChoice = attrs.field(factory=PluginChoice)
    tables: Mapping[str, Mapping[str, object]] = attrs.field(default=_NO_TABLES, repr=False)
    places: Places = attrs.field(factory=Places, repr=False, eq=False)
    config: Path | None = None


APART = ("tables", "places", "config")
"""The fields of `Settings` that no key sets."""
