"""Says what events are by asking a model: one request for a whole batch, and no opinion where the model is away."""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import attrs

from soc_core import Event, Finding, NotConfigured, PluginError, SettingsError, base_severity, hookimpl, setting

_LONGEST_TEXT = 1000
_LONGEST_ANSWER = 1 << 24
Opinion = tuple[str, float]
"""A label and how sure the model is of it, 0 to 1."""


class Model(Protocol):
    """All that the plugin knows of a model; tests bring one of their own."""

    def opinions(self, texts: Sequence[str]) -> Sequence[Opinion]:
        """What each text is; one call for all of them."""


class ModelClassifier:
    """The plugin `model`."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """The settings of `[plugins.model]`."""

        url: str = attrs.field(default="", metadata=setting("Where the model answers", env="MODEL_URL"))
        timeout: timedelta = attrs.field(default=timedelta(seconds=1), metadata=setting("How long a batch waits"))
        at_least: float = attrs.field(default=0.7, metadata=setting("What it is less sure of is no opinion, 0 to 1"))

    def __init__(self, settings: Settings, model: Model | None = None) -> None:
        self._model = model or HttpModel(settings.url, settings.timeout)
        self._at_least = settings.at_least

    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding | None]:
        """Ask about all of them at once."""
        opinions = self._model.opinions([event.message[:_LONGEST_TEXT] for event in events])
        return [finding(event, opinion, self._at_least) for event, opinion in zip(events, opinions, strict=True)]


def finding(event: Event, opinion: Opinion, at_least: float) -> Finding | None:
    """What the model's opinion makes of an event; the label's severity is the one that soc-core gives it."""
    label, sure = opinion
    if sure < at_least:
        return None
    return Finding(
        event=event,
        label=label,
        severity=base_severity(label, sure),
        confidence=sure,
        rule=f"model:{label}",
        reason=f"The model takes it for {label} and is {sure:.0%} sure.",
    )


class HttpModel:
    """A model behind HTTP: `{"texts": […]}` in, `{"opinions": [{"label": …, "confidence": …}, …]}` out."""

    def __init__(self, url: str, timeout: timedelta) -> None:
        if not url:
            raise NotConfigured("MODEL_URL is missing")
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError("MODEL_URL begins with https://; http:// is for this machine only")
        self._url, self._timeout = url, timeout.total_seconds()

    def opinions(self, texts: Sequence[str]) -> Sequence[Opinion]:
        """Ask the model.

        Raises:
            PluginError: It did not answer in time, or with something else; soc-core goes on without it.
        """
        body = json.dumps({"texts": texts}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                return [_opinion(one) for one in json.loads(answer.read(_LONGEST_ANSWER))["opinions"]]
        except OSError as error:
            raise PluginError(f"the model did not answer {len(texts)} texts in {self._timeout:g} s: {error}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise PluginError(f"the model's answer is not what it should be: {error!r}") from error


def _opinion(given: Mapping[str, object]) -> Opinion:
    label, sure = given["label"], given["confidence"]
    if not isinstance(label, str) or not isinstance(sure, float | int) or not 0 <= sure <= 1:
        raise ValueError(given)
    return label, sure
