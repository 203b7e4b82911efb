"""Facts about what soc-core does: to the standard logger `soc_core` for embedders, and as lines for the program `soc`.

The library sets nothing up: its facts go to the logger `soc_core`, where nobody hears them unless the embedding program
listens. Only the program calls `set_up()`. No line shows a secret, and no text of others can make a second line.
"""

import functools
import json
import logging
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from soc_core.model.setting import Secret
from soc_core.printable import printable
from soc_core.redaction import is_secret_name, mask

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger
    from structlog.typing import Processor

CHANNEL = "soc_core"
"""The name of the standard logger that gets all facts."""

_HIDDEN = "***"
_SHORTEST = 4
_COLOURS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31;1m"}


class KnownSecrets:
    """The secrets of this run, so that no line shows them, wherever they turn up; grows while settings are read."""

    def __init__(self) -> None:
        self._values: frozenset[str] = frozenset()

    def add(self, *secrets: Secret) -> None:
        """Hide these from now on; what is too short to be a secret would only riddle the lines with holes."""
        revealed = (secret.reveal() for secret in secrets)
        self._values |= {value for value in revealed if len(value) >= _SHORTEST}

    def hide(self, text: str) -> str:
        """The text with stars instead of secrets."""
        for value in self._values:
            text = text.replace(value, _HIDDEN)
        return text


@functools.cache
def get_logger() -> "BoundLogger":
    """The logger for facts: `get_logger().info("ticket.created", ticket="SEC-7")`."""
    import structlog  # noqa: PLC0415 - takes longer to import than the rest of the core

    logger: BoundLogger = structlog.wrap_logger(
        _channel(), processors=_processors(), wrapper_class=structlog.stdlib.BoundLogger
    )
    return logger


def set_up(
    *,
    stream: TextIO,
    as_json: bool,
    level: int = logging.WARNING,
    others: int = logging.WARNING,
    colours: bool = False,
    secrets: KnownSecrets | None = None,
) -> None:
    """Let lines go to a stream; for the program only, which calls it once it knows how loud it should be.

    Args:
        as_json: One JSON object per line, for programs; else lines for people.
        level: How loud soc-core and its plugins are.
        others: How loud the libraries are that they use.
        secrets: What must not show.
    """
    import structlog  # noqa: PLC0415 - see above

    handler = logging.StreamHandler(stream)
    hide = (secrets or KnownSecrets()).hide
    handler.setFormatter(_Lines(as_json=as_json, colours=colours, hide=hide))
    logging.basicConfig(level=others, handlers=[handler], force=True)
    _channel().setLevel(level)
    structlog.configure(
        processors=_processors(),
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=lambda *_: _channel(),
        cache_logger_on_first_use=False,
    )


def _channel() -> logging.Logger:
    channel = logging.getLogger(CHANNEL)
    if not channel.handlers:
        # Without it, Python itself would print warnings of a program that has set up no logging.
        channel.addHandler(logging.NullHandler())
    return channel


def _processors() -> "list[Processor]":
    import structlog  # noqa: PLC0415 - see above

    return [structlog.contextvars.merge_contextvars, structlog.stdlib.filter_by_level, _as_record]


def _as_record(
    logger: object, method: str, facts: MutableMapping[str, object]
) -> tuple[tuple[str], Mapping[str, object]]:
    """What the standard logger gets: a readable message, and the facts apart for those who want them."""
    trace = facts.pop("exc_info", None)
    clean = {key: _clean(value, mask, key) for key, value in facts.items()}
    event = str(clean.pop("event", ""))
    message = f"{printable(event)} {_pairs(clean)}".rstrip()
    return (message,), {"exc_info": trace, "extra": {"soc_event": event, "soc_facts": clean}}


def _clean(value: object, change: Callable[[str], str], key: str = "") -> object:
    """A value that JSON can take, its texts changed; what has the name of a secret is hidden."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret_name(key) or isinstance(value, Secret):
        return _HIDDEN
    if isinstance(value, Mapping):
        return {str(name): _clean(inner, change, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner, change) for inner in value]
    return change(value.isoformat() if isinstance(value, datetime) else str(value))


def _pairs(facts: Mapping[str, object]) -> str:
    return " ".join(f"{key}={value if _is_word(value) else json.dumps(value)}" for key, value in facts.items())


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.replace("-", "").replace("_", "").isalnum()


class _Lines(logging.Formatter):
    """One line for each record, of ours or of a library."""

    def __init__(self, *, as_json: bool, colours: bool, hide: Callable[[str], str]) -> None:
        super().__init__()
        self._as_json = as_json
        self._colours = colours
        self._hide = hide

    def format(self, record: logging.LogRecord) -> str:
        facts = _clean(getattr(record, "soc_facts", {}), self._hide)
        event = self._hide(getattr(record, "soc_event", None) or mask(record.getMessage()))
        at = datetime.fromtimestamp(record.created, UTC)
        known = facts if isinstance(facts, dict) else {}
        trace = self._trace(record)
        if self._as_json:
            head = {"time": at.isoformat(), "level": record.levelname.lower(), "logger": record.name, "event": event}
            return json.dumps({**head, **known, **head, **({"exception": trace} if trace else {})})
        level = record.levelname.lower()
        if self._colours and record.levelname in _COLOURS:
            level = f"{_COLOURS[record.levelname]}{level}\x1b[0m"
        line = f"{at:%H:%M:%S} {level} {printable(event)} {_pairs(known)}".rstrip()
        return f"{line}\n{printable(trace, lines=True)}".rstrip()

    def _trace(self, record: logging.LogRecord) -> str:
        """The trace without the values of variables, which may be secrets."""
        if not record.exc_info:
            return ""
        return self._hide(mask("".join(traceback.format_exception(*record.exc_info))))
