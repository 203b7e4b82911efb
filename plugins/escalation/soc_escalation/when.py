"""When a rung is due, as people write it: `50%`, `2h`, `-30m`, `+24h`."""

import re
from datetime import timedelta
from typing import Self

import attrs

from soc_core import SettingsError

_NOTHING = timedelta(0)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_WHEN = re.compile(rf"(?P<percent>\d{{1,4}}(?:\.\d+)?)%|(?P<sign>[+-]?)(?P<span>(?:{_PART.pattern})+)", re.ASCII)
_LONGEST = timedelta(weeks=520)


@attrs.frozen(kw_only=True)
class When:
    """Due when this share of the target and this much of time (or, below zero, less) is used, and so much later."""

    share: float
    offset: timedelta = _NOTHING
    overdue: timedelta = _NOTHING

    @classmethod
    def read(cls, text: str) -> Self:
        """What `at` means.

        Raises:
            SettingsError: It means nothing.
        """
        match = _WHEN.fullmatch(text.strip())
        if match is None:
            raise SettingsError(
                f"at = {text!r} is no time; write '50%' (of the target), '2h' (after the start), "
                "'-30m' (before it is due) or '+24h' (when it is overdue)"
            )
        if match["percent"]:
            return cls(share=float(match["percent"]) / 100)
        parts = _PART.findall(match["span"])
        span = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), _NOTHING)
        if span > _LONGEST:
            raise SettingsError(f"at = {text!r} is more than ten years")
        if match["sign"] == "+":
            return cls(share=1, overdue=span)
        return cls(share=1, offset=-span) if match["sign"] else cls(share=0, offset=span)
