"""Which channel an incident belongs into, and where it goes when that one cannot be used."""

import attrs

from soc_slack.settings import Settings

SECURITY_FROM = 8.0
SYSTEM_FROM = 6.0


@attrs.frozen(kw_only=True)
class Route:
    """The channels by severity."""

    security: str | None
    system: str | None
    incidents: str | None
    general: str | None

    @classmethod
    def of(cls, settings: Settings) -> "Route":
        """The channels as they were set."""
        return cls(
            security=settings.security_channel,
            system=settings.system_channel,
            incidents=settings.incident_channel,
            general=settings.general_channel,
        )

    @property
    def all(self) -> tuple[str, ...]:
        """Every channel once, the most important first."""
        named = (self.security, self.system, self.incidents, self.general)
        return tuple(dict.fromkeys(channel for channel in named if channel))

    def home(self, severity: float) -> str | None:
        """Where an incident of that severity is shown; None spares the channels."""
        if severity >= SECURITY_FROM:
            return self.security or next(iter(self.all))
        if severity >= SYSTEM_FROM:
            return self.system or next(iter(self.all))
        return self.general

    def others(self, channel: str) -> tuple[str, ...]:
        """The channels to fall back to."""
        return tuple(other for other in self.all if other != channel)
