"""Takes secrets out of log text before anything leaves the house."""

import re
from collections.abc import Callable, Mapping

import attrs

from soc_core.model.setting import setting


@attrs.frozen(kw_only=True)
class Redaction:
    """`[redaction]`: which secrets are masked in log text."""

    enabled: bool = attrs.field(default=True, metadata=setting("Mask secrets in log text before it leaves"))
    patterns: Mapping[str, str] = attrs.field(
        factory=dict, metadata=setting('Further secrets by name and regular expression: badge = "EMP-[0-9]{6}"')
    )


def masker(settings: Redaction) -> Callable[[str], str]:
    """The function that masks the patterns of the settings."""
    patterns = [(f"[masked:{name}]", re.compile(text)) for name, text in settings.patterns.items()]

    def mask(text: str) -> str:
        for notice, pattern in patterns:
            text = pattern.sub(notice, text)
        return text

    return mask
