"""From the ladder in the settings to the rungs of one incident: pure."""

from collections.abc import Iterator
from datetime import timedelta

from soc_core import EscalationStep, Incident, Sla
from soc_escalation.settings import Settings
from soc_escalation.when import When


def plan(settings: Settings, incident: Incident, sla: Sla) -> Iterator[EscalationStep]:
    """The rungs that concern an incident; a warning longer before the end than the whole target is left out."""
    for rung in settings.ladder:
        when = When.read(rung.at)
        target = sla.response if rung.clock == "response" else sla.resolution
        share = when.share + when.offset / target.duration
        if share < 0 or (rung.minimum_priority is not None and incident.priority.rank > rung.minimum_priority.rank):
            continue
        for turn in range(rung.times + 1):
            yield EscalationStep(
                rung=f"{rung.called}, repeat {turn}" if turn else rung.called,
                clock=rung.clock,
                share=share,
                overdue=when.overdue + turn * (rung.repeat or timedelta(0)),
                within=settings.loud_hours(rung),
                notify=rung.notify,
                label=rung.label,
                comment=rung.comment,
                reassign_to=rung.reassign,
                unless_acknowledged=rung.unless_acknowledged,
            )
