"""What to make of an event that no rule knows: what was done to what, whether it worked, and what it states itself."""

import re

import attrs

from soc_core import Event
from soc_core.builtin.field_tests import text_of
from soc_core.builtin.rule_fields import Values
from soc_core.builtin.verb_object import worst_deed

_OPERATIONS = (
    "@action",
    "eventname",
    "operationname",
    "operation",
    "actionname",
    "event.action",
    "eventtype",
    "event.type",
    "methodname",
    "activity",
    "activitydisplayname",
    ".event",
    ".action",
    ".type",
    "eventtype.tag",
    "operationtype",
)
_ABOUT = (
    "target.property",
    "target.type",
    "targettype",
    "objectref.resource",
    "objectref.subresource",
    "resourcetype",
    "objecttype",
    "operationdetail",
    "subcategory",
    "categorytype",
    "servicename",
    "workspaceconfkeys",
    "setting",
    "settingname",
    "property",
    "eventcategory",
    "modifiedproperties.name",
    "modifiedproperties.displayname",
)
_DETECTIONS = (
    "alert",
    "alertid",
    "alertname",
    "alerttype",
    "alert.signature",
    "detection",
    "detectionid",
    "detectionsource",
    "finding",
    "findingid",
    "incidentkey",
    "threat",
    "threatname",
    "threatid",
    "malware",
    "signature",
    "sourcerule",
    "provideralertid",
    "canary",
    "canaryid",
)
_ERRORS = ("errorcode", "errormessage", "error.code")
_OFF_VALUES = ("newvalue", "workspaceconfvalues", "value", "to", "new", "enabled", "isenabled", "after.isenabled")

FIELDS: tuple[str, ...] = (*_OPERATIONS, *_ABOUT, *_DETECTIONS, *_ERRORS, *_OFF_VALUES)
"""The fields that are looked at, besides those that rules ask for."""

_ALONE = 7.5
_DENIED = re.compile(r"denied|unauthori[sz]ed|forbidden|not ?authori[sz]ed|\b40[13]\b", re.IGNORECASE)
_LOGIN = re.compile(r"log[-_ ]?[io]n|sign[-_ ]?in|auth", re.IGNORECASE)
_TURNED_OFF = re.compile(r"\b(?:from )?on to off\b|\b(?:set to|now|is) (?:off|false|disabled)\b", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Judgement:
    """What an event seems to be, and why."""

    rule: str
    label: str
    severity: float
    confidence: float
    security: bool
    reason: str


def judge(event: Event, values: Values) -> Judgement | None:
    """The strongest of what the event's deed and its own words say, or None if it says nothing."""
    done = _by_deed(event, values)
    stated = _by_statement(event, values)
    if done is None or (stated is not None and stated.severity > done.severity):
        return stated
    return done


def _by_deed(event: Event, values: Values) -> Judgement | None:
    if not event.fields or event.schema in ("windows", "access"):
        return None
    operations = [text for name in _OPERATIONS for text in _texts(values, name)]
    if not operations:
        return None
    about = " ".join(text for name in _ABOUT for text in _texts(values, name))
    found = worst_deed(operations[:6], about, turned_off=_turned_off(values, about))
    denied = any(_DENIED.search(text) for name in _ERRORS for text in _texts(values, name))
    if event.outcome == "failure" and any(_LOGIN.search(operation) for operation in operations):
        return _judged("refused-login", 4.0, 0.7, f"A login failed: {operations[0][:80]}", label="Security Alert")
    if denied or event.outcome == "failure":
        wanted = f"{found.verb} {found.thing}" if found else operations[0][:80]
        severity = max(3.0, min(5.5, found.severity - 2.5)) if found else 4.0 if denied else 2.5
        reason = f"Somebody tried and failed to do this: {wanted}"
        return _judged("refused-operation", severity, 0.6, reason)
    if found is None:
        return _judged("audit-event", 2.0, 0.4, f"Somebody did this, and no rule or row knows it: {operations[0][:80]}")
    row = f"{found.verb.replace(' ', '-')}.{found.thing.replace(' ', '-')}"
    reason = f"{operations[0][:80]} means: {found.verb} {found.thing} (table of deeds, row {row})"
    return _judged(f"deed.{row}", found.severity, 0.65, reason)


def _judged(rule: str, severity: float, confidence: float, reason: str, *, label: str = "") -> Judgement:
    label = label or ("Security Alert" if severity >= 5 else "User Action")
    return Judgement(
        rule=rule, label=label, severity=severity, confidence=confidence, security=severity >= 3, reason=reason
    )


def _by_statement(event: Event, values: Values) -> Judgement | None:
    """The severity an event states: a detection's is believed, any other kept below a ticket."""
    if event.severity is None:
        return None
    stated = f"The event itself states severity {event.severity:g}"
    if any(name in values for name in _DETECTIONS) or event.schema in ("cef", "leef", "falco", "suricata"):
        return Judgement(
            rule="stated-detection",
            label="Security Alert" if event.severity >= 3 else "System Notification",
            severity=event.severity,
            confidence=0.7,
            security=event.severity >= 3,
            reason=f"{stated}, and it is a detection",
        )
    severity = min(event.severity, _ALONE)
    label = "Critical Error" if severity >= 7 else "Error" if severity >= 5 else "System Notification"
    return Judgement(
        rule="stated-severity", label=label, severity=severity, confidence=0.5, security=False, reason=stated
    )


def _turned_off(values: Values, about: str) -> bool:
    if any(
        text_of(value) in ("false", "off", "disabled", "none") for name in _OFF_VALUES for value in values.get(name, ())
    ):
        return True
    return _TURNED_OFF.search(about) is not None


def _texts(values: Values, name: str) -> list[str]:
    return [value for value in values.get(name, ()) if isinstance(value, str)]
