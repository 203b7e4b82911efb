"""Hosts the plugins' HTTP endpoints under Starlette, for `soc serve`; handlers stay free of any framework."""

from collections.abc import Awaitable, Callable, Sequence

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from soc_core.calls import Calls
from soc_core.ports import Endpoint, HttpRequest
from soc_core.web.body import read


def site(
    calls: Calls,
    endpoints: Sequence[tuple[str, Endpoint]],
    *,
    ready: Callable[[], str | None],
    own: Sequence[Route] = (),
) -> Starlette:
    """All endpoints, the house's `own` paths, `/healthz` (it lives) and `/readyz` (it takes work; else 503 and why)."""

    def readyz(request: Request) -> Response:
        reason = ready()
        return PlainTextResponse(reason or "ready\n", status_code=503 if reason else 200)

    routes = [Route("/healthz", lambda request: PlainTextResponse("alive\n")), Route("/readyz", readyz), *own]
    for plugin, endpoint in endpoints:
        routes.append(Route(endpoint.path, _answering(calls, plugin, endpoint), methods=sorted(endpoint.methods)))
    return Starlette(routes=routes)


def _answering(calls: Calls, plugin: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            body = await read(request, endpoint.max_body)
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
