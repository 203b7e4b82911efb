"""Makes log text safe to show on a terminal: what would move the cursor or reorder letters becomes visible."""

import re

# C0 and C1 control characters, DEL, marks that reorder or join letters, zero-width ones, line separators, tags.
_HIDDEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
)
_HIDDEN += "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
_UNSAFE = re.compile(f"[{_HIDDEN}]")
_UNSAFE_IN_LINES = re.compile(f"(?!\n)[{_HIDDEN}]")


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text with `\x1b`, `\u202e` and the like written out; with `lines`, line ends stay what they are."""
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_escape, text)


def _escape(match: "re.Match[str]") -> str:
    return match[0].encode("unicode_escape").decode("ascii")
