"""What a plugin declares it wants to see, so that all other lines can be passed over at full speed."""

import re

import attrs


def _compiles(instance: "Pattern", attribute: "attrs.Attribute[str]", value: str) -> None:
    if instance.literal:
        if not value:
            raise ValueError(f"pattern {instance.name!r} is empty and would match every event")
        return
    try:
        compiled = re.compile(value)
    except re.error as error:
        raise ValueError(f"pattern {instance.name!r} is no regular expression: {error}") from error
    if compiled.match("") is not None:
        raise ValueError(f"pattern {instance.name!r} matches the empty text and so every event")


@attrs.frozen(kw_only=True)
class Pattern:
    """A text or regular expression that an event's raw line must contain for a plugin to have an opinion.

    Patterns select candidates only; the plugin's own code confirms, so a pattern may match too much, never
    too little.

    Args:
        name: What `event.hits` shows when the pattern fired; unique within the plugin.
        text: A regular expression in the common subset of `re` and RE2, or a plain text if `literal`.
        literal: Take `text` as it is written.
        ignore_case: On by default, as log sources disagree about case.
    """

    name: str
    text: str = attrs.field(validator=_compiles)
    literal: bool = False
    ignore_case: bool = True
