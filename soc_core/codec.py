"""Nouns to JSON text and back, for the store and for command output."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:  # cattrs costs more to import than the whole desk; only the store needs it
    import cattrs

T = TypeVar("T")
_MICROSECOND = timedelta(microseconds=1)


def dump(value: object) -> str:
    """A value as JSON text that `load` turns back into the same value."""
    return msgspec.json.encode(plain(value)).decode()


def plain(value: object) -> object:
    """A value as dicts, lists, numbers and texts."""
    return _converter().unstructure(value)


def load(text: str, cls: type[T]) -> T:
    """The value that `dump` wrote."""
    return build(msgspec.json.decode(text), cls)


def build(value: object, cls: type[T]) -> T:
    """The value that `plain` took apart."""
    return _converter().structure(value, cls)


def iso(instant: datetime | None) -> str | None:
    """A time as every output of soc-core writes it: ISO 8601 in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def _converter() -> "cattrs.Converter":
    import cattrs  # noqa: PLC0415 - see above

    converter = cattrs.Converter()
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    converter.register_unstructure_hook(time, time.isoformat)
    converter.register_structure_hook(time, lambda text, _: time.fromisoformat(text))
    converter.register_unstructure_hook(timedelta, lambda span: span // _MICROSECOND)
    converter.register_structure_hook(timedelta, lambda number, _: timedelta(microseconds=number))
    converter.register_unstructure_hook(MappingProxyType, dict)
    converter.register_structure_hook_func(lambda kind: kind is object, lambda value, _: value)
    return converter
