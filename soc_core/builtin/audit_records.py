"""Reads audit records: who did what to what, whether it worked, and whether it was a login.

What was done to what is looked up in `deeds.toml`. A login is a login whoever records it; one that worked is worth a
look only if the record itself says that it is odd. What was tried and refused counts less than what happened.
"""

import re

from soc_core import Event
from soc_core.builtin.event_roles import (
    ABOUT,
    ACTORS,
    ATTEMPTS,
    ERRORS,
    GIVEN,
    NEW_VALUES,
    OPERATIONS,
    RISKY_IF_FALSE,
    RISKY_IF_TRUE,
)
from soc_core.builtin.field_tests import text_of
from soc_core.builtin.reading import Judgement, judged, quoted, texts
from soc_core.builtin.rule_fields import Values
from soc_core.builtin.verb_object import Deed, plain_words, verb_in, worst_deed

_MOST_OPERATIONS = 8
_LONGEST = 160
_ADMINISTRATION = 4.5
_LOGGING_IN = (None, "read")
_REFUSED = 1.5
_UNKNOWN = 3.0
_MANY = 10
_DIGITS = 10
_OPENED = 7.0
_RAISE = 1.5
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0"})
_OFF = frozenset({"false", "off", "disabled", "none", "optional", "suspended"})
_DENIED = re.compile(r"denied|unauthori[sz]ed|forbidden|not ?authori[sz]ed|\b40[13]\b", re.IGNORECASE)
_LOGIN = re.compile(
    r"\b(?:log(?:ged)? ?(?:in|on|off|out)|sign(?:ed)? ?(?:in|on|off|out)|logins?|session (?:start|end)\w*|auth\w*)$"
    r"|\b(?:log ?[io]n|sign ?in|authentication)\b(?! (?:as|settings?|methods?|polic\w+|profile|requirements?))"
    r"|\b(?:credentials?|passwords?|pin|otp) (?:\w+ )?(?:failed|failure|bad|invalid|wrong|denied|incorrect)\b"
)
_FAILED = re.compile(r"fail|denied|reject|invalid|refused|unsuccessful|error", re.IGNORECASE)
_TURNED_OFF = re.compile(
    r"\b(?:from )?on to off\b|\b(?:set to|now|is) (?:off|false|disabled)\b|: disabled", re.IGNORECASE
)
_POWERFUL = re.compile(r"admin|owner|\broot\b|super_?user", re.IGNORECASE)
_EVERYBODY = re.compile(
    r"\b(?:all_?users|all_?authenticated_?users|everyone|anyone(?:_?with_?link)?|people_?with_?link|anonymous"
    r"|public(?:ly)?|public_?on_?the_?web|public-read\w*)\b|0\.0\.0\.0/0|::/0",
    re.IGNORECASE,
)


def by_deed(event: Event, values: Values) -> Judgement | None:
    """What the event says somebody did, or None if it names no operation."""
    operations = [text for text in texts(values, OPERATIONS) if len(text) <= _LONGEST][:_MOST_OPERATIONS]
    if not operations:
        return None
    about = " ".join([*filter(_POWERFUL.search, texts(values, GIVEN)), *texts(values, ABOUT)])
    found = worst_deed(operations, about, turned_off=_turned_off(values, about))
    login = next(
        (text for text in operations if _LOGIN.search(plain_words(text)) and verb_in(text) in _LOGGING_IN), None
    )
    if login is not None and (found is None or found.severity < _ADMINISTRATION):
        return _login(event, values, login)
    denied = any(_DENIED.search(text) for text in texts(values, ERRORS))
    if denied or event.outcome == "failure":
        return _refused(found, quoted(values, OPERATIONS, operations[0]), denied=denied)
    if found is not None:
        return _done(found, values)
    return _unknown(event, values, operations)


def _login(event: Event, values: Values, operation: str) -> Judgement:
    shown = quoted(values, OPERATIONS, operation)
    if event.outcome == "failure" or any(_FAILED.search(text) for text in (operation, *texts(values, ERRORS))):
        if (attempts := _attempts(values)) >= _MANY:
            return judged("refused-logins", 6.5, f"{attempts} logins failed: {shown}")
        return judged("refused-login", 4.0, f"A login failed: {shown}", label="Security Alert")
    for names, bad in ((RISKY_IF_TRUE, _YES), (RISKY_IF_FALSE, _NO)):
        odd = next((name for name in names for value in values.get(name, ()) if text_of(value) in bad), None)
        if odd is not None:
            return judged("risky-login", 5.5, f"Somebody logged in: {shown}; {odd} says that it is odd")
    return judged("login", 1.5, f"Somebody logged in: {shown}")


def _attempts(values: Values) -> int:
    """How many attempts one record tells of; 0 if it says nothing."""
    found = (str(value) for name in ATTEMPTS for value in values.get(name, ()))
    return max((int(text) for text in found if text.isascii() and text.isdecimal() and len(text) < _DIGITS), default=0)


def _refused(found: Deed | None, operation: str, *, denied: bool) -> Judgement:
    if found is None:
        return judged("refused-operation", 4.0 if denied else 3.5, f"Somebody tried and failed to do {operation}")
    reason = f"Somebody tried and failed to {found.verb} {found.thing}: {operation} (table of deeds, row {found.row})"
    return judged("refused-operation", max(3.0, min(6.0, found.severity - _REFUSED)), reason)


def _done(found: Deed, values: Values) -> Judgement:
    operation = quoted(values, OPERATIONS, found.operation)
    reason = f"{operation} means: {found.verb} {found.thing} (table of deeds, row {found.row})"
    severity = found.severity
    if found.verb in ("grant", "create", "change") and (opened := _opened(values)):
        severity = max(_OPENED, severity + _RAISE)
        reason += f"; it is open to {opened}"
    return judged(f"deed.{found.row}", min(severity, 9.0), reason, security=severity >= 2)


def _unknown(event: Event, values: Values, operations: list[str]) -> Judgement:
    reason = f"Somebody did this, and no rule or row knows it: {quoted(values, OPERATIONS, operations[0])}"
    if any(verb_in(text) == "read" for text in operations):
        return judged("audit-read", 1.5, reason, confidence=0.4, security=False)
    audit = any(name in values for name in ACTORS) and event.schema not in ("plain", "syslog")
    return judged("audit-event", _UNKNOWN if audit else 2.0, reason, confidence=0.4, security=audit)


def _turned_off(values: Values, about: str) -> bool:
    if any(text_of(value) in _OFF for name in NEW_VALUES for value in values.get(name, ())):
        return True
    return _TURNED_OFF.search(about) is not None


def _opened(values: Values) -> str:
    """Everybody, where the new values name everybody."""
    found = (_EVERYBODY.search(text[:4096]) for text in texts(values, NEW_VALUES))
    return next((match[0] for match in found if match is not None), "")
