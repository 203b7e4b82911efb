"""Spans for OpenTelemetry: where time goes between a log line and its ticket.

They are made in programs that have loaded OpenTelemetry, such as `opentelemetry-instrument soc serve`; in all others
nothing happens. Spans carry names of plugins and ids of incidents, never text of events or errors.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def span(name: str, **facts: str | None) -> Iterator[None]:
    """One step, as a part of the step around it; also a decorator."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield
        return
    attributes = {f"soc.{key}": value for key, value in facts.items() if value is not None}
    with trace.get_tracer("soc_core").start_as_current_span(
        name, attributes=attributes, record_exception=False, set_status_on_exception=False
    ):
        yield
