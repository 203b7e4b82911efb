"""Hosts the plugins' HTTP endpoints under Starlette, for `soc serve`; handlers stay free of any framework."""

from collections.abc import Callable, Sequence

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from soc_core.calls import Calls
from soc_core.ports import Endpoint, HttpRequest
from soc_core.web.body import read
from soc_core.web.operation import Answer, Operation, document


def site(
    calls: Calls,
    endpoints: Sequence[tuple[str, Endpoint]],
    *,
    ready: Callable[[], str | None],
    own: Sequence[Operation] = (),
) -> Starlette:
    """All endpoints, the house's `own` paths, `/healthz` (it lives), `/readyz` (it takes work) and `/openapi.json`."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(request: Request) -> Response:
        reason = await to_thread.run_sync(ready)
        return PlainTextResponse(reason or "ready\n", status_code=503 if reason else 200)

    async def openapi(request: Request) -> Response:
        return JSONResponse(described)

    operations = [
        Operation(method="GET", path="/healthz", text="Whether it lives.", answer=healthz),
        Operation(method="GET", path="/readyz", text="Whether it takes work.", answer=readyz, refuses=(503,)),
        Operation(method="GET", path="/openapi.json", text="This document.", answer=openapi, gives={"type": "object"}),
        *own,
        *(one for plugin, endpoint in endpoints for one in _operations(calls, plugin, endpoint)),
    ]
    described = document(operations)
    return Starlette(routes=[one.route for one in operations])


def _operations(calls: Calls, plugin: str, endpoint: Endpoint) -> list[Operation]:
    return [
        Operation(
            method=method,
            path=endpoint.path,
            text=f"Answered by the plugin {plugin}.",
            answer=_answering(calls, plugin, endpoint),
            takes={} if method == "GET" else {"*/*": {"type": "string"}},
            done="2XX",
            refuses=(400, 401, 403, 404, 408, 413, 415, 503),
        )
        for method in sorted(endpoint.methods)
    ]


def _answering(calls: Calls, plugin: str, endpoint: Endpoint) -> Answer:
    async def answer(request: Request) -> Response:
        body = await read(request, endpoint.max_body)
        if isinstance(body, Response):
            return body
        asked = HttpRequest(
            method=request.method,
            path=request.url.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.query_params),
            body=body,
        )
        given = await to_thread.run_sync(calls.answer, plugin, endpoint, asked)
        headers = {**given.headers, "content-type": given.content_type}
        return Response(given.body, status_code=given.status, headers=headers)

    return answer
