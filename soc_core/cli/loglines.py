"""Log lines of the program: to standard error, for people or as JSON, as loud as was asked for.

The library never sets up logging; the program does, once, here.
"""

import logging
import sys

import structlog

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


def begin(*, verbosity: int, as_json: bool) -> None:
    """Let log lines go to standard error: errors only, warnings as well, and with more `-v` facts and details."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(verbosity, logging.DEBUG)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries log through the standard library: their warnings are ours to show, their chatter is not.
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if verbosity > 1 else logging.WARNING, force=True)
