"""The text of a ticket before it takes JIRA's form: headings, paragraphs, tables, one box for the log message.

Whatever a log line may have brought in is cleaned here of characters that draw or hide something; what is markup in one
form or the other is dealt with where the form is made, in `adf.py` and `wiki.py`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import attrs


@attrs.frozen
class Link:
    """A link that we made ourselves; log text never becomes one."""

    words: str
    url: str


def _inlines(parts: "Iterable[str | Link]") -> "tuple[str | Link, ...]":
    return tuple(parts)


def _words(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(items)


def _pairs(rows: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(rows)


@attrs.frozen
class Heading:
    """A heading."""

    words: str


@attrs.frozen
class Paragraph:
    """Sentences and links."""

    parts: tuple["str | Link", ...] = attrs.field(converter=_inlines)


@attrs.frozen
class Bullets:
    """A list."""

    items: tuple[str, ...] = attrs.field(converter=_words)


@attrs.frozen
class Table:
    """Names and values."""

    rows: tuple[tuple[str, str], ...] = attrs.field(converter=_pairs)


@attrs.frozen
class Box:
    """Text shown as it is, in a box."""

    words: str


Block = Heading | Paragraph | Bullets | Table | Box
Document = Sequence[Block]

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


_WIDE = re.compile("[\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    r"""The text with every character that draws or hides something written out, such as `\x1b`."""
    return _UNSEEN.sub(_written_out, words.replace("\r\n", "\n"))


def line(words: str, longest: int = 255) -> str:
    """The text cleaned and on one line, cut to what a title or label may have."""
    return cut(" ".join(clean(words).split()), longest)


def size(words: str) -> int:
    """How long JIRA takes a text for: it counts as Java does, in halves of wide characters."""
    return len(words) + sum(character > "\uffff" for character in words)


def cut(words: str, longest: int) -> str:
    """The text cut to a length, with a mark where it was cut."""
    if size(words) <= longest:
        return words
    kept, room = [], longest - 1
    for character in words:
        room -= size(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def narrow(words: str) -> str:
    """The text without wide characters such as emoji, which some databases under JIRA cannot keep."""
    return _WIDE.sub("\ufffd", words)


def slug(words: str) -> str:
    """The text as a label: small letters, digits and hyphens."""
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:255] or "other"


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
