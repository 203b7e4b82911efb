"""What can be set about the ladder: its rungs, when each is due, and what it does."""

from collections import Counter
from datetime import timedelta

import attrs

from soc_core import Calendar, Priority, SettingsError, setting
from soc_escalation.when import When


def _says_when(instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    When.read(value)


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

    at: str = attrs.field(validator=_says_when)
    name: str | None = None
    clock: str = attrs.field(default="resolution", validator=attrs.validators.in_(("resolution", "response")))
    notify: str | tuple[str, ...] = ()
    label: str | None = None
    comment: str | None = None
    reassign: str | None = None
    minimum_priority: Priority | None = None
    unless_acknowledged: bool = False
    quiet: str | tuple[str, ...] | None = None
    repeat: timedelta | None = None
    times: int = 0

    def __attrs_post_init__(self) -> None:
        """Refuse a rung without effect, and a repetition without end or without pause."""
        if not (self.notify or self.label or self.comment or self.reassign):
            raise SettingsError(f"the rung {self.called!r} does nothing; tell it whom to `notify`")
        if (
            (self.repeat is None) != (self.times == 0)
            or self.times < 0
            or (self.repeat or timedelta(1)) <= timedelta(0)
        ):
            raise SettingsError(
                f'the rung {self.called!r} repeats without end or pause; write such as repeat = "4h", times = 3'
            )

    @property
    def called(self) -> str:
        """What reports call it."""
        return self.name or self.at


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

    def __attrs_post_init__(self) -> None:
        """Refuse two rungs of one name, of which only one would fire, and quiet hours that never end."""
        names = Counter((rung.clock, rung.called) for rung in self.ladder)
        for (clock, name), number in names.items():
            if number > 1:
                raise SettingsError(f"{number} rungs of the {clock} clock are called {name!r}; give each a `name`")
        for rung in self.ladder:
            try:
                self.loud_hours(rung)
            except ValueError as error:
                raise SettingsError(f"the quiet hours of the rung {rung.called!r}: {error}") from error

    def loud_hours(self, rung: Rung) -> Calendar | None:
        """The hours in which a rung may fire; None is always."""
        quiet = self.quiet if rung.quiet is None else rung.quiet
        return Calendar.of("quiet hours", zone=self.zone, hours=quiet).inverse() if quiet else None
