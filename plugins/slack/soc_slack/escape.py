"""Makes log text harmless in Slack: no ping, no live link, no hidden characters, never too long."""

import re

# Control characters but for newline and tab, direction marks, zero-width characters, and halves of characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_SCHEME = re.compile(r"\b(?:ht|f)tps?(?=:)", re.IGNORECASE)
_DEFANGED = str.maketrans("tT", "xX")
_OTHER_SCHEME = re.compile(r"(?<=\w):(?=//)|(?<=mailto):", re.IGNORECASE)
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")  # before what may be a top-level domain


def printable(text: str) -> str:
    r"""The text with hidden characters made visible, such as `\u202e`."""
    return _HIDDEN.sub(lambda found: _visible(found.group()), text)


def legible(text: str, limit: int) -> str:
    """The text with hidden characters made visible, at most `limit` characters; what is left out is counted."""
    shown = printable(text[: limit + 1])  # a log line can be megabytes long: only the part that is shown is looked at
    if len(shown) <= limit:
        return shown
    note = f"… ({len(text):,} characters)"
    return shown[: max(0, limit - len(note))] + note[:limit]


def one_line(text: str, limit: int) -> str:
    """The text on one line, at most `limit` characters."""
    return legible(" ".join(text[: 4 * limit].split()), limit)


def escape(text: str) -> str:
    """The text for a place where Slack looks for mentions and links; call it once."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inert(text: str, limit: int) -> str:
    """Hostile text for such a place: on one line, no mention, no link, at most `limit` characters after escaping."""
    line = printable(" ".join(text[: 4 * limit].split()))
    tame = _DOT.sub(
        "[.]", _OTHER_SCHEME.sub("[:]", _SCHEME.sub(lambda found: found.group().translate(_DEFANGED), line))
    )
    if len(tame) > limit:
        tame = tame[: limit - 1] + "…"
    shown = escape(tame)
    while len(shown) > limit:
        # Cut before escaping, so that no entity is cut in two.
        tame = tame[: max(0, len(tame) - max(1, (len(shown) - limit + 5) // 6)) - 1].rstrip() + "…"
        if tame == "…" and limit < 1:
            return ""
        shown = escape(tame)
    return shown


def link(url: str, label: str) -> str:
    """A live link of our own; anything but http(s) becomes the bare label."""
    name = escape(one_line(label, 200)).replace("|", "¦")
    if not re.match(r"https?://[^\s<>|]+$", url):
        return name
    return f"<{escape(url)}|{name}>"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
