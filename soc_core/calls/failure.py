"""What went wrong when a plugin was asked: for logs, for the held shelf and for explanations."""

import enum

import attrs


class FailureKind(enum.StrEnum):
    """How a plugin failed."""

    RAISED = "raised"
    HUNG = "hung"
    RUBBISH = "rubbish"
    OVERRAN = "overran"
    SUSPENDED = "suspended"


@attrs.frozen(kw_only=True)
class Failure:
    """One plugin's failure at one hook.

    Args:
        plugin, hook: The culprit.
        kind: It raised, hung, answered rubbish, took too long, or is suspended and was not asked.
        text: One line without secrets that says what happened.
    """

    plugin: str
    hook: str
    kind: FailureKind = attrs.field(converter=FailureKind)
    text: str


class Rubbish(Exception):
    """An answer that is none; the text says what was due."""
