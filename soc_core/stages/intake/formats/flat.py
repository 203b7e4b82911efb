"""A JSON event laid out flat, so that one name finds a field however its product nests and spells it."""

from collections.abc import Iterable, Iterator, Mapping

DEPTH = 6
WIDTH = 4_000
_SINGLE = frozenset({str, int, float, bool, type(None)})  # told ten times quicker than by asking for mappings
_NOTHING = frozenset({"", "-", "?", "n/a", "null", "none", "unknown", "(null)"})


def flatten(event: Mapping[str, object]) -> dict[str, object]:
    """Every value by its dotted path in lower case without `_` and `-`; of a list, the first element counts.

    `{"user": {"name": "bo"}}`, `{"user.name": "bo"}` and `{"User": {"Name": "bo"}}` are all `user.name`.
    """
    flat: dict[str, object] = {}
    _lay(event, "", flat, DEPTH)
    return flat


def first(flat: Mapping[str, object], paths: Iterable[str]) -> object | None:
    """The first of the named values that is there and says something."""
    for path in present(flat, paths):
        value = flat[path]
        if value is not None and not (isinstance(value, str) and value.strip().lower() in _NOTHING):
            return value
    return None


def present(flat: Mapping[str, object], paths: Iterable[str]) -> Iterator[str]:
    """The names that are there; of a hundred that products use few are in one event."""
    return filter(flat.__contains__, paths)


def text(value: object | None) -> str | None:
    """A field's value as one readable text, or None."""
    if value is None or isinstance(value, bool):
        return None
    return str(value)[:512].replace("\0", "\ufffd")  # no database takes a NUL


def _lay(event: Mapping[str, object], prefix: str, flat: dict[str, object], depth: int) -> None:
    for key, value in event.items():
        path = prefix + key.lower().replace("_", "").replace("-", "")
        while isinstance(value, list) and value:
            value = value[0]  # noqa: PLW2901  # of a list the first element speaks
        if type(value) not in _SINGLE and isinstance(value, Mapping):
            if depth:
                _lay(value, path + ".", flat, depth - 1)
        elif not isinstance(value, list) and len(flat) < WIDTH:
            flat.setdefault(path, value)
