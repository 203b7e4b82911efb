"""Shows the figures to Prometheus."""

from collections.abc import Sequence

from soc_core import Endpoint, Reports, hookimpl
from soc_metrics import settings as _settings
from soc_metrics.page import Page


class Metrics:
    """The plugin `metrics`."""

    Settings = _settings.Settings

    def __init__(self, settings: _settings.Settings | None = None) -> None:
        self._settings = settings or self.Settings()

    @hookimpl
    def register_endpoints(self, reports: Reports) -> Sequence[Endpoint]:
        """`GET /metrics`."""
        page = Page(reports, self._settings)
        return [Endpoint(path="/metrics", handler=page, methods=["GET"], open=not self._settings.token)]
