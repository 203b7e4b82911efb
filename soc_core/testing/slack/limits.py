"""Block Kit's limits as the pretended Slack enforces them: what the real one answers `invalid_blocks` to."""

from collections.abc import Iterator, Mapping

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
_KNOWN = frozenset(
    {"actions", "context", "divider", "header", "image", "input", "markdown", "rich_text", "section", "video"}
)
_PLAIN_ONLY = ("header",)


def faults_in(blocks: object) -> list[str]:
    """What is wrong with the blocks of a message, in words; an empty list if nothing is."""
    if not isinstance(blocks, list):
        return ["blocks must be an array"]
    found = [f"no more than {MESSAGE_BLOCKS} items allowed [json-pointer:/blocks]"] * (len(blocks) > MESSAGE_BLOCKS)
    return found + list(_each(blocks, "/blocks"))


def faults_in_view(view: object) -> list[str]:
    """What is wrong with a modal."""
    if not isinstance(view, Mapping):
        return ["view must be an object"]
    found = []
    if view.get("type") != "modal":
        found.append("unknown view type [json-pointer:/view/type]")
    for part in ("title", "submit", "close"):
        if part in view or part == "title":
            found += _text(view.get(part), f"/view/{part}", 24, plain=True)
    if len(str(view.get("private_metadata", ""))) > 3000:
        found.append("private_metadata is longer than 3000 [json-pointer:/view/private_metadata]")
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or len(blocks) > VIEW_BLOCKS:
        return [*found, f"1 to {VIEW_BLOCKS} blocks are allowed [json-pointer:/view/blocks]"]
    return found + list(_each(blocks, "/view/blocks"))


def _each(blocks: list[object], where: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        place = f"{where}/{number}"
        if not isinstance(block, Mapping) or block.get("type") not in _KNOWN:
            yield f"unsupported block type [json-pointer:{place}/type]"
            continue
        name = block.get("block_id")
        if name is not None and (not isinstance(name, str) or not 0 < len(name) <= 255 or name in seen):
            yield f"block_id must be unique and at most 255 long [json-pointer:{place}/block_id]"
        seen.add(str(name))
        yield from _block(block, place)


def _block(block: Mapping[str, object], place: str) -> Iterator[str]:
    kind = str(block["type"])
    if kind in _PLAIN_ONLY:
        yield from _text(block.get("text"), f"{place}/text", 150, plain=True)
    elif kind == "section":
        yield from _section(block, place)
    elif kind in ("actions", "context"):
        most = 25 if kind == "actions" else 10
        elements = block.get("elements")
        if not isinstance(elements, list) or not 0 < len(elements) <= most:
            yield f"1 to {most} elements are allowed [json-pointer:{place}/elements]"
            return
        for number, element in enumerate(elements):
            check = _element if kind == "actions" else _context_element
            yield from check(element, f"{place}/elements/{number}")
        names = [element.get("action_id") for element in elements if isinstance(element, Mapping)]
        if kind == "actions" and len(names) != len(set(names)):
            yield f"action_id must be unique in a block [json-pointer:{place}/elements]"
    elif kind == "input":
        yield from _text(block.get("label"), f"{place}/label", 2000, plain=True)
        yield from _element(block.get("element"), f"{place}/element")
    elif kind == "rich_text":
        yield from _rich(block.get("elements"), f"{place}/elements")


def _section(block: Mapping[str, object], place: str) -> Iterator[str]:
    fields = block.get("fields")
    if "text" not in block and not fields:
        yield f"missing required field: text or fields [json-pointer:{place}]"
    if "text" in block:
        yield from _text(block["text"], f"{place}/text", 3000)
    if fields is not None and (not isinstance(fields, list) or not 0 < len(fields) <= 10):
        yield f"1 to 10 fields are allowed [json-pointer:{place}/fields]"
    elif isinstance(fields, list):
        for number, field in enumerate(fields):
            yield from _text(field, f"{place}/fields/{number}", 2000)


def _context_element(element: object, place: str) -> Iterator[str]:
    if isinstance(element, Mapping) and element.get("type") == "image":
        return
    yield from _text(element, place, 3000)


def _element(element: object, place: str) -> Iterator[str]:
    if not isinstance(element, Mapping):
        yield f"must be an object [json-pointer:{place}]"
        return
    if not 0 < len(str(element.get("action_id", "x"))) <= 255:
        yield f"action_id must be 1 to 255 long [json-pointer:{place}/action_id]"
    if element.get("type") == "button":
        yield from _text(element.get("text"), f"{place}/text", 75, plain=True)
        for name, most in (("value", 2000), ("url", 3000)):
            if len(str(element.get(name, ""))) > most:
                yield f"must be less than {most + 1} characters [json-pointer:{place}/{name}]"
        if element.get("style", "primary") not in ("primary", "danger"):
            yield f"style must be primary or danger [json-pointer:{place}/style]"
    elif element.get("type") == "overflow":
        options = element.get("options")
        if not isinstance(options, list) or not 0 < len(options) <= 5:
            yield f"1 to 5 options are allowed [json-pointer:{place}/options]"
        else:
            for number, option in enumerate(options):
                yield from _option(option, f"{place}/options/{number}")
    elif element.get("type") not in ("plain_text_input", "static_select", "users_select"):
        yield f"unsupported element type [json-pointer:{place}/type]"


def _option(option: object, place: str) -> Iterator[str]:
    if not isinstance(option, Mapping):
        yield f"must be an object [json-pointer:{place}]"
        return
    yield from _text(option.get("text"), f"{place}/text", 75)
    if len(str(option.get("value", ""))) > 150:
        yield f"must be less than 151 characters [json-pointer:{place}/value]"


def _rich(elements: object, place: str) -> Iterator[str]:
    if not isinstance(elements, list) or not elements:
        yield f"must not be empty [json-pointer:{place}]"
        return
    for number, element in enumerate(elements):
        inner = element.get("elements") if isinstance(element, Mapping) else None
        if not isinstance(inner, list):
            yield f"must be an array [json-pointer:{place}/{number}/elements]"
            continue
        for position, part in enumerate(inner):
            if isinstance(part, Mapping) and part.get("type") == "text" and not part.get("text"):
                yield f"text must not be empty [json-pointer:{place}/{number}/elements/{position}/text]"


def _text(value: object, place: str, most: int, *, plain: bool = False) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"missing required field: text [json-pointer:{place}]"]
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        return [f"must be one of {', '.join(kinds)} [json-pointer:{place}/type]"]
    text = value.get("text")
    if not isinstance(text, str) or not 0 < len(text) <= most:
        return [f"must be more than 0 and less than {most + 1} characters [json-pointer:{place}/text]"]
    return []
