"""A plugin as people see it: what it is called, where it comes from, and how it stands after the start."""

import enum

import attrs

CORE = "soc-core"
"""The distribution of the built-in ones."""


class PluginState(enum.StrEnum):
    """How a plugin stands after the start."""

    ACTIVE = "active"
    NOT_CONFIGURED = "not configured"
    DISABLED = "disabled"
    BROKEN = "broken"


@attrs.frozen(kw_only=True)
class Plugin:
    """An installed plugin.

    Args:
        name: What settings, reports and jobs call it.
        distribution, version: What was installed; empty if the embedding program brought the plugin.
        entry_point: Where its code is, as `module:Class`.
        cause: Why it is not active, and what to do about it.
        warning: What is odd about it although it is at work, such as hooks of another version.
        hooks: What it implements.
        obj: The instance or module that answers; None unless active.
    """

    name: str
    distribution: str = ""
    version: str = ""
    entry_point: str = ""
    state: PluginState = attrs.field(default=PluginState.ACTIVE, converter=PluginState)
    cause: str = ""
    warning: str = ""
    hooks: tuple[str, ...] = ()
    obj: object | None = attrs.field(default=None, repr=False)

    @property
    def sees_all(self) -> bool | None:
        """Whether it is asked about every event, as it declares no patterns; None if it classifies nothing."""
        if not {"classify_event", "classify_events"} & set(self.hooks):
            return None
        return "register_patterns" not in self.hooks

    @property
    def sentence(self) -> str:
        """Name, origin, state and cause in one line for the person on call."""
        origin = f"{self.distribution} {self.version}, {self.entry_point}" if self.distribution else self.entry_point
        said = self.cause if self.state is PluginState.BROKEN else f"is {self.state}: {self.cause}".rstrip(": ")
        return f"plugin {self.name!r} ({origin}) {said}"
