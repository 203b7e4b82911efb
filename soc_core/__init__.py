"""The contract desk: everything a plugin imports, and nothing else.

```python
from soc_core import Event, Finding, hookimpl


@hookimpl
def classify_event(event: Event) -> Finding | None:
    if "vault sealed" in event.message:
        return Finding(event=event, label="Security Alert", severity=9, rule="vault-sealed")
    return None
```
"""

from soc_core.errors import (
    ChangeRefused,
    DeliveryError,
    InputError,
    NotConfigured,
    PermanentError,
    PluginError,
    SettingsError,
    SocError,
    StoreError,
    TemporaryError,
    UncertainError,
)
from soc_core.hookspecs import HOOK_API_VERSION, hookimpl
from soc_core.logs import get_logger
from soc_core.model import wording
from soc_core.model.batch import BatchSummary
from soc_core.model.calendar import Calendar
from soc_core.model.event import Course, Decision, Event, Finding, Priority, Threshold, base_severity, has_word
from soc_core.model.figures import Breach, Creation, Figures, Kept, Left, RuleFigures, Spread
from soc_core.model.incident import Change, Incident, Note, Status, Ticket, Update, Verdict
from soc_core.model.job import Delivery, Job, JobState
from soc_core.model.pattern import Pattern
from soc_core.model.people import Candidate, Person
from soc_core.model.setting import Secret, checked_url, setting
from soc_core.model.sla import Clock, ClockState, EscalationStep, Move, Sla, Target, Tick
from soc_core.ports import (
    Check,
    CheckResult,
    Endpoint,
    Grade,
    HttpRequest,
    HttpResponse,
    Inbox,
    Reports,
    Service,
    Stop,
    TimeSource,
)
from soc_core.printable import printable

__all__ = [
    "HOOK_API_VERSION",
    "BatchSummary",
    "Breach",
    "Calendar",
    "Candidate",
    "Change",
    "ChangeRefused",
    "Check",
    "CheckResult",
    "Clock",
    "ClockState",
    "Course",
    "Creation",
    "Decision",
    "Delivery",
    "DeliveryError",
    "Endpoint",
    "EscalationStep",
    "Event",
    "Figures",
    "Finding",
    "Grade",
    "HttpRequest",
    "HttpResponse",
    "Inbox",
    "Incident",
    "InputError",
    "Job",
    "JobState",
    "Kept",
    "Left",
    "Move",
    "NotConfigured",
    "Note",
    "Pattern",
    "PermanentError",
    "Person",
    "PluginError",
    "Priority",
    "Reports",
    "RuleFigures",
    "Secret",
    "Service",
    "SettingsError",
    "Sla",
    "SocError",
    "Spread",
    "Status",
    "Stop",
    "StoreError",
    "Target",
    "TemporaryError",
    "Threshold",
    "Tick",
    "Ticket",
    "TimeSource",
    "UncertainError",
    "Update",
    "Verdict",
    "base_severity",
    "checked_url",
    "get_logger",
    "has_word",
    "hookimpl",
    "printable",
    "setting",
    "wording",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms that only those pay who ask

        return version("soc-core")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
