"""Builds everything said beside the live message: thread lines, escalations, summaries, answers, forms. Pure."""

import json
from collections.abc import Sequence

from soc_core import BatchSummary, Change, EscalationStep, Incident, Update
from soc_slack import actions
from soc_slack.cards import Shown, plain, preformatted, until
from soc_slack.escape import inert, legible, one_line
from soc_slack.places import Json

_LINE = 280
_NOTE = 2500


def thread_line(incident: Incident, update: Update) -> Shown | None:
    """One entry of the story in the thread, or None for changes that only the live message shows."""
    who = update.actor or ("soc-core" if update.origin == "soc" else update.origin)
    match update.change:
        case Change.NOTE:
            return note(incident, who, update)
        case Change.STATUS | Change.PRIORITY | Change.ASSIGNEE:
            words = f"{update.change.capitalize()}: {update.old or '-'} → {update.new or 'nobody'}"
        case Change.ACKNOWLEDGED:
            words = "Acknowledged"
        case Change.VERDICT:
            words = f"Verdict: {update.new}"
        case Change.PROMOTED:
            words = "Became an incident with a ticket"
        case Change.TICKET:
            words = f"Ticket: {update.old or '-'} → {update.new or 'gone'}"
        case Change.MERGED:
            words = "Merged"
        case _:
            return None
    reason = f" ({update.text})" if update.text else ""
    return _line(f"{incident.id} · {words} · {who}{reason}")


def note(incident: Incident, who: str, update: Update) -> Shown:
    """A note that somebody wrote elsewhere."""
    head = f"{incident.id} · Note by {who}" + ("" if update.origin in ("soc", "slack") else f" in {update.origin}")
    text = legible(update.text, _NOTE)
    quote: Json = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": text or "-"}]}],
    }
    heading: Json = {"type": "context", "elements": [plain(head, _LINE)]}
    return Shown(text=inert(f"{head}: {update.text}", 600), blocks=(heading, quote))


def escalation(incident: Incident, step: EscalationStep, mentions: Sequence[str], unmapped: Sequence[str]) -> Shown:
    """A rung of the ladder fired: `mentions` are Slack's own marks for people and groups, never event text."""
    clock = incident.clocks.get(step.clock)
    due = None if clock is None else clock.due_at()
    what = _rung_words(step)
    called = " ".join(mentions)
    others = f" {inert('(not mapped in Slack: ' + ', '.join(unmapped) + ')', 300)}" if unmapped else ""
    when = "" if due is None else f", {step.clock} due {until(due, None)}"
    head = f"*Escalation* {called}{others}: {inert(what, 200)}{when}".replace("  ", " ")
    text = f"{called} Escalation{others}: {inert(f'{what} · {incident.summary} · {incident.id}', 700)}".strip()
    blocks: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": head}},
        {"type": "context", "elements": [plain(f"{incident.id} · {incident.summary}", _LINE)]},
    ]
    if step.comment:
        blocks.append({"type": "context", "elements": [plain(step.comment, _LINE)]})
    return Shown(text=text, blocks=tuple(blocks))


def news(incident: Incident, words: str, permalink: str | None) -> Shown:
    """A line for the incidents channel, linked to the live message."""
    shown = f"{words} · {incident.id} · {incident.summary}"
    blocks: list[Json] = [{"type": "context", "elements": [plain(shown, _LINE)]}]
    if permalink is not None:
        links: Json = {"type": "mrkdwn", "text": f"<{permalink}|Open the live message>"}
        blocks.append({"type": "context", "elements": [links]})
    return Shown(text=inert(shown, 700), blocks=tuple(blocks))


def answer(words: str, detail: str = "") -> Shown:
    """What one person is told after pressing a button."""
    blocks: list[Json] = [{"type": "section", "text": plain(words, 1000)}]
    if detail:
        blocks.append(preformatted(detail, 2500))
    return Shown(text=inert(words, 1000) or "-", blocks=tuple(blocks))


def plainly(shown: Shown) -> Shown:
    """The same without blocks, for when Slack refuses them: an alert is never lost to formatting."""
    return Shown(text=shown.text[:3500])


def summary(batch: BatchSummary) -> Shown:
    """What a batch of log events came to."""
    counts = ", ".join(f"{batch.by_severity[s]:,} of severity {s}" for s in sorted(batch.by_severity, reverse=True))
    keys = [incident.ticket.key for incident in batch.incidents[:20] if incident.ticket is not None]
    lines = [
        f"{batch.processed:,} events processed, {len(batch.incidents):,} incidents, {batch.alerts:,} alerts",
        counts,
        "Tickets: " + ", ".join(keys) if keys else "",
    ]
    said = " · ".join(line for line in lines if line)
    blocks: list[Json] = [
        {"type": "header", "text": plain("Batch summary", 150)},
        {"type": "section", "text": plain(said, 2900)},
    ]
    return Shown(text=inert(f"Batch summary: {said}", 2000), blocks=tuple(blocks))


def note_form(incident: str, channel: str, ts: str) -> Json:
    """The modal in which a note is written."""
    return {
        "type": "modal",
        "callback_id": actions.NOTE_FORM,
        "private_metadata": json.dumps({"incident": incident, "channel": channel, "ts": ts}),
        "title": plain("Add note", 24),
        "submit": plain("Save", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            {
                "type": "input",
                "block_id": actions.NOTE_BLOCK,
                "label": plain(f"Note for {incident}", 200),
                "element": {
                    "type": "plain_text_input",
                    "action_id": actions.NOTE_INPUT,
                    "multiline": True,
                    "max_length": 3000,
                },
            }
        ],
    }


def _line(words: str) -> Shown:
    return Shown(
        text=inert(words, 600), blocks=({"type": "context", "elements": [plain(one_line(words, _LINE), _LINE)]},)
    )


def _rung_words(step: EscalationStep) -> str:
    if step.share is not None:
        missed = " (missed)" if step.share >= 1 else ""
        return f"{step.share:.0%} of the {step.clock} time is used{missed}"
    hours = (step.overdue.total_seconds() if step.overdue is not None else 0) / 3600
    return f"{hours:g} h past the {step.clock} time"
