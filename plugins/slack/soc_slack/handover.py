"""Shows the next shift's page in Slack, made of what `soc handover --json` says. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from soc_core import wording
from soc_slack.cards import Shown, plain, until
from soc_slack.escape import inert, link
from soc_slack.places import Json
from soc_slack.reading import dig, rows

_ROOM = 2800  # of the 3,000 characters that a section may have
_WORDS = 160
_WHO = 80


def page(document: object) -> Shown:
    """The page; log text in it is harmless, and what finds no room is counted.

    Raises:
        ValueError: The document is none of `soc handover`.
    """
    if not isinstance(document, Mapping):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - like every other document that does not fit
    now, ends = (datetime.fromisoformat(dig(document, name)) for name in ("now", "until"))
    known = {dig(one, "id"): one for one in rows(document.get("open"))}
    late = [one for name, one in known.items() if name in _names(document.get("overdue"))]
    risky = [(known.get(dig(one, "id"), one), dig(one, "due")) for one in rows(document.get("at_risk"))]
    escalated = document.get("escalated")
    parts = {
        "Overdue": [_line(one, _due(dig(one, "sla", "resolution", "due"), now)) for one in late],
        "At risk before the shift ends": [_line(one, _due(due, now)) for one, due in risky],
        "Escalated": [
            f"*{inert(name, 40)}* {inert(', '.join(_names(rungs)), _WORDS)}"
            for name, rungs in (escalated.items() if isinstance(escalated, Mapping) else ())
        ],
        "Open": [_line(one, inert(dig(one, "status"), 40)) for one in known.values()],
        "Noisy rules": [_noise(one) for one in rows(document.get("noisy_rules"))],
    }
    numbers = f"{len(known)} open, {len(late)} overdue, {len(risky)} at risk before {ends:%H:%M} UTC"
    blocks: list[Json] = [
        {"type": "header", "text": plain(f"Handover, {now:%Y-%m-%d %H:%M} UTC", 150)},
        {"type": "section", "text": plain(numbers, 300)},
    ]
    for title, lines in parts.items():
        if lines:
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _fitting(title, lines)}})
    return Shown(text=f"Handover: {numbers}", blocks=tuple(blocks))


def _line(one: Mapping[str, object], how: str) -> str:
    holder = inert(dig(one, "assignee") or "nobody has it", 60)
    ticket = dig(one, "ticket", "key")
    who = inert(wording.who(dig(one, "user"), dig(one, "ip")), _WHO)
    linked = f", {link(dig(one, 'ticket', 'url'), ticket)}" if ticket else ""
    about = ", ".join(part for part in (inert(dig(one, "summary"), _WORDS), who) if part)
    return f"*{inert(dig(one, 'id'), 40)}* {about}: {how}, {holder}{linked}"


def _noise(one: Mapping[str, object]) -> str:
    return f"{inert(dig(one, 'rule'), _WORDS)}: {one.get('events')} events, {one.get('incidents')} incidents"


def _due(due: str, now: datetime) -> str:
    return until(datetime.fromisoformat(due), now) if due else "paused"


def _names(value: object) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _fitting(title: str, lines: Sequence[str]) -> str:
    said = "\n".join(_within(f"*{title}*", lines))
    left = len(lines) - said.count("\n")
    return f"{said}\nand {left} more" if left else said


def _within(head: str, lines: Sequence[str]) -> Iterator[str]:
    room = _ROOM - len(head)
    yield head
    for line in lines:
        room -= len(line) + 3
        if room < 0:
            return
        yield f"• {line}"
