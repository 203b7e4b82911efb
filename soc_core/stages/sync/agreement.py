"""Two sides changed the same thing: what counts, and what is said about it. Pure, like every rule worth trusting.

A side is `soc`, or the plugin a change came from. What it says is compared with what the incident has and with what
that side could know, which is what it said itself or was told last (a three-way merge):

- it repeats what was written to it: an echo, nothing happens;
- it is older than what the same side has said already: overtaken, nothing happens;
- it knew what the incident has and is newer: taken;
- it did not know, or is older: a conflict. The settings say who wins; a note tells people about it.
"""

import enum
from collections.abc import Mapping
from datetime import datetime

import attrs

from soc_core.model.incident import Incident, Update
from soc_core.moves import value_of
from soc_core.store.fields import Said, Side

NEWEST = "newest"
HOUSE = "soc"


class Outcome(enum.Enum):
    """What happens to a change that comes in."""

    TAKEN = enum.auto()
    AGREED = enum.auto()
    ECHO = enum.auto()
    OVERTAKEN = enum.auto()
    REFUSED = enum.auto()


@attrs.frozen(kw_only=True)
class Agreement:
    """What counts.

    Args:
        outcome: What happens to the change.
        remark: What people are told about a conflict; empty if there was none.
        stands_since: When the value that the incident had was decided.
    """

    outcome: Outcome
    remark: str = ""
    stands_since: datetime


def agree(
    incident: Incident, update: Update, sides: Mapping[str, Side], *, keeps: bool, wins: str, now: datetime
) -> Agreement:
    """Whether a change of one field is taken.

    Args:
        incident: As it stands.
        update: The change, its value in the house's own words.
        sides: How each side stands to the field.
        keeps: Whether the side is told of changes and keeps values of its own, as a tracker or a chat does.
        wins: `newest`, or the side whose word counts where two changed it at once.
        now: No decision was made later than this, whatever another clock said.
    """
    ours = value_of(incident, update.change)
    holder, since = _standing(incident, ours, sides, now)
    own = sides.get(update.origin, Side())
    said = Said(value=update.new, at=update.at)

    def outcome(what: Outcome, remark: str = "") -> Agreement:
        return Agreement(outcome=what, remark=remark, stands_since=since)

    if own.seen is not None and said.at < own.seen.at:
        return outcome(Outcome.OVERTAKEN)
    if said.value == ours:
        return outcome(Outcome.AGREED)
    # What a side says after its own last word that counts is where it stands, even if it came there by our writing.
    if own.echoes(said) and holder != update.origin:
        return outcome(Outcome.ECHO)
    # Whoever sits at the house's own door, or keeps no value of its own, sees the incident itself; before any change
    # everybody knows what it is.
    sees = update.origin in (HOUSE, holder) or not keeps
    knew = sees or own.holds == ours or not any(side.seen for side in sides.values())
    if knew and said.at >= since:
        return outcome(Outcome.TAKEN)
    taken = _wins(update.origin, holder, wins=wins, newer=said.at >= since, knew=knew)
    new, old = f"{update.new or 'nobody'} ({_who(update)})", f"{ours or 'nobody'} ({holder})"
    if taken:
        return outcome(Outcome.TAKEN, f"{update.change}: {new} replaces {old}; {_why(wins)}")
    return outcome(Outcome.REFUSED, f"{update.change}: {old} stays, not {new}; {_why(wins)}")


def _standing(incident: Incident, ours: str, sides: Mapping[str, Side], now: datetime) -> tuple[str, datetime]:
    """Who brought the value that the incident has, and when."""
    # Who only agrees decides nothing: it does not make older news of another side any older.
    said = [(origin, one.seen) for origin, one in sides.items() if one.seen is not None and one.seen.value == ours]
    decisions = [(seen.decided, origin) for origin, seen in said if seen.decided is not None]
    at, origin = max(decisions, default=(incident.opened_at, HOUSE))
    return origin, min(at, now)


def _wins(origin: str, holder: str, *, wins: str, newer: bool, knew: bool) -> bool:
    if knew or wins not in (origin, holder):  # a side that knew better meanwhile only tells old news
        return newer
    return wins == origin


def _who(update: Update) -> str:
    return f"{update.actor} in {update.origin}" if update.actor else update.origin


def _why(wins: str) -> str:
    because = "the newer one counts" if wins == NEWEST else f"where two differ, {wins} counts"
    return f"both were chosen before one side knew of the other, and {because}"
