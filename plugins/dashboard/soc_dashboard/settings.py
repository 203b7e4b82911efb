"""What can be set about the dashboard."""

from datetime import timedelta

import attrs

from soc_core import setting

_NOTHING = timedelta(0)


def _some(instance: object, attribute: "attrs.Attribute[timedelta]", value: timedelta) -> None:
    if value <= _NOTHING:
        raise ValueError(f"{attribute.name} must be longer than nothing")


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.dashboard]`."""

    user_header: str | None = attrs.field(
        default=None,
        metadata=setting("HTTP header in which a proxy says who has signed in; left out, people choose their name"),
    )
    shift: timedelta = attrs.field(
        default=timedelta(hours=8),
        validator=_some,
        metadata=setting("How long a shift is, where [rota] does not say when the present one ends"),
    )
    settle: timedelta = attrs.field(
        default=timedelta(seconds=10),
        validator=_some,
        metadata=setting("How long to wait for deliveries after somebody did something"),
    )
