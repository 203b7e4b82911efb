"""Answers a scrape: counts anew when the last figures are too old, and shows nothing to strangers."""

import hmac
import threading
from datetime import datetime

from soc_core import HttpRequest, HttpResponse, Reports
from soc_metrics import client
from soc_metrics.samples import samples
from soc_metrics.settings import Settings


class Page:
    """The handler of `/metrics`. Scrapes that come at once share one count."""

    def __init__(self, reports: Reports, settings: Settings) -> None:
        self._reports = reports
        self._settings = settings
        self._started = reports.now()
        self._turn = threading.Lock()
        self._shown: tuple[datetime, bytes] | None = None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        if not self._may_read(request):
            headers = {"www-authenticate": "Bearer"}
            return HttpResponse(status=401, body=b"a token is needed, and this is not it\n", headers=headers)
        return HttpResponse(body=self._page(), content_type=client.CONTENT_TYPE)

    def _may_read(self, request: HttpRequest) -> bool:
        token = self._settings.token
        if not token:
            return True
        shown = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(shown, f"Bearer {token.reveal()}".encode())

    def _page(self) -> bytes:
        with self._turn:
            now = self._reports.now()
            if self._shown is None or now - self._shown[0] >= self._settings.fresh:
                figures = self._reports.figures(since=now - self._settings.window)
                found = samples(
                    figures, started=self._started, most=self._settings.most, counted=self._reports.counted()
                )
                self._shown = (now, client.page(found))
            return self._shown[1]
