"""What the options before the command say, and the way from there to settings, reports and the house.

This is the one place that looks at the process's environment, the `.env` file and the working directory.
"""

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import screen

if TYPE_CHECKING:  # the house brings SQLAlchemy along: every command opens what it needs when it runs
    from soc_core.app import Soc
    from soc_core.logs import KnownSecrets
    from soc_core.registry import Registry
    from soc_core.settings import Settings
    from soc_core.store.reports import StoreReports

SETTINGS_FILE = Path("soc.toml")
DOTENV_FILE = Path(".env")
MEMORY = "sqlite://"
_LOUDNESS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


@attrs.frozen(kw_only=True)
class Session:
    """One call of the program.

    Args:
        config: The settings file that was named, or None for `soc.toml` in the working directory if there is one.
        store: The store that was named, or None.
        plugins_dir: The folder of one-file plugins that was named, or None.
        verbosity: -1 quiet, 0 as usual, 1 and more talkative.
        log_json: Whether log lines are JSON.
    """

    config: Path | None = None
    store: str | None = None
    plugins_dir: Path | None = None
    verbosity: int = 0
    log_json: bool = False

    @property
    def quiet(self) -> bool:
        """Whether only errors and results are wanted."""
        return self.verbosity < 0

    @property
    def settings_file(self) -> Path | None:
        """Which settings file counts."""
        named = self.config or (Path(value) if (value := self.environment().get("SOC_CONFIG")) else None)
        return named or (SETTINGS_FILE if SETTINGS_FILE.exists() else None)

    def environment(self) -> Mapping[str, str]:
        """The environment, with what `.env` adds to it; what is really set wins."""
        from soc_core.settings import read_dotenv  # noqa: PLC0415 - see above

        return {**read_dotenv(DOTENV_FILE), **os.environ}

    def overrides(self, *, store: str | None = None) -> dict[str, object]:
        """What the command line sets."""
        folder = self.plugins_dir and str(self.plugins_dir.absolute())
        named = {"store": store or self.store, "plugins.dir": folder}
        return {name: value for name, value in named.items() if value is not None}

    def settings(self, *, store: str | None = None) -> "Settings":
        """The settings in force."""
        from soc_core.settings import load  # noqa: PLC0415 - see above

        return load(config=self.settings_file, env=self.environment(), overrides=self.overrides(store=store))

    @contextmanager
    def soc(self, *, in_memory: bool = False) -> "Iterator[Soc]":
        """The house, opened and closed again; in memory, it forgets everything."""
        from soc_core.app import Soc  # noqa: PLC0415 - see above
        from soc_core.settings import secrets_of  # noqa: PLC0415 - see above

        secrets = self.begin_logging()
        settings, environment = self.settings(store=MEMORY if in_memory else None), self.environment()
        secrets.add(*secrets_of(settings))
        gc.set_threshold(50_000, 20, 20)  # see `_little_garbage`; reading the rules makes much that stays, too
        with Soc.open(settings, env=environment, scan_cache=cache_folder(environment)) as soc:
            read = _settings_for(settings, environment)
            for plugin in soc.plugins.plugins:
                declared = getattr(plugin.obj, "Settings", None)
                if isinstance(declared, type):
                    secrets.add(*secrets_of(read(plugin.name, declared)))
            with _little_garbage():
                yield soc

    @contextmanager
    def reports(self) -> "Iterator[StoreReports]":
        """What the store says, without any plugin: it works when a plugin is broken, and makes no store."""
        from soc_core.clock import AnchoredClock  # noqa: PLC0415 - see above
        from soc_core.store.database import Database  # noqa: PLC0415 - see above
        from soc_core.store.reports import StoreReports  # noqa: PLC0415 - see above

        self.begin_logging()
        settings = self.settings()
        missing = lacks_store(settings.store)
        if missing:
            screen.note(f"There is no store {store_file(settings.store)}: soc run makes it, --store names another.")
        database = Database(MEMORY if missing else settings.store)
        database.open()
        try:
            yield StoreReports(database=database, clock=AnchoredClock(), people=settings.people)
        finally:
            database.close()

    def registry(self, settings: "Settings | None" = None) -> "Registry":
        """The plugins, broken ones listed and not refused."""
        from soc_core import registry  # noqa: PLC0415 - see above

        chosen, environment = settings or self.settings(), self.environment()
        return registry.build(attrs.evolve(chosen.plugins, on_broken="skip"), _settings_for(chosen, environment))

    def settings_classes(self) -> Mapping[str, type]:
        """The class of each plugin's settings, of those that have one."""
        from soc_core import registry  # noqa: PLC0415 - see above

        settings, environment = self.settings(), self.environment()
        read, seen = _settings_for(settings, environment), dict[str, type]()

        def remember(name: str, declared: type) -> object:
            seen[name] = declared
            return read(name, declared)

        registry.build(attrs.evolve(settings.plugins, on_broken="skip"), remember)
        return seen

    @cached_property
    def _secrets(self) -> "KnownSecrets":
        """What must not show in any log line of this call; it only grows, also when settings are read anew."""
        from soc_core.logs import KnownSecrets  # noqa: PLC0415 - see above

        return KnownSecrets()

    def begin_logging(self) -> "KnownSecrets":
        """Let log lines go to standard error, as loud as was asked for; answers where to tell what must not show."""
        from soc_core import logs  # noqa: PLC0415 - structlog is only needed once something runs

        logs.set_up(
            stream=sys.stderr,
            as_json=self.log_json,
            level=_LOUDNESS.get(self.verbosity, logging.DEBUG),
            others=logging.DEBUG if self.verbosity > 1 else logging.WARNING,
            colours=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
            secrets=self._secrets,
        )
        return self._secrets


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Events come and go by the thousand and form no cycles, and what stands by now stays: few searches for garbage."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def current(ctx: click.Context) -> Session:
    """The session of a command."""
    return ctx.find_object(Session) or Session()


def login() -> str:
    """Who sits at the keyboard: SOC_USER, else the login name."""
    import getpass  # noqa: PLC0415 - only for changes

    try:
        return os.environ.get("SOC_USER") or getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number without a name
        return "somebody at the command line"


def lacks_store(url: str) -> bool:
    """Whether a store is a file that does not exist yet."""
    path = store_file(url)
    return path is not None and not path.exists()


def store_file(url: str) -> Path | None:
    """The file of a store, or None if it lies elsewhere."""
    from soc_core.store.database import address  # noqa: PLC0415 - see above

    parsed = address(url)
    in_memory = parsed.database in (None, "", ":memory:")
    return None if parsed.get_backend_name() != "sqlite" or in_memory else Path(str(parsed.database))


def _settings_for(settings: "Settings", environment: Mapping[str, str]) -> Callable[[str, type], object]:
    from soc_core.settings import plugin_settings  # noqa: PLC0415 - see above

    return lambda name, plugin: plugin_settings(name, plugin, settings, environment)


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Where compiled patterns are kept between runs; None for a user without a home."""
    folder = environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(folder) / "soc-core" if os.path.isabs(folder) else None
