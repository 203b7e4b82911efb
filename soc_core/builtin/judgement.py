"""What to make of an event that no rule knows: the worst of three readings speaks.

A *finding* is named by the security product that made it, an *audit record* says what somebody did, and any event may
state how bad it is. Which of its fields play which part stands in `event_roles.py`.
"""

from soc_core import Event
from soc_core.builtin.audit_records import by_deed
from soc_core.builtin.detections import by_sign, by_statement
from soc_core.builtin.event_roles import FIELDS
from soc_core.builtin.reading import Judgement
from soc_core.builtin.rule_fields import Values

__all__ = ["FIELDS", "Judgement", "judge"]


def judge(event: Event, values: Values) -> Judgement | None:
    """What an event seems to be, or None if it says nothing."""
    if not values and event.severity is None:
        return None  # as most lines of most logs
    structured = bool(event.fields) and event.schema not in ("windows", "access")
    sign = by_sign(event, values) if structured else None
    deed = by_deed(event, values) if structured else None
    found = [one for one in (sign, deed, by_statement(event, values, deed)) if one is not None]
    return max(found, key=lambda one: (one.severity, one.security), default=None)
