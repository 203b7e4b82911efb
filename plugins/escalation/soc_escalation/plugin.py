"""Lays out the ladder of every incident; the core climbs it."""

from collections.abc import Sequence

from soc_core import EscalationStep, Incident, Sla, hookimpl
from soc_escalation import settings as _settings
from soc_escalation.ladder import plan


class Escalation:
    """The plugin `escalation`. It keeps nothing: the core remembers which rungs have fired."""

    Settings = _settings.Settings

    def __init__(self, settings: _settings.Settings | None = None) -> None:
        self._settings = settings or self.Settings()

    @hookimpl
    def plan_escalation(self, incident: Incident, sla: Sla) -> Sequence[EscalationStep]:
        """The rungs that concern this incident."""
        return tuple(plan(self._settings, incident, sla))
