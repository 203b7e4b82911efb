"""What other systems post, as lines of one event each: JSON arrays, CloudEvents, and Alertmanager's groups.

Whatever is not taken apart here goes to the intake as it came, which knows the shapes of many products by itself.
"""

import binascii
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from soc_core.errors import InputError

ARRAYS = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")


def as_lines(body: bytes, headers: Mapping[str, str]) -> bytes:
    """One event for each line.

    Args:
        body: What came over the wire.
        headers: The request's; `content-type` says whether it is JSON, `ce-…` make it one CloudEvent.

    Raises:
        InputError: It is no JSON although the caller says so, or its elements are no events.
    """
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if "ce-specversion" in headers and not media.startswith("application/cloudevents"):
            return _line(0, msgspec.Raw(_cloud_event(body, headers, is_json=media.endswith("json"))))
        if media not in ARRAYS:
            return body
        whole = msgspec.json.decode(body, type=msgspec.Raw)
        events = msgspec.json.decode(body, type=list[msgspec.Raw]) if bytes(whole).lstrip()[:1] == b"[" else [whole]
        return b"\n".join(line for number, event in enumerate(events) for line in _lines(number, event))
    except msgspec.ValidationError as error:
        raise InputError(f"the body is not what it seems: {error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"the body is no JSON ({error}); for a line each, say application/x-ndjson") from error


class _Alert(msgspec.Struct):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    status: str = "firing"
    startsAt: str = ""  # noqa: N815 - Alertmanager's name
    fingerprint: str = ""


class _Group(msgspec.Struct):
    """What Alertmanager, and Grafana like it, posts to a webhook: version 4."""

    version: str
    groupKey: str  # noqa: N815 - Alertmanager's name
    alerts: list[msgspec.Raw]


def _lines(number: int, event: msgspec.Raw) -> list[bytes]:
    if b'"specversion"' in bytes(event):
        return [_line(number, _opened(number, event))]
    if b'"groupKey"' not in bytes(event):
        return [_line(number, event)]
    try:
        group = msgspec.json.decode(event, type=_Group)
    except msgspec.ValidationError:  # it only looks like one
        return [_line(number, event)]
    return [_alert(one) for one in group.alerts]


def _alert(raw: msgspec.Raw) -> bytes:
    """A row of its own for an alert; the same alert told again has the same id, so that it counts once."""
    alert = msgspec.json.decode(raw, type=_Alert)
    firing = alert.status == "firing"
    name = alert.labels.get("alertname", "alert") + ("" if firing else " is over")
    said = next((text for key in ("summary", "description", "message") if (text := alert.annotations.get(key))), "")
    labels = hashlib.sha256(msgspec.json.encode(alert.labels, order="sorted")).hexdigest()[:16]
    row: dict[str, object] = {
        "id": f"{alert.fingerprint or labels} {alert.startsAt} {alert.status}",
        "source": "alertmanager",
        "message": f"{name}: {said}" if said else name,
        "severity": alert.labels.get("severity") if firing else "none",
        "host": alert.labels.get("instance"),
        "timestamp": alert.startsAt,
        "alert": raw,
    }
    return msgspec.json.encode({key: value for key, value in row.items() if value})


def _cloud_event(body: bytes, headers: Mapping[str, str], *, is_json: bool) -> bytes:
    """A CloudEvent whose attributes came as headers, in the form that has them in its JSON."""
    event: dict[str, object] = {key[3:]: unquote(value) for key, value in headers.items() if key.startswith("ce-")}
    event["data"] = msgspec.json.decode(body, type=msgspec.Raw) if is_json else {"message": body.decode()}
    return msgspec.json.encode(event)


def _opened(number: int, event: msgspec.Raw) -> msgspec.Raw:
    """The same CloudEvent, its data an object: what is no JSON comes as a text, or in base64."""
    parts = msgspec.json.decode(event, type=dict[str, msgspec.Raw])
    packed, data = parts.pop("data_base64", None), parts.get("data", msgspec.Raw(b"null"))
    if "specversion" not in parts:  # it stands somewhere inside
        return event
    if packed is not None:
        try:
            body = binascii.a2b_base64(msgspec.json.decode(packed, type=str), strict_mode=True)
        except ValueError as error:
            raise InputError(f"data_base64 of event {number} is no base64: {error}") from error
    elif bytes(data).startswith(b'"'):
        body = msgspec.json.decode(data, type=str).encode()
    else:
        return event
    parts["data"] = msgspec.Raw(body if body.startswith(b"{") else msgspec.json.encode({"message": body.decode()}))
    return msgspec.Raw(msgspec.json.encode(parts))


def _line(number: int, event: msgspec.Raw) -> bytes:
    # Line ends between the parts of an object may go; those inside texts are written \\n in JSON.
    compact = bytes(msgspec.json.format(bytes(event), indent=-1))
    if compact.startswith(b"{"):
        return compact
    if compact.startswith(b'"'):
        text = msgspec.json.decode(compact, type=str)
        return msgspec.json.encode({"message": text}) if "\n" in text or "\r" in text else text.encode()
    raise InputError(f"element {number} of the array is neither an object nor a text")
