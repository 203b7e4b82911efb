"""What can be set, where each value comes from, and what is wrong with it.

Defaults are overruled by `soc.toml`, that by the environment, and that by the command line. Nothing here reads the
process's environment or looks for files by itself: what is to be read is handed in.
"""

from soc_core.redaction import Redaction
from soc_core.settings.dotenv import read_dotenv
from soc_core.settings.house import (
    DeliverySettings,
    Grouping,
    PluginChoice,
    PrioritySettings,
    Settings,
    Storm,
    SyncSettings,
    WatchSettings,
)
from soc_core.settings.listing import Described, Origin, describe, environment_names, origins, secrets_of
from soc_core.settings.loading import CONFIG, check_tables, load, plugin_settings
from soc_core.settings.places import Place, Places, Source

__all__ = [
    "CONFIG",
    "DeliverySettings",
    "Described",
    "Grouping",
    "Origin",
    "Place",
    "Places",
    "PluginChoice",
    "PrioritySettings",
    "Redaction",
    "Settings",
    "Source",
    "Storm",
    "SyncSettings",
    "WatchSettings",
    "check_tables",
    "describe",
    "environment_names",
    "load",
    "origins",
    "plugin_settings",
    "read_dotenv",
    "secrets_of",
]
