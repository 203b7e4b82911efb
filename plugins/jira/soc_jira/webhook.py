"""Takes JIRA's webhooks: proves that JIRA sent them, notes which ticket they speak of, and answers at once.

Nothing else in them is believed: the ticket is read again. Without a secret nobody can prove anything, so there is no
endpoint then.
"""

import hashlib
import hmac
import json
import re

from soc_core import Endpoint, HttpRequest, HttpResponse, Secret, get_logger
from soc_jira.hints import Hints
from soc_jira.reading import mapping, text
from soc_jira.settings import Settings

_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-[0-9]{1,12}")
_LARGEST = 4 << 20


def endpoint(settings: Settings, hints: Hints) -> Endpoint | None:
    """The endpoint for webhooks, if there is a secret to check them with."""
    secrets = tuple(secret for secret in (settings.webhook_secret, settings.webhook_secret_previous) if secret)
    if not secrets:
        return None

    def take(request: HttpRequest) -> HttpResponse:
        return _take(request, secrets, hints)

    return Endpoint(path=settings.webhook_path, handler=take, max_body=_LARGEST)


def is_signed(body: bytes, header: str, secrets: tuple[Secret, ...]) -> bool:
    """Whether one of the secrets made the signature of these very bytes."""
    given = header.strip().encode("utf-8", "replace")
    made = [
        b"sha256=" + hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets
    ]
    matches = [hmac.compare_digest(given, signature) for signature in made]  # every one, so that time tells nothing
    return any(matches)


def _take(request: HttpRequest, secrets: tuple[Secret, ...], hints: Hints) -> HttpResponse:
    if not is_signed(request.body, request.headers.get("x-hub-signature", ""), secrets):
        get_logger().warning("jira.webhook_refused", signed="x-hub-signature" in request.headers)
        return HttpResponse(status=401)
    try:
        event = mapping(json.loads(request.body))
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    key = text(event, "issue", "key")
    if _KEY.fullmatch(key):
        hints.add(key)
    return HttpResponse(status=202)
