"""Tells any program about incidents: one signed POST for each piece of news."""

import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import attrs

from soc_core import (
    Delivery,
    EscalationStep,
    Incident,
    NotConfigured,
    PermanentError,
    Secret,
    SettingsError,
    TemporaryError,
    Ticket,
    UncertainError,
    Update,
    hookimpl,
    printable,
    setting,
)


class Webhook:
    """The plugin `webhook`. News may come twice: `key` is the same each time, and the receiver drops the second."""

    @attrs.frozen(kw_only=True)
    class Settings:
        """The settings of `[plugins.webhook]`."""

        url: str = attrs.field(default="", metadata=setting("Where the news go", env="WEBHOOK_URL"))
        secret: Secret | None = attrs.field(default=None, metadata=setting("Signs them", env="WEBHOOK_SECRET"))
        timeout: timedelta = attrs.field(default=timedelta(seconds=10), metadata=setting("For one request"))

    def __init__(self, settings: Settings) -> None:
        if not settings.url or not settings.secret:
            raise NotConfigured("WEBHOOK_URL and WEBHOOK_SECRET are missing")
        self._to, self._secret, self._timeout = urlsplit(settings.url), settings.secret, settings.timeout
        if self._to.scheme != "https" and self._to.hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError("WEBHOOK_URL begins with https://; http:// is for this machine only")

    @hookimpl
    def on_incident_opened(self, incident: Incident, delivery: Delivery) -> None:
        """An incident was opened."""
        self._post("opened", incident, delivery)

    @hookimpl
    def on_ticket_created(self, incident: Incident, ticket: Ticket, delivery: Delivery) -> None:
        """It has a ticket."""
        self._post("ticket", incident, delivery, key=ticket.key, url=ticket.url)

    @hookimpl
    def on_incident_updated(self, incident: Incident, update: Update, delivery: Delivery) -> None:
        """It changed."""
        self._post("updated", incident, delivery, change=update.change, old=update.old, new=update.new)

    @hookimpl
    def on_escalation(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> None:
        """Its time runs out."""
        self._post("escalated", incident, delivery, rung=step.rung, told=", ".join(step.notify))

    def _post(self, what: str, incident: Incident, delivery: Delivery, **more: str | None) -> None:
        body = json.dumps(news(what, incident, delivery, **more)).encode()
        headers = {"Content-Type": "application/json", "X-Soc-Signature": signature(self._secret, body)}
        kind = http.client.HTTPSConnection if self._to.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._to.hostname or "", self._to.port, timeout=self._timeout.total_seconds())
        try:
            connection.connect()
        except OSError as error:
            raise TemporaryError(f"the webhook's receiver is not reached: {error}", whole_destination=True) from error
        try:
            connection.request("POST", self._to.path or "/", body, headers)
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise UncertainError(f"the webhook's receiver did not answer: {error}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise refusal(answer.status, answer.headers.get("Retry-After", ""))


def news(what: str, incident: Incident, delivery: Delivery, **more: str | None) -> Mapping[str, object]:
    """What is told. Log text is hostile: control characters are written out."""
    told = {
        "id": incident.id,
        "summary": printable(incident.summary),
        "message": printable(incident.message),
        "source": printable(incident.source),
        "severity": incident.severity,
        "priority": incident.priority,
        "status": incident.status,
    }
    return {"schema": 1, "key": delivery.key, "what": what, "incident": told, **more}


def signature(secret: Secret, body: bytes) -> str:
    """What proves that a body came from us; compare it with `hmac.compare_digest`."""
    return "sha256=" + hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()


def refusal(status: int, wait: str) -> TemporaryError | UncertainError | PermanentError:
    """What an answer means for soc-core."""
    told = f"the webhook's receiver answered {status}"
    if status in (429, 503):
        return TemporaryError(told, retry_after=timedelta(seconds=int(wait) if wait.isdigit() else 60))
    if status in (401, 403):
        return TemporaryError(f"{told}: is WEBHOOK_SECRET still right?", whole_destination=True)
    return UncertainError(told) if status >= 500 else PermanentError(told)
