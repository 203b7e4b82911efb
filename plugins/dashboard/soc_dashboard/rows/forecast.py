"""Who becomes overdue before the shift ends, if people go on resolving incidents as fast as they do now."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from soc_core import Breach


class Hours(Protocol):
    """A shift of the rota."""

    def ends(self, at: datetime) -> datetime | None:
        """When it ends, if it is on."""


@attrs.frozen(kw_only=True)
class Forecast:
    """What to expect.

    Args:
        until: When the shift ends.
        per_hour: How many incidents people resolve in an hour, at the present rate.
        in_time: How many of those that are due before `until` are resolved in time.
        breaches: Those that are not, the one due first at the front.
    """

    until: datetime
    per_hour: float
    in_time: int
    breaches: tuple[Breach, ...]


def shift_end(shifts: Iterable[Hours], now: datetime, otherwise: timedelta) -> datetime:
    """When the last of the present shifts ends; `otherwise` from now where the rota does not say."""
    return max((end for shift in shifts if (end := shift.ends(now)) is not None), default=now + otherwise)


def forecast(
    upcoming: Sequence[Breach], *, overdue: int, resolved: int, within: timedelta, now: datetime, until: datetime
) -> Forecast:
    """Work through the queue in the order in which it is due, what is overdue already first.

    Args:
        upcoming: Everything due before `until`, soonest first.
        overdue: How many are overdue already.
        resolved: How many were resolved within the time `within` before now: the present rate.
        now: The present instant.
        until: When the shift ends.
    """
    each = within / resolved if resolved else None
    late = tuple(
        one for place, one in enumerate(upcoming, start=overdue + 1) if each is None or now + each * place > one.due_at
    )
    per_hour = resolved / (within / timedelta(hours=1))
    return Forecast(until=until, per_hour=per_hour, in_time=len(upcoming) - len(late), breaches=late)
