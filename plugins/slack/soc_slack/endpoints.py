"""Button presses, forms and thread replies over signed HTTP, for those who have a public address."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

import attrs

from soc_core import Endpoint, HttpRequest, HttpResponse, StoreError, get_logger
from soc_slack.inbound import Inbound
from soc_slack.places import Json
from soc_slack.signature import Signatures

_REFUSED = HttpResponse(status=401)
_MALFORMED = HttpResponse(status=400)


@attrs.frozen(kw_only=True)
class Endpoints:
    """The two addresses. `later` runs what can wait until the answer is out."""

    inbound: Inbound
    signatures: Signatures
    later: Callable[[Callable[[], None]], None]

    def at(self, *, interactions: str, events: str) -> list[Endpoint]:
        """Answer at these paths."""
        return [Endpoint(path=interactions, handler=self.interaction), Endpoint(path=events, handler=self.event)]

    def interaction(self, request: HttpRequest) -> HttpResponse:
        """A press or a submitted form."""
        return self._checked(request, "interactive", _form)

    def event(self, request: HttpRequest) -> HttpResponse:
        """An event, or Slack's question whether this is the right address."""
        return self._checked(request, "events_api", json.loads)

    def _checked(self, request: HttpRequest, kind: str, read: Callable[[bytes], object]) -> HttpResponse:
        fault = self.signatures.fault_of(request)
        if fault is not None:
            get_logger().warning("slack.request_refused", path=request.path, fault=fault)
            return _REFUSED
        try:
            payload = read(request.body)
            json.dumps(payload, ensure_ascii=False).encode()  # half a character can neither be stored nor answered
        except (ValueError, RecursionError):
            return _MALFORMED
        if not isinstance(payload, dict):
            return _MALFORMED
        if payload.get("type") == "url_verification":
            return HttpResponse(body=str(payload.get("challenge", "")).encode())
        try:
            reply = self.inbound.handle(kind, payload)
        except StoreError as error:
            get_logger().error("slack.not_stored", kind=kind, error=str(error))
            return HttpResponse(status=503)
        if reply.later is not None:
            self.later(reply.later)
        return HttpResponse() if reply.body is None else _json(reply.body)


def _form(body: bytes) -> object:
    return json.loads(parse_qs(body.decode()).get("payload", [""])[0])


def _json(body: Json) -> HttpResponse:
    return HttpResponse(body=json.dumps(body).encode(), content_type="application/json")
