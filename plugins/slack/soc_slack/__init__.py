"""Slack for soc-core: one live message per incident, and buttons that always answer."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc_slack.manager import SlackManager, get_slack_manager

__all__ = ["SlackManager", "get_slack_manager"]


def __getattr__(name: str) -> object:
    # The plugin itself never needs the manager, and the manager brings the whole house along.
    if name in __all__:
        from soc_slack import manager  # noqa: PLC0415

        return getattr(manager, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
