"""What can be set about the paths that `soc serve` answers by itself."""

import attrs

from soc_core.model.setting import Secret, setting


def _some(instance: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value}")


@attrs.frozen(kw_only=True)
class ServeSettings:
    """`[serve]`: who may send log lines and who may read incidents over HTTP."""

    ingest_token: Secret | None = attrs.field(
        default=None,
        metadata=setting("Callers of /ingest must show it; without it that path is shut", env="SOC_INGEST_TOKEN"),
    )
    api_token: Secret | None = attrs.field(
        default=None,
        metadata=setting("Callers of /api/v1 must show it; without it those paths are shut", env="SOC_API_TOKEN"),
    )
    max_body: int = attrs.field(
        default=8 << 20, validator=_some, metadata=setting("The longest body of /ingest, in bytes")
    )
