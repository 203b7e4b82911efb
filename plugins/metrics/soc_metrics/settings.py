"""What can be set about the page that Prometheus reads."""

from datetime import timedelta

import attrs

from soc_core import Secret, setting

_NOTHING = timedelta(0)


def _some(instance: object, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
    if value <= _NOTHING:
        raise ValueError(f"{attribute.name} must be longer than nothing")


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.metrics]`."""

    window: timedelta = attrs.field(
        default=timedelta(days=30), validator=_some, metadata=setting("How far back incidents and deliveries count")
    )
    fresh: timedelta = attrs.field(
        default=timedelta(seconds=15),
        validator=_some,
        metadata=setting("Figures younger than this are shown again instead of being counted anew"),
    )
    most: int = attrs.field(
        default=50,
        validator=attrs.validators.ge(1),
        metadata=setting("Rules, rungs and destinations with series of their own; the rest is added up as `other`"),
    )
    token: Secret | None = attrs.field(
        default=None,
        metadata=setting(
            "Callers must show it as `Authorization: Bearer …`; without it anybody on this machine may read",
            env="SOC_METRICS_TOKEN",
        ),
    )
