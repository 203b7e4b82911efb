"""Lists of names as fields keep them; one name alone is a list of one, never a list of its letters."""

from collections.abc import Iterable


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order."""
    return (names,) if isinstance(names, str) else tuple(names)


def as_set(names: Iterable[str]) -> frozenset[str]:
    """The names without order."""
    return frozenset((names,) if isinstance(names, str) else names)
