"""Writes a document as Atlassian Document Format, which version 3 of JIRA Cloud wants."""

from collections.abc import Sequence

from soc_jira.document import Block, Box, Bullets, Document, Heading, Link, Paragraph, Table
from soc_jira.reading import mapping, objects, text

Node = dict[str, object]


def to_adf(document: Document) -> Node:
    """The document as a tree of nodes; text is only ever text in it."""
    return {"type": "doc", "version": 1, "content": [_block(block) for block in document]}


def _block(block: Block) -> Node:
    if isinstance(block, Heading):
        return {"type": "heading", "attrs": {"level": 3}, "content": _inline(block.words)}
    if isinstance(block, Paragraph):
        return _paragraph(block.parts)
    if isinstance(block, Bullets):
        return {"type": "bulletList", "content": [_node("listItem", [_paragraph([item])]) for item in block.items]}
    if isinstance(block, Table):
        return _node("table", [_row(name, value) for name, value in block.rows])
    return _box(block)


def _box(box: Box) -> Node:
    # The message in a codeBlock may keep its line breaks; an empty text node would sink the whole request.
    return _node("codeBlock", [{"type": "text", "text": box.words}] if box.words else [])


def _row(name: str, value: str) -> Node:
    return _node("tableRow", [_node("tableHeader", [_paragraph([name])]), _node("tableCell", [_paragraph([value])])])


def _paragraph(parts: Sequence[str | Link]) -> Node:
    return _node("paragraph", [node for part in parts for node in _inline(part)])


def _inline(part: str | Link) -> list[Node]:
    if isinstance(part, Link):
        mark: Node = {"type": "link", "attrs": {"href": part.url}}
        return [{"type": "text", "text": part.words, "marks": [mark]}]
    nodes: list[Node] = []
    for number, words in enumerate(part.split("\n")):
        if number:
            nodes.append({"type": "hardBreak"})
        if words:
            nodes.append({"type": "text", "text": words})
    return nodes


def _node(kind: str, content: Sequence[Node]) -> Node:
    return {"type": kind, "content": list(content)}


def words_of(body: object) -> str:
    """The words of a text that came from JIRA, whichever form it has."""
    if isinstance(body, str):
        return body
    node = mapping(body)
    kind = node.get("type")
    if kind == "text":
        return text(node, "text")
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "emoji", "inlineCard"):
        return text(node, "attrs", "text") or text(node, "attrs", "url")
    inner = "".join(words_of(child) for child in objects(node.get("content")))
    return inner + "\n" if kind in ("paragraph", "heading", "codeBlock", "tableRow") else inner
