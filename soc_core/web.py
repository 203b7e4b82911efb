"""Hosts the plugins' HTTP endpoints under Starlette, for `soc serve`; handlers stay free of any framework."""

from collections.abc import Awaitable, Callable, Sequence

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from soc_core.calls import Calls
from soc_core.ports import Endpoint, HttpRequest


def site(calls: Calls, endpoints: Sequence[tuple[str, Endpoint]], *, ready: Callable[[], str | None]) -> Starlette:
    """All endpoints, and `/healthz` (the process lives) and `/readyz` (it can take work; else 503 and the reason)."""

    def readyz(request: Request) -> Response:
        reason = ready()
        return PlainTextResponse(reason or "ready\n", status_code=503 if reason else 200)

    routes = [Route("/healthz", lambda request: PlainTextResponse("alive\n")), Route("/readyz", readyz)]
    for plugin, endpoint in endpoints:
        routes.append(Route(endpoint.path, _answering(calls, plugin, endpoint), methods=sorted(endpoint.methods)))
    return Starlette(routes=routes)


def _answering(calls: Calls, plugin: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = await _body(request, endpoint.max_body)
        except ClientDisconnect:
            return PlainTextResponse("", status_code=400)
        if body is None:
            return PlainTextResponse("the request is too large\n", status_code=413)
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


async def _body(request: Request, most: int) -> bytes | None:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
