"""The audit trail as people read it: what happened, who did it, and the details in a few words."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from soc_core.model.wording import Line
from soc_core.store.audit import Entry

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "incident.opened": "opened",
        "incident.acknowledged": "acknowledged",
        "incident.status": "status",
        "incident.assignee": "assignee",
        "incident.priority": "priority",
        "incident.note": "note",
        "incident.verdict": "verdict",
        "incident.merged": "merged",
        "incident.promoted": "given a ticket",
        "incident.ticket": "ticket changed",
        "ticket.made": "ticket made",
        "ticket.adopted": "ticket found",
        "ticket.doubles_closed": "double tickets closed",
        "escalation.fired": "escalated",
        "escalation.skipped": "escalation skipped",
        "job.dead": "delivery given up",
        "job.retried": "delivery retried",
        "job.discarded": "delivery discarded",
    }
)
_CHOSEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "incident.opened": ("why",),
        "ticket.made": ("key", "url"),
        "ticket.adopted": ("key", "url"),
        "escalation.fired": ("rung", "clock", "told"),
        "job.dead": ("kind", "dest", "error"),
    }
)


def line_of(entry: Entry) -> Line:
    """An entry of the trail in words."""
    return Line(
        seq=entry.seq,
        at=entry.at,
        incident=entry.incident or "",
        what=_WORDS.get(entry.what, entry.what),
        who=entry.actor if entry.actor == entry.origin else f"{entry.actor} ({entry.origin})",
        details=_details(entry),
    )


def _details(entry: Entry) -> str:
    details = msgspec.json.decode(entry.body, type=dict[str, object])
    old, new, said = (str(details.get(name) or "") for name in ("old", "new", "text"))
    if entry.what.startswith("incident.") and (old or new or said):
        change = f"{old or '-'} -> {new}" if old and new else new
        return ": ".join(part for part in (change, said) if part)
    chosen = _CHOSEN.get(entry.what, tuple(details))
    return ", ".join(_plain(details[name]) for name in chosen if details.get(name))


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
