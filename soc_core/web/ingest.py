"""`POST /ingest`: log lines come in over HTTP, and what is answered with 200 is stored and cannot be lost.

A caller who gets another answer, or none, sends the same again: lines that carry an `id` have no effect twice, others
join the open incidents.
"""

from collections.abc import Callable, Mapping

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from structlog import get_logger

from soc_core.errors import InputError, SettingsError, StoreError
from soc_core.model.setting import Secret
from soc_core.web import shapes
from soc_core.web.body import PATIENCE, read
from soc_core.web.operation import Operation, Parameter, misspelt
from soc_core.web.senders import ARRAYS, as_lines
from soc_core.web.tokens import caller

TOKEN = "SOC_INGEST_TOKEN"  # noqa: S105 - the name of one
AT_ONCE = 8
_TEXT = {"type": "string"}
_EVENT = {"type": ["object", "string"]}
_PARAMETERS = (
    Parameter(name="format", where="query", text="What the lines are", schema={**_TEXT, "default": "auto"}),
    Parameter(name="source", where="query", text="The source of them all", schema=_TEXT),
)
_EVENTS = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]}

Take = Callable[[bytes, str, str | None], Mapping[str, int]]
"""Judges and stores whole lines, given their format and source; answers what they came to when all are stored."""


def operation(
    take: Take, *, token: Secret | None, max_body: int, at_once: int = AT_ONCE, patience: float = PATIENCE
) -> Operation:
    """The path `/ingest`.

    Args:
        take: What stores the lines.
        token: What callers must show.
        max_body: The longest body that is read, in bytes.
        at_once: How many requests are worked on; further ones are told to come back when the store has caught up.
        patience: How many seconds a body may take to come in.
    """
    busy = 0

    async def ingest(request: Request) -> Response:
        nonlocal busy
        who = caller(request, {TOKEN: token}, setting=TOKEN)
        if isinstance(who, Response):
            return who
        if (refusal := misspelt(request, _PARAMETERS)) is not None:
            return refusal
        if busy >= at_once:
            return _later(429, "the store is behind: nothing of this was taken, send it again")
        busy += 1
        try:
            return await _answer(request, take, max_body, patience)
        finally:
            busy -= 1

    return Operation(
        method="POST",
        path="/ingest",
        text="Take log lines; 200 means that they are stored.",
        answer=ingest,
        guarded=True,
        parameters=_PARAMETERS,
        takes={"application/x-ndjson": _TEXT, "text/plain": _TEXT, **dict.fromkeys(ARRAYS, _EVENTS)},
        gives=shapes.Taken,
        refuses=(400, 408, 413, 415, 429, 503),
    )


async def _answer(request: Request, take: Take, max_body: int, patience: float) -> Response:
    body = await read(request, max_body, patience)
    if isinstance(body, Response):
        return body
    words = request.query_params
    source = words.get("source")
    if source is not None and not source.isprintable():
        return PlainTextResponse("a source is plain text\n", status_code=400)

    def work() -> Mapping[str, int]:
        lines = as_lines(body, request.headers)
        return take(lines, words.get("format", "auto"), source)

    try:
        counted = await to_thread.run_sync(work)
    except (InputError, SettingsError) as error:
        return PlainTextResponse(f"{error}\n", status_code=400)
    except StoreError as error:
        get_logger().error("ingest.refused", reason=str(error))
        return _later(503, "the store cannot be used: not everything was taken, send it again")
    return JSONResponse({"schema": 1, **counted})


def _later(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={"retry-after": "1"})
