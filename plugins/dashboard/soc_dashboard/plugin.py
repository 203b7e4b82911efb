"""Adds `soc dashboard` to the command line."""

from typing import TYPE_CHECKING

from soc_core import hookimpl
from soc_dashboard import settings as _settings

if TYPE_CHECKING:  # click is only needed when the command line is built
    import click


class Dashboard:
    """The plugin `dashboard`."""

    Settings = _settings.Settings

    def __init__(self, settings: _settings.Settings | None = None) -> None:
        self.settings = settings or self.Settings()

    @hookimpl
    def register_commands(self, cli: "click.Group") -> None:
        """Add `soc dashboard`."""
        from soc_dashboard.command import dashboard  # noqa: PLC0415 - click only for the command line

        cli.add_command(dashboard)
