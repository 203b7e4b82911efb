"""One table of what can be asked over HTTP: the paths and their OpenAPI document are both made of it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version

import attrs
import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from soc_core.printable import printable

Schema = Mapping[str, object]
Shape = type[msgspec.Struct] | Schema
Answer = Callable[[Request], Awaitable[Response]]
_COMPONENTS = "#/components/schemas/{name}"


@attrs.frozen(kw_only=True)
class Parameter:
    """A part of the request beside its body; `where` is `path`, `query` or `header`."""

    name: str
    where: str
    text: str
    schema: Schema


@attrs.frozen(kw_only=True)
class Operation:
    """One method of one path.

    Args:
        text: What it is for, in a sentence.
        answer: Answers it.
        guarded: Whether callers must show a token.
        takes: The body it wants, by media type.
        gives: What it answers when all is well: JSON of this shape, or (None) text.
        done: The status of that answer; `2XX` where it is a plugin's choice.
        refuses: The other answers it may give; all of them are a line of text.
    """

    method: str
    path: str
    text: str
    answer: Answer
    guarded: bool = False
    parameters: Sequence[Parameter] = ()
    takes: Mapping[str, Shape] = attrs.field(factory=dict)
    gives: Shape | None = None
    done: str = "200"
    refuses: Sequence[int] = ()

    @property
    def route(self) -> Route:
        """The path for Starlette."""
        return Route(self.path, self.answer, methods=[self.method])


def misspelt(request: Request, parameters: Sequence[Parameter]) -> Response | None:
    """The refusal of a query with a name that means nothing here: passed over, it would answer another question."""
    known = [one.name for one in parameters if one.where == "query"]
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is None:
        return None
    names = f"there is {' and '.join(known)}" if known else "there is none"
    return PlainTextResponse(f"no parameter is called '{printable(unknown[:40])}': {names}\n", status_code=400)


def document(operations: Sequence[Operation]) -> dict[str, object]:
    """The OpenAPI 3.1 document of a table."""
    paths: dict[str, dict[str, object]] = {}
    shapes: dict[str, type[msgspec.Struct]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one, shapes)
    _, components = msgspec.json.schema_components(shapes.values(), ref_template=_COMPONENTS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "soc-core", "version": version("soc-core"), "summary": "What soc serve answers."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(one: Operation, shapes: dict[str, type[msgspec.Struct]]) -> dict[str, object]:
    def content(media: str, shape: Shape) -> dict[str, object]:
        if isinstance(shape, Mapping):
            return {media: {"schema": shape}}
        shapes[shape.__name__] = shape
        return {media: {"schema": {"$ref": _COMPONENTS.format(name=shape.__name__)}}}

    text = content("text/plain", {"type": "string"})
    refused = sorted({*one.refuses, *((401, 403) if one.guarded else ())})
    described: dict[str, object] = {
        "operationId": f"{one.method.lower()}{re.sub(r'[^a-z0-9]+', '_', one.path.lower()).rstrip('_')}",
        "summary": one.text,
        "responses": {
            one.done: {
                "description": "Done",
                "content": text if one.gives is None else content("application/json", one.gives),
            },
            **{str(code): {"description": HTTPStatus(code).phrase, "content": text} for code in refused},
        },
    }
    if one.guarded:
        described["security"] = [{"token": []}]
    if one.parameters:
        described["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "description": parameter.text,
                "required": parameter.where == "path",
                "schema": parameter.schema,
            }
            for parameter in one.parameters
        ]
    if one.takes:
        bodies = {name: value for media, shape in one.takes.items() for name, value in content(media, shape).items()}
        described["requestBody"] = {"required": True, "content": bodies}
    return described
