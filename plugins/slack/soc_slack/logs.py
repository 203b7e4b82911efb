"""Where the plugin's facts go: the house's log, which says nothing until somebody listens."""

from soc_core import get_logger as log

__all__ = ["log"]
