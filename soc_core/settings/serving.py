"""What can be set about the paths that `soc serve` answers by itself."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path

import attrs

from soc_core.model.setting import Secret, setting


def _some(instance: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, not {value}")


def _apart(
    instance: "ServeSettings", attribute: "attrs.Attribute[Mapping[str, Secret]]", value: Mapping[str, Secret]
) -> None:
    tokens = [*value.values()]
    if not all(tokens) or len({*tokens}) < len(tokens) or {*tokens} & {instance.ingest_token, instance.api_token}:
        raise ValueError(f"each of {attribute.name} needs a token that opens nothing else and is nobody else's")


def _with_certificate(instance: "ServeSettings", attribute: "attrs.Attribute[Path | None]", value: Path | None) -> None:
    if (value is None) != (instance.certificate is None):
        raise ValueError("certificate and key belong together: set both or none")


def _addresses(instance: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for one in value:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise ValueError(f"{attribute.name}: {one!r} is no address such as 10.0.0.7 or 10.0.0.0/24") from error


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
    writers: Mapping[str, Secret] = attrs.field(
        factory=dict,
        validator=_apart,
        metadata=setting("Who may change incidents through /api/v1, each with a token of their own: ana = { env = … }"),
    )
    certificate: Path | None = attrs.field(
        default=None, metadata=setting("A certificate with its chain (PEM): /ingest and the rest speak TLS then")
    )
    key: Path | None = attrs.field(
        default=None, validator=_with_certificate, metadata=setting("The certificate's private key (PEM)")
    )
    trusted_proxies: tuple[str, ...] = attrs.field(
        default=(),
        converter=tuple,
        validator=_addresses,
        metadata=setting(
            "Addresses of reverse proxies: they may come from outside without TLS, and their "
            "X-Forwarded-For is believed",
            env="SOC_TRUSTED_PROXIES",
        ),
    )
    max_body: int = attrs.field(
        default=8 << 20, validator=_some, metadata=setting("The longest body of /ingest, in bytes")
    )
