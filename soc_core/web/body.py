"""Reads what a caller sends, and stops where it becomes too much or takes too long."""

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

PATIENCE = 30.0
"""How many seconds a body may take to come in."""


async def read(request: Request, most: int, patience: float = PATIENCE) -> bytes | Response:
    """The body, or what its caller is answered if it is no body of at most `most` bytes; more is never kept."""
    if request.headers.get("content-encoding", "identity") != "identity":
        return PlainTextResponse("compressed bodies are not read\n", status_code=415)
    parts, size = [], 0
    try:
        with anyio.fail_after(patience):  # a slow caller must not keep the others out
            async for part in request.stream():
                size += len(part)
                if size > most:
                    text = f"the body is longer than {most} bytes: nothing of it was taken, send it in parts\n"
                    return PlainTextResponse(text, status_code=413)
                parts.append(part)
    except TimeoutError:
        return PlainTextResponse("the body did not come in time: nothing of it was taken\n", status_code=408)
    except ClientDisconnect:
        return PlainTextResponse("", status_code=400)
    return b"".join(parts)
