"""What can be set about the ladder: its rungs, when each is due, and what it does."""

from datetime import timedelta

import attrs

from soc_core import Priority, setting


@attrs.frozen(kw_only=True)
class Rung:
    """One rung: when it is due, whom it concerns, and what happens.

    Args:
        at: `50%` of the target, `2h` after the start, `-30m` before it is due, or `+24h` when it is overdue.
        name: What reports call it; `at` if left out.
        clock: `resolution` or `response`.
        notify: Roles, teams or people who are told.
        label, comment: What is put on the ticket.
        reassign: The role that gets the incident if nobody has acknowledged it.
        minimum_priority: Only incidents of this priority or a more urgent one.
        unless_acknowledged: Not once somebody has acknowledged.
        quiet: Hours such as `22:00-07:00` or `Sat-Sun` at whose end it fires instead; else the ladder's.
        repeat, times: Fires again after each `repeat`, `times` more times.
    """

    at: str
    name: str | None = None
    clock: str = "resolution"
    notify: str | tuple[str, ...] = ()
    label: str | None = None
    comment: str | None = None
    reassign: str | None = None
    minimum_priority: Priority | None = None
    unless_acknowledged: bool = False
    quiet: str | tuple[str, ...] | None = None
    repeat: timedelta | None = None
    times: int = 0


DEFAULT_LADDER = (
    Rung(at="50%", notify="manager"),
    Rung(
        at="100%",
        notify="tier2",
        label="sla-breached",
        comment="The promised time has passed; this incident was escalated automatically.",
        reassign="lead",
    ),
    Rung(at="+24h", notify="executive"),
)


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.escalation]`."""

    ladder: tuple[Rung, ...] = attrs.field(
        default=DEFAULT_LADDER, metadata=setting('The rungs, as [{ at = "50%", notify = "manager" }]')
    )
    quiet: str | tuple[str, ...] = attrs.field(
        default=(), metadata=setting("Hours in which no rung fires that has no quiet hours of its own")
    )
    zone: str = attrs.field(default="UTC", metadata=setting("The time zone of quiet hours, such as Europe/Berlin"))
