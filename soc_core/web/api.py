"""`/api/v1`: incidents and figures for other programs, and what an analyst says about an incident.

Answers are those of the command line's `--json`. Changes go the way of every change: checked, saved once, told to all
sides, and in the audit trail under the name whose token was shown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from structlog import get_logger

from soc_core import codec
from soc_core.errors import ChangeRefused, StoreError
from soc_core.model.incident import Change, Incident, Update
from soc_core.model.setting import Secret
from soc_core.store.numbers import numbers
from soc_core.store.reports import StoreReports, document
from soc_core.web import shapes
from soc_core.web.body import read
from soc_core.web.operation import Operation, Parameter, Shape, misspelt
from soc_core.web.tokens import caller

READER = "SOC_API_TOKEN"
WRITERS = "[serve.writers]"
MOST = 1000
MAX_BODY = 128 * 1024
_LONGEST_KEY = 100

Make = Callable[[str, Update], Incident]
"""Makes a change of an incident; raises ChangeRefused."""
Said = Callable[..., Update]
"""What a body asks for; who asks, and when, is still to be said."""

_KEY = Parameter(
    name="key", where="path", text="An incident's id, or its ticket's key", schema={"type": "string", "minLength": 1}
)
_ONCE = Parameter(
    name="Idempotency-Key",
    where="header",
    text="Names this change, so that sending it again has no effect",
    schema={"type": "string", "pattern": f"^[!-~]{{1,{_LONGEST_KEY}}}$"},
)


class Api:
    """The paths under `/api/v1`.

    Args:
        reports: What is shown.
        change: How incidents are changed.
        reader: The token of those who may read.
        writers: The tokens of those who may change as well, by the names under which they do it.
    """

    def __init__(
        self, reports: StoreReports, change: Make, *, reader: Secret | None, writers: Mapping[str, Secret]
    ) -> None:
        self._reports = reports
        self._change = change
        self._reader = reader
        self._writers = writers

    def operations(self) -> tuple[Operation, ...]:
        """What can be asked."""
        many, one = "/api/v1/incidents", "/api/v1/incidents/{key}"
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100}
        return (
            self._reading(
                many,
                "Incidents, most urgent first.",
                self._incidents,
                shapes.Incidents,
                parameters=(
                    Parameter(name="limit", where="query", text="How many at most", schema=limit),
                    Parameter(
                        name="active",
                        where="query",
                        text="false: those that are done as well",
                        schema={"type": "boolean", "default": True},
                    ),
                ),
            ),
            self._reading(
                one,
                "One incident, why it exists, and its notes.",
                self._incident,
                shapes.OneIncident,
                parameters=(_KEY,),
                refuses=(404,),
            ),
            self._writing(f"{one}/notes", "Add a note.", shapes.NewNote, _note),
            self._writing(f"{one}/ack", "Say that it was seen; stops the response clock.", None, _ack),
            self._writing(f"{one}/verdict", "Say what it turned out to be.", shapes.NewVerdict, _verdict),
            self._reading(
                "/api/v1/metrics",
                "The figures of soc metrics.",
                self._metrics,
                shapes.NUMBERS,
                parameters=(
                    Parameter(
                        name="since",
                        where="query",
                        text="Count from this day on (UTC)",
                        schema={"type": "string", "format": "date"},
                    ),
                ),
            ),
        )

    def _incidents(self, request: Request) -> Response:
        asked, active = request.query_params.get("limit", "100"), request.query_params.get("active", "true")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= MOST):
            return PlainTextResponse(f"limit is a number from 1 to {MOST}\n", status_code=400)
        if active not in ("true", "false"):
            return PlainTextResponse("active is true or false\n", status_code=400)
        now = self._reports.now()
        found = self._reports.incidents(active=active == "true", limit=int(asked))
        return JSONResponse({"schema": 1, "incidents": [document(one, now) for one in found]})

    def _incident(self, request: Request) -> Response:
        key = request.path_params["key"]
        found = self._reports.incident(key) if key.isprintable() else None
        if found is None:
            return PlainTextResponse("there is no such incident or ticket\n", status_code=404)
        notes = [
            {"at": codec.iso(note.at), "author": note.author, "origin": note.origin, "text": note.text}
            for note in self._reports.notes(found.id)
        ]
        shown = {**document(found, self._reports.now()), "explanation": self._reports.explanation(found.id)}
        return JSONResponse({"schema": 1, "incident": {**shown, "notes": notes}})

    def _metrics(self, request: Request) -> Response:
        try:
            day = date.fromisoformat(since) if (since := request.query_params.get("since")) is not None else None
        except ValueError:
            return PlainTextResponse("since is a day such as 2026-03-02\n", status_code=400)
        begin = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
        return JSONResponse({"schema": 1, **numbers(self._reports.figures(since=begin))})

    def _reading(
        self,
        path: str,
        text: str,
        look: Callable[[Request], Response],
        gives: Shape,
        *,
        parameters: Sequence[Parameter],
        refuses: Sequence[int] = (),
    ) -> Operation:
        async def answer(request: Request) -> Response:
            who = caller(request, {**self._writers, READER: self._reader}, setting=READER)
            if isinstance(who, Response):
                return who
            if (refusal := misspelt(request, parameters)) is not None:
                return refusal
            return await to_thread.run_sync(_guarded, look, request)

        return Operation(
            method="GET",
            path=path,
            text=text,
            answer=answer,
            guarded=True,
            parameters=parameters,
            gives=gives,
            refuses=(400, *refuses, 503),
        )

    def _writing(
        self, path: str, text: str, body: type[msgspec.Struct] | None, said: Callable[[bytes], Said]
    ) -> Operation:
        parameters = (_KEY, _ONCE)

        async def answer(request: Request) -> Response:
            who = caller(request, {**self._writers, READER: self._reader}, setting=WRITERS)
            if isinstance(who, Response):
                return who
            if who not in self._writers:
                sentence = f"this token may only read: {WRITERS} names those who may change something\n"
                return PlainTextResponse(sentence, status_code=403)
            if (refusal := misspelt(request, parameters)) is not None:
                return refusal
            sent = await read(request, MAX_BODY)
            if isinstance(sent, Response):
                return sent
            try:
                change = said(sent)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return PlainTextResponse(f"the body cannot be understood: {error}\n", status_code=400)
            return await to_thread.run_sync(_guarded, lambda asked: self._made(asked, who, change), request)

        return Operation(
            method="POST",
            path=path,
            text=text,
            answer=answer,
            guarded=True,
            parameters=parameters,
            takes={} if body is None else {"application/json": body},
            gives=shapes.OneIncident,
            refuses=(400, 404, 408, 409, 413, 415, 503),
        )

    def _made(self, request: Request, who: str, change: Said) -> Response:
        key, once = request.path_params["key"], request.headers.get("idempotency-key", "")
        if len(once) > _LONGEST_KEY or not (once.isascii() and once.isprintable()):
            text = f"an Idempotency-Key is at most {_LONGEST_KEY} printable characters\n"
            return PlainTextResponse(text, status_code=400)
        found = self._reports.incident(key) if key.isprintable() else None
        if found is None:
            return PlainTextResponse("there is no such incident or ticket\n", status_code=404)
        name = f"{once} {found.id} {request.url.path.rpartition('/')[2]} {who}" if once else ""
        try:
            self._change(found.id, change(origin="soc", at=self._reports.now(), actor=who, id=name))
        except ChangeRefused as refusal:
            return PlainTextResponse(f"{refusal}\n", status_code=409)
        return self._incident(request)


def _guarded(look: Callable[[Request], Response], request: Request) -> Response:
    try:
        return look(request)
    except StoreError as error:
        get_logger().error("api.refused", reason=str(error))
        return PlainTextResponse("the store cannot be used\n", status_code=503)


def _note(body: bytes) -> Said:
    return partial(Update, change=Change.NOTE, text=msgspec.json.decode(body, type=shapes.NewNote).text)


def _ack(body: bytes) -> Said:
    return partial(Update, change=Change.ACKNOWLEDGED)


def _verdict(body: bytes) -> Said:
    verdict = msgspec.json.decode(body, type=shapes.NewVerdict).verdict
    return partial(Update, change=Change.VERDICT, new=verdict.value)
