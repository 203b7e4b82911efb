"""`POST /ingest`: log lines come in over HTTP, and what is answered with 200 is stored and cannot be lost.

A caller who gets another answer, or none, sends the same again: lines that carry an `id` have no effect twice, others
join the open incidents.
"""

from collections.abc import Callable, Mapping

import anyio
import msgspec
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from structlog import get_logger

from soc_core.errors import InputError, SettingsError, StoreError
from soc_core.model.setting import Secret
from soc_core.web.body import read
from soc_core.web.tokens import refusal

TOKEN = "SOC_INGEST_TOKEN"  # noqa: S105 - the name of one
AT_ONCE = 8
PATIENCE = 30.0
_ARRAYS = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")

Take = Callable[[bytes, str, str | None], Mapping[str, int]]
"""Judges and stores whole lines, given their format and source; answers what they came to when all are stored."""


def route(
    take: Take, *, token: Secret | None, max_body: int, at_once: int = AT_ONCE, patience: float = PATIENCE
) -> Route:
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
        stranger = refusal(request, token, name=TOKEN)
        if stranger is not None:
            return stranger
        if busy >= at_once:
            return _later(429, "the store is behind: nothing of this was taken, send it again")
        busy += 1
        try:
            return await _answer(request, take, max_body, patience)
        finally:
            busy -= 1

    return Route("/ingest", ingest, methods=["POST"])


def as_lines(body: bytes, content_type: str) -> bytes:
    """One event for each line: JSON arrays are taken apart, everything else is lines already.

    Raises:
        InputError: It is no JSON although the caller says so, or its elements are no events.
    """
    if content_type.partition(";")[0].strip().lower() not in _ARRAYS:
        return body
    try:
        whole = msgspec.json.decode(body, type=msgspec.Raw)
        events = msgspec.json.decode(body, type=list[msgspec.Raw]) if bytes(whole).lstrip()[:1] == b"[" else [whole]
        return b"\n".join(_line(number, event) for number, event in enumerate(events))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"the body is no JSON ({error}); for a line each, say application/x-ndjson") from error


async def _answer(request: Request, take: Take, max_body: int, patience: float) -> Response:
    if request.headers.get("content-encoding", "identity") != "identity":
        return PlainTextResponse("compressed bodies are not read\n", status_code=415)
    try:
        with anyio.fail_after(patience):  # a slow caller must not keep the others out
            body = await read(request, max_body)
    except TimeoutError:
        return PlainTextResponse("the body did not come in time: nothing of it was taken\n", status_code=408)
    except ClientDisconnect:
        return PlainTextResponse("", status_code=400)
    if body is None:
        text = f"the body is longer than {max_body} bytes: nothing of it was taken, send it in parts\n"
        return PlainTextResponse(text, status_code=413)
    words = request.query_params
    source = words.get("source")
    if source is not None and not source.isprintable():
        return PlainTextResponse("a source is plain text\n", status_code=400)

    def work() -> Mapping[str, int]:
        lines = as_lines(body, request.headers.get("content-type", ""))
        return take(lines, words.get("format", "auto"), source)

    try:
        counted = await to_thread.run_sync(work)
    except (InputError, SettingsError) as error:
        return PlainTextResponse(f"{error}\n", status_code=400)
    except StoreError as error:
        get_logger().error("ingest.refused", reason=str(error))
        return _later(503, "the store cannot be used: not everything was taken, send it again")
    return JSONResponse({"schema": 1, **counted})


def _line(number: int, event: msgspec.Raw) -> bytes:
    # Line ends between the parts of an object may go; those inside texts are written \\n in JSON.
    compact = bytes(msgspec.json.format(bytes(event), indent=-1))
    if compact.startswith(b"{"):
        return compact
    if compact.startswith(b'"'):
        text = msgspec.json.decode(compact, type=str)
        return msgspec.json.encode({"message": text}) if "\n" in text or "\r" in text else text.encode()
    raise InputError(f"element {number} of the array is neither an object nor a text")


def _later(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={"retry-after": "1"})
