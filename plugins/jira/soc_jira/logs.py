"""Where the plugin's facts go: to the standard logger below the core's, which says nothing until somebody listens."""

import logging

import structlog

log = structlog.wrap_logger(logging.getLogger("soc_core.jira"))
