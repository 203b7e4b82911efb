"""`GET /api/v1/incidents`: incidents for other programs, as `soc incidents --json` shows them."""

from collections.abc import Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from structlog import get_logger

from soc_core import codec
from soc_core.errors import StoreError
from soc_core.model.setting import Secret
from soc_core.store.reports import StoreReports, document
from soc_core.web.tokens import refusal

TOKEN = "SOC_API_TOKEN"  # noqa: S105 - the name of one
MOST = 1000

Answer = Callable[[Request], Response]


def routes(reports: StoreReports, *, token: Secret | None) -> tuple[Route, ...]:
    """The paths; nothing can be changed through them."""

    def many(request: Request) -> Response:
        asked, active = request.query_params.get("limit", "100"), request.query_params.get("active", "true")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= MOST):
            return PlainTextResponse(f"limit is a number from 1 to {MOST}\n", status_code=400)
        if active not in ("true", "false"):
            return PlainTextResponse("active is true or false\n", status_code=400)
        now = reports.now()
        found = reports.incidents(active=active == "true", limit=int(asked))
        return JSONResponse({"schema": 1, "incidents": [document(one, now) for one in found]})

    def single(request: Request) -> Response:
        key = request.path_params["key"]
        found = reports.incident(key) if key.isprintable() else None
        if found is None:
            return PlainTextResponse("there is no such incident or ticket\n", status_code=404)
        notes = [
            {"at": codec.iso(note.at), "author": note.author, "origin": note.origin, "text": note.text}
            for note in reports.notes(found.id)
        ]
        shown = {**document(found, reports.now()), "explanation": reports.explanation(found.id), "notes": notes}
        return JSONResponse({"schema": 1, "incident": shown})

    return (
        _guarded("/api/v1/incidents", many, token),
        _guarded("/api/v1/incidents/{key}", single, token),
    )


def _guarded(path: str, answer: Answer, token: Secret | None) -> Route:
    def guarded(request: Request) -> Response:
        stranger = refusal(request, token, name=TOKEN)
        if stranger is not None:
            return stranger
        try:
            return answer(request)
        except StoreError as error:
            get_logger().error("api.refused", reason=str(error))
            return PlainTextResponse("the store cannot be used\n", status_code=503)

    async def apart(request: Request) -> Response:
        return await to_thread.run_sync(guarded, request)

    return Route(path, apart, methods=["GET"])
