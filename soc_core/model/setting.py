"""How settings are declared: secrets that never show, the help and environment name of a field, and safe addresses."""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from soc_core.errors import SettingsError

ENV: Final = "soc_env"
HELP: Final = "soc_help"


class Secret:
    """A text that no repr, log line or error shows; `reveal()` hands it to the library that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself: hand it over, never keep or print it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


def setting(text: str, *, env: str | None = None) -> Mapping[str, str]:
    """Metadata for `attrs.field(metadata=...)`: one sentence of help and, if it has one, its environment name.

    ```python
    @attrs.frozen(kw_only=True)
    class Settings:
        server_url: str | None = attrs.field(default=None, metadata=setting("Where JIRA is", env="JIRA_SERVER_URL"))
        timeout: timedelta = attrs.field(default=timedelta(seconds=10), metadata=setting("For one request"))
    ```
    """
    return {HELP: text} if env is None else {HELP: text, ENV: env}


def checked_url(url: str) -> str:
    """The address without a slash at its end, if it may be called: https, or http on this machine; for `converter=`.

    Raises:
        SettingsError: It may not; the text does not repeat the address, which may hold a password.
    """
    cleaned = url.strip().rstrip("/")
    try:
        parts = urlsplit(cleaned)
        host, _ = parts.hostname, parts.port
    except ValueError:  # its text repeats the address, so that it must not be seen as the cause either
        raise SettingsError("this is no address: its host or port cannot be understood") from None
    if parts.username is not None:
        raise SettingsError("an address must not hold a user name or password; they have settings of their own")
    if host and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))):
        return cleaned
    raise SettingsError("an address begins with https:// and a host; http:// is for this machine only (127.0.0.1)")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
