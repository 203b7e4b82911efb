"""Lets only requests in that Slack itself has just sent, once each; whatever else comes is refused without a word."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable

from soc_core import HttpRequest, Secret
from soc_slack.library import signature_verifier

_WINDOW = 300.0
_REMEMBERED = 10_000
_STAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class Signatures:
    """Checks signatures by the house's clock. Its memory is bounded: valid ones only, as long as they are valid."""

    def __init__(self, secret: Secret, now: Callable[[], float]) -> None:
        self._verifier = signature_verifier(secret, now)
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def fault_of(self, request: HttpRequest) -> str | None:
        """What is wrong with a request, for our own log; None lets it in, and never again."""
        stamp = request.headers.get("x-slack-request-timestamp")
        signature = request.headers.get("x-slack-signature")
        # The library raises on everything that is not well formed, so this is looked at first.
        if not isinstance(stamp, str) or not isinstance(signature, str):
            return "unsigned"
        if not _STAMP.fullmatch(stamp) or not _SIGNATURE.fullmatch(signature):
            return "malformed signature"
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            return "body is no text"
        if not self._verifier.is_valid(body, stamp, signature):
            return "wrong or old signature"
        return None if self._is_first(signature) else "replayed"

    def _is_first(self, signature: str) -> bool:
        now = self._now()
        with self._lock:
            while self._seen:
                oldest, at = next(iter(self._seen.items()))
                if now - at <= 2 * _WINDOW and len(self._seen) < _REMEMBERED:
                    break
                del self._seen[oldest]
            if signature in self._seen:
                return False
            self._seen[signature] = now
            return True
