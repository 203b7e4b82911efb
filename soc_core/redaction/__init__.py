"""Takes secrets out of log text before anything leaves the house.

What is found stays recognisable by kind: `Authorization: Bearer [masked:jwt]`. Masking twice changes nothing more. If
masking itself fails, the text is replaced by a notice: it is better to say less than to publish a password.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from soc_core.model.setting import setting
from soc_core.redaction.cards import card_numbers
from soc_core.redaction.extra import Finder, finder, linear_engine
from soc_core.redaction.kinds import Kind, Span, is_secret_name, is_secret_value, kinds

__all__ = ["FAILED", "Redaction", "is_secret_name", "mask", "mask_fields", "masker"]

FAILED = "[masked:all] (this text could not be searched for secrets)"
"""Stands for a text that could not be searched."""

_MASKED = "[masked:"
_LONG = 512  # what is longer is no word, path or number; and looking again within it would make hostile lines slow


def _finders(patterns: Mapping[str, str]) -> Sequence[tuple[str, Finder]]:
    linear = linear_engine() if patterns else None
    return [(name, finder(name, text, linear)) for name, text in patterns.items()]


def _usable(instance: object, attribute: "attrs.Attribute[Mapping[str, str]]", value: Mapping[str, str]) -> None:
    _finders(value)


@attrs.frozen(kw_only=True)
class Redaction:
    """`[redaction]`: which secrets are masked in log text."""

    enabled: bool = attrs.field(default=True, metadata=setting("Mask secrets in log text before it leaves"))
    patterns: Mapping[str, str] = attrs.field(
        factory=dict,
        validator=_usable,
        metadata=setting('Further secrets by name and regular expression: badge = "EMP-[0-9]{6}"'),
    )


def masker(settings: Redaction) -> Callable[[str], str]:
    """The function that takes secrets out of a text as the settings wish; it never raises."""
    if not settings.enabled:
        return _as_it_is
    further = _finders(settings.patterns)

    def mask_too(text: str) -> str:
        return _masked(text, further)

    return mask_too


def mask(text: str) -> str:
    """The text without the secrets that are known by their shape; it never raises."""
    return _masked(text, ())


def mask_fields(fields: Mapping[str, object], mask: Callable[[str], str] = mask) -> dict[str, object]:
    """Parsed fields without secrets: by the text of values, and by names such as `password` at any depth."""
    return {key: _masked_value(key, value, mask) for key, value in fields.items()}


def _as_it_is(text: str) -> str:
    return text


def _masked_value(key: str, value: object, mask: Callable[[str], str]) -> object:
    if isinstance(value, str):
        if value and not value.startswith(_MASKED) and is_secret_value(key, value):
            return f"{_MASKED}field]"
        return mask(value)
    if isinstance(value, Mapping):
        return {str(name): _masked_value(str(name), inner, mask) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_value(key, inner, mask) for inner in value]
    return value


def _masked(text: str, further: Sequence[tuple[str, Finder]]) -> str:
    try:
        spans = sorted(_found(text, further))
    # Whatever goes wrong here, the text must not leave unmasked.
    except Exception:  # noqa: BLE001
        return FAILED
    if not spans:
        return text
    parts, done = [], 0
    for start, end, name in spans:
        if start >= done:
            parts += [text[done:start], f"{_MASKED}{name}]"]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _found(text: str, further: Sequence[tuple[str, Finder]]) -> Iterator[Span]:
    lower = _lower(text)
    for hint, kind in kinds():
        if hint in lower:
            yield from _at_hints(text, lower, hint, kind)
    yield from card_numbers(text)
    for name, find in further:
        yield from ((start, end, name) for start, end in find(text))


def _at_hints(text: str, lower: str, hint: str, kind: Kind) -> Iterator[Span]:
    """Matching only where a hint is keeps ordinary lines quick and hostile ones linear."""
    at = lower.find(hint)
    while at >= 0:
        following = at + len(hint)
        match = kind.match_at(text, at)
        if match is not None:
            start, end = match.span(match.lastindex or 0)
            following = max(following, start)
            judged = end - start > _LONG or kind.is_secret(match)
            if start < end and judged and not text.startswith(_MASKED, start):
                yield start, end, kind.name
                following = max(following, end)
        at = lower.find(hint, following)


def _lower(text: str) -> str:
    """Lower case of the same length, so that places in it are places in the text."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
