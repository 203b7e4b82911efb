"""How settings are declared: secrets that never show, and the environment names and help that go with a field."""

from collections.abc import Mapping
from typing import Final

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
