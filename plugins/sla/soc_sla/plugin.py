"""Promises a response and a resolution time for every incident."""

import soc_core
from soc_core import Incident, hookimpl
from soc_sla import settings as _settings
from soc_sla.promise import check, promise


class Sla:
    """The plugin `sla`. It keeps nothing: the core keeps the clocks."""

    Settings = _settings.Settings

    def __init__(self, settings: _settings.Settings | None = None) -> None:
        self._settings = settings or self.Settings()
        check(self._settings)

    @hookimpl
    def compute_sla(self, incident: Incident) -> soc_core.Sla:
        """The two targets that follow from priority, label and source."""
        return promise(incident, self._settings)
