"""Writes a document as JIRA's wiki text, which version 2 and Data Center want; log text cannot become markup in it."""

import re

from soc_jira.document import Block, Box, Bullets, Document, Heading, Link, Paragraph, Table

_MARKUP = re.compile(r"[\\{}\[\]|*?+^~!#@&<>()%=:]|(?<![A-Za-z0-9])[-_]|[-_](?![A-Za-z0-9])")
_CLOSING = re.compile(r"\{(?=\s*/?noformat)", re.IGNORECASE)


def to_wiki(document: Document) -> str:
    """The document as text; each part of it is escaped, and the box cannot be left."""
    return "\n\n".join(_block(block) for block in document)


def escape(words: str) -> str:
    """Plain words that stay plain words: nothing in them is markup, a mention, a macro or a link."""
    # Character references read the same and do nothing; a backslash would itself be markup before some characters.
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", words).replace("\n", "\\\\\n")


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"h3. {escape(block.words)}"
    if isinstance(block, Paragraph):
        return "".join(_inline(part) for part in block.parts)
    if isinstance(block, Bullets):
        return "\n".join(f"* {escape(item)}" for item in block.items)
    if isinstance(block, Table):
        return "\n".join(f"||{escape(name)}|{escape(value) or ' '}|" for name, value in block.rows)
    return _box(block)


def _box(box: Box) -> str:
    # A space behind the brace keeps the text readable and the box closed: only our own token ends it.
    return "{noformat}\n" + _CLOSING.sub("{ ", box.words) + "\n{noformat}"


def _inline(part: str | Link) -> str:
    return f"[{escape(part.words)}|{part.url}]" if isinstance(part, Link) else escape(part)
