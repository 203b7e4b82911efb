"""What a class of settings declares: its fields, their types, help and environment names."""

import typing
from collections.abc import Callable

import attrs

from soc_core.errors import PluginError, SettingsError
from soc_core.model.setting import ENV, HELP


@attrs.frozen(kw_only=True)
class Field:
    """A setting as its class declares it."""

    name: str
    key: str
    kind: object
    default: object
    help: str
    env: str | None
    converter: Callable[[object], object] | None

    def refuses(self, value: object) -> bool:
        """Whether its converter does not take a value."""
        try:
            if self.converter is not None:
                self.converter(value)
        except (SettingsError, ValueError, TypeError):
            return True
        return False

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is attrs.NOTHING

    @property
    def default_value(self) -> object:
        """The default; a factory is asked."""
        factory = getattr(self.default, "factory", None)
        return factory() if callable(factory) else self.default

    @property
    def table(self) -> type | None:
        """The class of the table that it is, or None for a single value."""
        return self.kind if isinstance(self.kind, type) and attrs.has(self.kind) else None


def fields_of(cls: type) -> tuple[Field, ...]:
    """The settings that a class declares.

    Raises:
        PluginError: It is no attrs class, or its types cannot be resolved.
    """
    if not attrs.has(cls):
        raise PluginError(f"{cls.__qualname__} must be an attrs class: write @attrs.frozen(kw_only=True) above it")
    try:
        hints = typing.get_type_hints(cls)
    except NameError as error:
        raise PluginError(f"the types of {cls.__qualname__} must be importable when it is read: {error}") from error
    return tuple(
        Field(
            name=one.name,
            key=one.alias or one.name,
            kind=hints[one.name],
            default=one.default,
            help=one.metadata.get(HELP, ""),
            env=one.metadata.get(ENV),
            converter=one.converter if callable(one.converter) else None,
        )
        for one in attrs.fields(cls)
        if one.init
    )
