"""The log of this plugin, made when first needed: importing structlog takes longer than the whole plugin."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger


def log() -> "BoundLogger":
    """The logger."""
    import structlog  # noqa: PLC0415 - see above

    logger: BoundLogger = structlog.get_logger("soc_slack")
    return logger
