"""Spans tell where time goes, in programs that want them, and nothing of what events say."""

import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from soc_core import Finding, TemporaryError, hookimpl
from soc_core.app import Soc
from soc_core.testing.clock import HandClock


class Listener:
    """Somebody who sees trouble everywhere, and cannot be reached."""

    @hookimpl
    def classify_event(self, event):
        return Finding(event=event, label="Critical Error", severity=9)

    @hookimpl
    def on_incident_opened(self, incident):
        raise TemporaryError("gone with the secret wind")


@pytest.fixture(scope="module")
def exporter():
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    return kept


def test_every_step_from_the_line_to_the_ticket_has_a_span(exporter):
    overrides = {"store": "sqlite://", "plugins": {"disable": ["rules", "jira", "slack", "console"]}}
    with Soc.open(overrides=overrides, env={}, clock=HandClock(), plugins=[("post", Listener())]) as soc:
        soc.submit([("oven", "203.0.113.9 burns")])
        soc.work()
    spans = exporter.get_finished_spans()
    assert [one.name for one in spans[:3]] == ["soc.classify", "soc.decide", "soc.store"]
    sent = {tuple(sorted(one.attributes.items())) for one in spans if one.name == "soc.deliver"}
    assert sent == {
        (("soc.destination", "local"), ("soc.incident", "INC-1"), ("soc.kind", "create_ticket")),
        (("soc.destination", "post"), ("soc.incident", "INC-1"), ("soc.kind", "on_incident_opened")),
    }
    told = "".join(one.to_json() for one in spans)
    assert "203.0.113.9" not in told
    assert "secret wind" not in told


def test_a_program_that_has_not_loaded_it_pays_nothing_for_it():
    code = "import sys, soc_core.app; assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    subprocess.run([sys.executable, "-c", code], check=True)
