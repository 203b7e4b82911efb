"""Reads single values: texts, numbers, durations, secrets, file names, days."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import attrs

from soc_core.errors import SettingsError
from soc_core.model.duration import parse_duration
from soc_core.model.setting import Secret
from soc_core.settings import places
from soc_core.settings.places import Places, Source

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@attrs.frozen(kw_only=True)
class Written:
    """What was written for one setting, and what is needed to understand it.

    Args:
        raw: As TOML, the environment or the caller gave it.
        path: What the setting is called.
        places: Where settings were written.
        env: Where `{ env = "NAME" }` looks.
        base: The folder that file names are relative to.
    """

    raw: object
    path: places.Path
    places: Places
    env: Mapping[str, str]
    base: Path

    def inner(self, key: str, raw: object) -> "Written":
        """A part of it."""
        return attrs.evolve(self, raw=raw, path=(*self.path, key))

    def wrong(self, expected: str) -> SettingsError:
        """The error that it has the wrong form."""
        return self.error(f"must be {expected}, not {_said(self.raw)}")

    def error(self, text: str) -> SettingsError:
        """An error about it, with its name and place."""
        place = self.places.of(self.path)
        before = "" if place.source is Source.DEFAULT else f"{place}: "
        return SettingsError(f"{before}{places.shown(self.path) or 'settings'} {text}")

    @property
    def is_plain_text(self) -> bool:
        """Whether it came from where everything is text, so that `5` and `a,b` have to be understood."""
        return isinstance(self.raw, str) and self.places.of(self.path).source in (Source.ENVIRONMENT, Source.CALLER)


def finite(written: Written) -> float:
    """A number that is one."""
    raw = written.raw
    if not isinstance(raw, bool) and (isinstance(raw, int | float) or written.is_plain_text):
        try:
            number = float(str(raw))
        except ValueError as error:
            raise written.wrong("a number") from error
        if math.isfinite(number):
            return number
    raise written.wrong("a number")


def _text(written: Written) -> str:
    if not isinstance(written.raw, str):
        raise written.wrong("a text")
    return written.raw


def _truth(written: Written) -> bool:
    word = str(written.raw).casefold()
    if written.is_plain_text and word in _TRUE | _FALSE:
        return word in _TRUE
    raise written.wrong("true or false")


def _whole_number(written: Written) -> int:
    if written.is_plain_text:
        try:
            return int(str(written.raw))
        except ValueError as error:
            raise written.wrong("a whole number") from error
    raise written.wrong("a whole number")


def _duration(written: Written) -> timedelta:
    if not isinstance(written.raw, str):
        raise written.wrong('a duration such as "90s", "4h" or "1w"')
    try:
        return parse_duration(written.raw)
    except ValueError as error:
        raise written.wrong('a duration such as "90s", "4h" or "1w"') from error


def _secret(written: Written) -> Secret:
    raw = written.raw
    if isinstance(raw, str):
        if written.places.of(written.path).source is Source.ENVIRONMENT:
            return Secret(raw)
        raise written.error('is a secret: write { file = "PATH" } or { env = "NAME" } instead of the secret itself')
    if isinstance(raw, Mapping) and len(raw) == 1:
        [(where, name)] = raw.items()
        if where == "env" and isinstance(name, str):
            if name in written.env:
                return Secret(written.env[name])
            raise written.error(f"is to come from the environment, but {name} is not set there")
        if where == "file" and isinstance(name, str):
            return Secret(_content(written, written.base / Path(name).expanduser()))
    raise written.error('is a secret: write { file = "PATH" } or { env = "NAME" }')


def _content(written: Written, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise written.error(f"is to come from the file {path}, which cannot be read: {reason}") from error


def _file_name(written: Written) -> Path:
    path = Path(_text(written)).expanduser()
    return written.base / path if written.places.of(written.path).source is Source.FILE else path


def _moment(kind: type[date] | type[time]) -> Callable[[Written], object]:
    def moment(written: Written) -> object:
        try:
            return kind.fromisoformat(_text(written))
        except ValueError as error:
            raise written.wrong(f"a {kind.__name__} such as {_EXAMPLES[kind]}") from error

    return moment


_EXAMPLES: Mapping[type, str] = {date: "2026-12-24", time: "09:00", datetime: "2026-12-24T09:00:00Z"}
SIMPLE: Mapping[type, Callable[[Written], object]] = {
    str: _text,
    bool: _truth,
    int: _whole_number,
    float: finite,
    timedelta: _duration,
    Secret: _secret,
    Path: _file_name,
    date: _moment(date),
    time: _moment(time),
    datetime: _moment(datetime),
}
"""How each type of value is read."""


def _said(raw: object) -> str:
    if isinstance(raw, Mapping):
        return "a table"
    if isinstance(raw, list | tuple):
        return "a list"
    text = repr(raw) if isinstance(raw, str | int | float) else f"a {type(raw).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"
