"""Which engine scans: the fastest one that is installed, or the one that is asked for."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from soc_core.errors import SettingsError
from soc_core.scan.engine import Engine
from soc_core.scan.plain import Plain


def engines() -> tuple[str, ...]:
    """The engines that can be used here, the fastest first."""
    return tuple(name for name, (library, _) in _ENGINES.items() if not library or find_spec(library) is not None)


def engine_named(name: str) -> Engine:
    """The engine of a name.

    Raises:
        SettingsError: There is no such engine, or its library is not installed.
    """
    if name not in engines():
        raise SettingsError(f"no scan engine {name!r} here: choose one of {', '.join(engines())}")
    return _ENGINES[name][1]()


def _hyperscan() -> Engine:
    from soc_core.scan.hyperscan import Hyperscan  # noqa: PLC0415 - the library may be absent, and takes time to load

    return Hyperscan()


def _re2() -> Engine:
    from soc_core.scan.re2 import Re2  # noqa: PLC0415 - the same

    return Re2()


_ENGINES: Mapping[str, tuple[str, Callable[[], Engine]]] = {
    "hyperscan": ("hyperscan", _hyperscan),
    "re2": ("re2", _re2),
    "plain": ("", Plain),
}
