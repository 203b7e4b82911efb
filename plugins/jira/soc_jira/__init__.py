"""JIRA for soc-core: one ticket per incident, kept in step both ways."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time they are imported when asked for: the plugin itself does not need them
    from soc_jira.manager import JiraManager, get_jira_manager

__all__ = ["JiraManager", "get_jira_manager"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from soc_jira import manager  # noqa: PLC0415 - it brings the whole house along

        return getattr(manager, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
