"""What a ticket says: what happened, what to do, why it exists, and how much time there is."""

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate, takewhile
from zoneinfo import ZoneInfo

from soc_core import Incident, Update
from soc_jira.document import Block, Box, Bullets, Document, Heading, Link, Paragraph, Table, clean, line, size

ATTACHED = "message.txt"
_CUT_HERE = f"\n… cut here; the whole message is attached as {ATTACHED}"
_ROOM = 20_000
_LONGEST = 8_000


def ticket_text(
    incident: Incident,
    *,
    zone: ZoneInfo,
    longest: int,
    lost: Mapping[str, str],
    dashboard: str | None = None,
) -> Document:
    """The description of an incident's ticket.

    Args:
        incident: Whose ticket it is.
        zone: In which times are shown beside UTC.
        longest: How long a single value may be.
        lost: Fields that the project would not take, with the values they would have had.
        dashboard: Our own page of the incident.
    """
    facts = [("Source", incident.source), ("Label", incident.label)]
    facts += [("Severity", f"{incident.severity:g} of 10"), ("Confidence", f"{incident.confidence:.0%}")]
    facts += [
        (name, value)
        for name, value in (("Host", incident.host), ("User", incident.user), ("Address", incident.ip))
        if value
    ]
    blocks: list[Block] = [Table(_rows(facts, longest)), Heading("Log message"), Box(shown_message(incident))]
    if incident.actions:
        blocks += [
            Heading("Recommended response"),
            Bullets([line(action, longest) for action in incident.actions[:20]]),
        ]
    reasons = [line(reason, longest) for reason in (incident.why, incident.reason) if reason.strip()]
    if incident.undecided:
        reasons.insert(0, "Undecided: classification or decision failed, the raw rule for high severities acted.")
    blocks += [Heading("Why this ticket exists"), Paragraph(["\n".join(reasons) or "No reason was given."])]
    if lost:
        blocks += [Heading("Not taken by this project"), Table(_rows(list(lost.items()), longest))]
    blocks += [Heading("SOC"), Table(_rows(_metadata(incident, zone), longest))]
    if dashboard is not None:
        blocks.append(Paragraph([Link("Open in soc-core", dashboard)]))
    return blocks


def shown_message(incident: Incident) -> str:
    """The log message as far as a ticket holds it, with a mark where it was cut."""
    message = clean(incident.message)
    if _weight(message) <= _ROOM:
        return message
    weights = accumulate(map(_weight, message))
    return message[: sum(1 for weight in takewhile(lambda weight: weight <= _ROOM, weights))] + _CUT_HERE


def is_cut(incident: Incident) -> bool:
    """Whether the log message did not fit, so that the whole of it is attached."""
    return _weight(clean(incident.message)) > _ROOM


def note_text(update: Update, *, tag: str) -> Document:
    """A note that somebody wrote elsewhere, as a comment."""
    who = line(update.actor, 120) or "soc-core"
    return _comment([Paragraph([f"{who} ({line(update.origin, 60)}):"]), Box(clean(update.text)[:_LONGEST])], tag)


def remark(words: str, *, tag: str) -> Document:
    """A sentence of our own as a comment."""
    return _comment([Paragraph([clean(words)[:_LONGEST]])], tag)


def _comment(blocks: list[Block], tag: str) -> Document:
    # The last line is how our own comments are known again: after a lost answer, and when JIRA tells us about them.
    return [*blocks, Paragraph([tag])]


def _metadata(incident: Incident, zone: ZoneInfo) -> list[tuple[str, str]]:
    due = [(f"Due ({name})", clock.due_at()) for name, clock in sorted(incident.clocks.items())]
    return [
        ("Incident", f"{incident.id}, version {incident.version}"),
        ("Marker", incident.marker),
        ("Rule", f"{incident.rule or incident.label} ({incident.classifier or 'built in'})"),
        ("First seen", _when(incident.first_seen, zone)),
        ("Last seen", _when(incident.last_seen, zone)),
        ("Count", str(incident.count)),
        *((name, _when(at, zone)) for name, at in due if at is not None),
    ]


def _rows(facts: list[tuple[str, str]], longest: int) -> list[tuple[str, str]]:
    return [(line(name, 120), line(value, longest)) for name, value in facts]


def _when(at: datetime, zone: ZoneInfo) -> str:
    utc = at.astimezone(ZoneInfo("UTC"))
    local = at.astimezone(zone)
    shown = f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    return shown if local.utcoffset() == utc.utcoffset() else f"{shown} ({local:%Y-%m-%d %H:%M %Z})"


def _weight(words: str) -> int:
    # As it goes over the wire: quotes, backslashes and line breaks are written with two characters.
    return size(words) + sum(words.count(character) for character in '"\\\n\t')
