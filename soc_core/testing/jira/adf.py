"""Refuses Atlassian documents that JIRA Cloud would refuse: unknown nodes, empty texts, marks where none may be."""

import re
from collections.abc import Mapping, Sequence

_BLOCKS = frozenset(
    {"paragraph", "heading", "codeBlock", "bulletList", "orderedList", "table", "rule", "panel", "blockquote"}
)
_INLINES = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard"})
_CHILDREN: Mapping[str, frozenset[str]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINES,
    "heading": _INLINES,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "codeBlock", "bulletList", "orderedList"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "tableCell": _BLOCKS - {"table"},
    "tableHeader": _BLOCKS - {"table"},
    "panel": frozenset({"paragraph", "heading", "bulletList", "orderedList"}),
    "blockquote": frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"}),
}
_NEVER_EMPTY = frozenset({"bulletList", "orderedList", "listItem", "table", "tableRow", "tableCell", "tableHeader"})
_ATTRS: Mapping[str, frozenset[str]] = {
    "heading": frozenset({"level"}),
    "codeBlock": frozenset({"language"}),
    "panel": frozenset({"panelType"}),
    "orderedList": frozenset({"order"}),
    "table": frozenset({"isNumberColumnEnabled", "layout"}),
    "tableCell": frozenset({"colspan", "rowspan", "background", "colwidth"}),
    "tableHeader": frozenset({"colspan", "rowspan", "background", "colwidth"}),
    "mention": frozenset({"id", "text", "accessLevel"}),
    "inlineCard": frozenset({"url"}),
}
_PANELS = frozenset({"info", "note", "warning", "success", "error"})
_MARKS = frozenset({"strong", "em", "code", "link", "strike", "underline"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def faults_of(document: object) -> list[str]:
    """What is wrong with a document, in words; an empty list means that JIRA takes it."""
    if not isinstance(document, Mapping) or document.get("type") != "doc" or document.get("version") != 1:
        return ["Operation value must be an Atlassian Document (see the Atlassian Document Format)"]
    if set(document) != {"type", "version", "content"}:
        return [f"INVALID_INPUT: doc has {sorted(map(str, document))}"]
    found: list[str] = []
    _children("doc", document.get("content"), found)
    return found


def _children(parent: str, content: object, found: list[str]) -> None:
    if not isinstance(content, Sequence) or isinstance(content, str):
        found.append(f"INVALID_INPUT: {parent} has no content")
        return
    if not content and parent in _NEVER_EMPTY:
        found.append(f"INVALID_INPUT: {parent} is empty")
    for node in content:
        if not isinstance(node, Mapping) or node.get("type") not in _CHILDREN[parent]:
            found.append(f"INVALID_INPUT: {parent} may not hold {node!r:.60}")
            continue
        _node(parent, str(node["type"]), node, found)


def _node(parent: str, kind: str, node: Mapping[str, object], found: list[str]) -> None:
    if kind == "text":
        _text(parent, node, found)
        return
    if extra := set(node) - {"type", "content", "attrs"}:
        found.append(f"INVALID_INPUT: {kind} has {sorted(extra)}")
    attributes = node.get("attrs", {})
    if not isinstance(attributes, Mapping) or set(attributes) - _ATTRS.get(kind, frozenset()):
        found.append(f"INVALID_INPUT: {kind} has attributes {attributes!r:.60}")
    elif kind == "heading" and attributes.get("level") not in range(1, 7):
        found.append("INVALID_INPUT: heading without a level from 1 to 6")
    elif kind == "panel" and attributes.get("panelType") not in _PANELS:
        found.append("INVALID_INPUT: panel of no known type")
    if kind in _CHILDREN and (kind in _NEVER_EMPTY or "content" in node):
        _children(kind, node.get("content"), found)


def _text(parent: str, node: Mapping[str, object], found: list[str]) -> None:
    text = node.get("text")
    if not isinstance(text, str) or not text:
        found.append("INVALID_INPUT: a text node may not be empty")
    elif _CONTROL.search(text):
        found.append("INVALID_INPUT: a text node holds characters that XML does not know")
    if set(node) - {"type", "text", "marks"}:
        found.append(f"INVALID_INPUT: text has {sorted(node)}")
    marks = node.get("marks", [])
    if not isinstance(marks, Sequence):
        found.append("INVALID_INPUT: marks are no list")
        return
    kinds = [mark.get("type") if isinstance(mark, Mapping) else None for mark in marks]
    if parent == "codeBlock" and kinds:
        found.append("INVALID_INPUT: text in a codeBlock takes no marks")
    if any(kind not in _MARKS for kind in kinds) or ("code" in kinds and set(kinds) - {"code", "link"}):
        found.append(f"INVALID_INPUT: marks {kinds} do not go together")
    for mark in marks:
        if isinstance(mark, Mapping) and mark.get("type") == "link":
            target = mark.get("attrs")
            if not isinstance(target, Mapping) or not target.get("href"):
                found.append("INVALID_INPUT: link without href")
