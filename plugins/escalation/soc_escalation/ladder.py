"""From the ladder in the settings to the rungs of one incident: pure, and wrong settings are told with their place."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import attrs

from soc_core import Calendar, EscalationStep, Incident, SettingsError, Sla
from soc_escalation.settings import Rung, Settings

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d+)([smhdw])")
_AT = re.compile(rf"(?P<percent>\d+(?:\.\d+)?)%|(?P<sign>[+-]?)(?P<span>(?:{_PART.pattern})+)")
_NOTHING = timedelta(0)


@attrs.frozen(kw_only=True)
class Step:
    """A rung whose settings make sense.

    Args:
        rung: The settings.
        share, offset: Due when this share of the target and this much (or, below zero, less) of time is used, and
        overdue: so much later still.
        within: The hours in which it may fire.
    """

    rung: Rung
    share: float
    offset: timedelta = _NOTHING
    overdue: timedelta = _NOTHING
    within: Calendar | None = None


def read(settings: Settings) -> tuple[Step, ...]:
    """The ladder of the settings.

    Raises:
        SettingsError: Names the rung and what to write instead.
    """
    steps = tuple(
        _step(f"plugins.escalation.ladder[{number}]", rung, settings) for number, rung in enumerate(settings.ladder)
    )
    names = Counter((rung.clock, rung.name or rung.at) for rung in settings.ladder)
    for (clock, name), number in names.items():
        if number > 1:
            raise SettingsError(
                f"plugins.escalation.ladder: {number} rungs of the {clock} clock are called {name!r}; "
                "give each a `name` of its own"
            )
    return steps


def plan(steps: tuple[Step, ...], incident: Incident, sla: Sla) -> Iterator[EscalationStep]:
    """The rungs of one incident."""
    for step in steps:
        rung = step.rung
        target = sla.response if rung.clock == "response" else sla.resolution
        share = step.share + step.offset / target.duration
        if share < 0 or (rung.minimum_priority is not None and incident.priority.rank > rung.minimum_priority.rank):
            continue
        for turn in range(rung.times + 1):
            yield EscalationStep(
                rung=f"{rung.name or rung.at}, repeat {turn}" if turn else rung.name or rung.at,
                clock=rung.clock,
                share=share,
                overdue=step.overdue + turn * (rung.repeat or _NOTHING),
                within=step.within,
                notify=rung.notify,
                label=rung.label,
                comment=rung.comment,
                reassign_to=rung.reassign,
                unless_acknowledged=rung.unless_acknowledged,
            )


def _step(place: str, rung: Rung, settings: Settings) -> Step:
    if rung.clock not in ("response", "resolution"):
        raise SettingsError(f"{place}.clock: {rung.clock!r} is no clock; write 'resolution' or 'response'")
    if not (rung.notify or rung.label or rung.comment or rung.reassign):
        raise SettingsError(f"{place}: the rung at {rung.at!r} does nothing; give it `notify`, `label` or `comment`")
    if (rung.repeat is None) != (rung.times == 0) or rung.times < 0 or (rung.repeat or timedelta(1)) <= _NOTHING:
        raise SettingsError(f'{place}: repeating needs both `repeat` and `times`, such as repeat = "4h", times = 3')
    quiet = settings.quiet if rung.quiet is None else rung.quiet
    try:
        within = Calendar.of("quiet hours", zone=settings.zone, hours=quiet).inverse() if quiet else None
    except ValueError as error:
        raise SettingsError(f"{place}.quiet: {error}") from error
    match = _AT.fullmatch(rung.at.strip())
    if match is None:
        raise SettingsError(
            f"{place}.at: {rung.at!r} is no time; write '50%' (of the target), '2h' (after the start), "
            "'-30m' (before it is due) or '+24h' (when it is overdue)"
        )
    if match["percent"]:
        return Step(rung=rung, share=float(match["percent"]) / 100, within=within)
    span = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _PART.findall(match["span"])), _NOTHING)
    if match["sign"] == "+":
        return Step(rung=rung, share=1, overdue=span, within=within)
    if match["sign"] == "-":
        return Step(rung=rung, share=1, offset=-span, within=within)
    return Step(rung=rung, share=0, offset=span, within=within)
