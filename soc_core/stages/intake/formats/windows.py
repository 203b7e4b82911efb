"""Windows events as JSON, in each layout that collectors use, read into one: `EventID`, `Channel`, data by name."""

from collections.abc import Mapping
from datetime import datetime

from soc_core.stages.intake.formats.entities import address
from soc_core.stages.intake.formats.facts import Facts
from soc_core.stages.intake.formats.flat import first, text
from soc_core.stages.intake.formats.times import read_time

_IDS = (
    "event.system.eventid",
    "event.system.eventid.#text",
    "winlog.eventid",
    "win.system.eventid",
    "eventid",
)
_FLAT_MARKS = ("channel", "sourcename", "providername", "providerguid", "eventrecordid", "eventlog")
_HOMES = ("event.system.", "winlog.", "win.system.", "")
_DATA = (
    "Event.EventData",
    "Event.UserData",
    "winlog.event_data",
    "win.eventdata",
    "EventData",
    "event_data",
    "ExtraEventData",
)
_LEVELS = {"1": 7.0, "2": 5.0, "3": 4.0, "4": 2.0, "5": 0.0}
_FAILURES = frozenset({"4625", "4771", "529"})


def windows_facts(event: Mapping[str, object], flat: Mapping[str, object], received: datetime) -> Facts | None:
    """Read a Windows event, or None if it is none."""
    number = first(flat, _IDS)
    if number is None or (_IDS[-1] in flat and not any(path in flat for path in (*_IDS[:-1], *_FLAT_MARKS))):
        return None
    digits = str(number)
    if not digits.isdecimal():
        return None
    data = _data(event)
    lower = {key.lower(): value for key, value in (data or event).items()}
    channel = _of(flat, "channel")
    provider = _of(flat, "provider.#attributes.name", "provider.name", "providername", "sourcename", "provider")
    fields = dict(event)
    fields.setdefault("EventID", int(digits) if len(digits) < 10 else digits)
    for name, value in (
        ("Channel", channel),
        ("Provider_Name", provider),
        ("Computer", _of(flat, "computer", "computername")),
    ):
        if value is not None:
            fields.setdefault(name, value)
    for key, datum in data.items():
        fields.setdefault(key[:1].upper() + key[1:], datum)
    facts: Facts = {"fields": fields, "schema": "windows", "source": provider or channel or "windows"}
    facts["host"] = _of(flat, "computer", "computername") or text(first(flat, ("hostname", "host.name", "host")))
    facts["user"] = _person(lower)
    for key in ("ipaddress", "sourceip", "sourceaddress", "clientaddress"):
        if (ip := address(lower.get(key))) is not None:
            facts["ip"] = ip
            break
    facts["time"] = read_time(
        _of(
            flat, "timecreated.#attributes.systemtime", "timecreated.systemtime", "systemtime", "timecreated", "utctime"
        )
        or first(flat, ("@timestamp", "eventtime", "timestamp", "winlog.timecreated")),
        received,
    )
    facts["severity"] = _LEVELS.get(_of(flat, "level") or "")
    facts["outcome"] = _outcome(digits, flat)
    facts["action"] = text(first(flat, ("event.action", "winlog.task"))) or digits
    return facts


def _of(flat: Mapping[str, object], *names: str) -> str | None:
    return text(first(flat, (home + name for name in names for home in _HOMES)))


def _data(event: Mapping[str, object]) -> Mapping[str, object]:
    for path in _DATA:
        value: object = event
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            return value
    return {}


def _person(lower: Mapping[str, object]) -> str | None:
    for key in ("targetusername", "subjectusername", "user", "username", "accountname", "samaccountname"):
        name = lower.get(key)
        if isinstance(name, str) and name not in ("", "-", "N/A") and not name.endswith("$"):
            return text(name)
    return None


def _outcome(number: str, flat: Mapping[str, object]) -> str | None:
    words = str(
        first(
            flat,
            (
                "winlog.keywords",
                "event.system.keywords",
                "win.system.keywords",
                "keywords",
                "event.outcome",
                "win.system.severityvalue",
            ),
        )
        or ""
    ).lower()
    if "failure" in words or words.startswith(("0x8010", "-92145042")):
        return "failure"
    if "success" in words or words.startswith("0x8020"):
        return "success"
    return "failure" if number in _FAILURES else None
