"""What a severity means that an event states about itself: every vendor's scale on our one of 0 to 10.

The numbers are data in one place (product page, section 5). Each scale is monotone: what its authors call worse is
never less here. A stated severity is evidence, not the verdict; rules may raise or lower it.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

import attrs

PRI_CAP = 7.0  # a syslog PRI is the programmer's word: sudo logs a typing error as *alert*

_LEVELS = (  # names of log levels, mildest first, with every spelling in use
    (0.0, ("debug", "trace", "verbose", "fine", "finer", "finest", "default")),
    (2.0, ("info", "information", "ok")),
    (3.0, ("notice",)),
    (4.0, ("warn", "warning")),
    (5.0, ("error", "err", "severe")),
    (7.0, ("critical", "crit", "fatal", "alert", "emergency", "emerg", "panic", "dpanic")),
)
_WORDS = (  # how bad a product says an alert is
    (0.0, ("none", "undefined")),
    (1.0, ("informational", "information", "info", "informative")),
    (3.0, ("low", "minor")),
    (5.0, ("medium", "moderate", "med")),
    (7.0, ("high", "important", "major")),
    (9.0, ("critical", "crit", "very-high", "very high", "veryhigh", "severe", "fatal", "alert", "emergency", "panic")),
)


def _spelled(rows: tuple[tuple[float, tuple[str, ...]], ...]) -> Mapping[str, float]:
    return MappingProxyType({word: severity for severity, words in rows for word in words})


def _monotone(instance: "Severities", attribute: "attrs.Attribute[Scale]", value: "Scale") -> None:
    ours = [severity for _, severity in value]
    if list(value) != sorted(value) or ours != sorted(ours) or any(not 0 <= severity <= 10 for severity in ours):
        raise ValueError(f"the severity scale {attribute.name!r} must rise from line to line and stay within 0..10")


Scale = tuple[tuple[float, float], ...]


@attrs.frozen(kw_only=True)
class Severities:
    """The table: for each scale, from which value on it means which severity of ours.

    Args:
        syslog: By *harmlessness*, 7 minus the syslog number, so that it rises like the others.
        level: What log levels mean (`error`, `WARN`); the programmer's word, so no more than a PRI may say.
        word: What alert severities mean (`critical`, `Low`).
    """

    syslog: Scale = attrs.field(
        default=((0, 0.0), (1, 2.0), (2, 3.0), (3, 5.0), (4, 8.0), (5, 9.0), (6, 9.0), (7, 10.0)), validator=_monotone
    )
    ocsf: Scale = attrs.field(
        default=((1, 1.0), (2, 3.0), (3, 5.0), (4, 7.0), (5, 9.0), (6, 10.0)), validator=_monotone
    )
    wazuh: Scale = attrs.field(
        default=(
            (0, 0.0),
            (2, 1.0),
            (3, 2.0),
            (4, 3.0),
            (5, 4.0),
            (6, 5.0),
            (8, 6.0),
            (10, 7.0),
            (12, 8.0),
            (13, 9.0),
            (15, 10.0),
        ),
        validator=_monotone,
    )
    cvss: Scale = attrs.field(
        default=((0, 0.0), (0.1, 3.0), (4, 5.0), (7, 7.0), (8, 8.0), (9, 9.0), (10, 10.0)), validator=_monotone
    )
    cef: Scale = attrs.field(
        default=((0, 0.0), (1, 3.0), (4, 5.0), (7, 7.0), (8, 8.0), (9, 9.0), (10, 10.0)), validator=_monotone
    )
    level: Mapping[str, float] = _spelled(_LEVELS)
    word: Mapping[str, float] = _spelled(_WORDS)

    def of_pri(self, pri: int) -> float:
        """The severity of a syslog PRI that nothing else supports."""
        return min(PRI_CAP, _step(self.syslog, 7 - (pri & 7)) or 0.0)

    def of_level(self, value: object) -> float | None:
        """The severity of a log level, by name or by the numbers 10 to 60 of bunyan, pino and Python."""
        number = _number(value)
        if number is None:
            return self.level.get(str(value).strip().lower()[:40])
        return _step(_LEVEL_NUMBERS, number) if 10 <= number <= 60 else None

    def of_word(self, value: object) -> float | None:
        """The severity an alert states by a word, a number of 0..10 or a score of up to 100."""
        number = _number(value)
        if number is not None:
            return None if not 0 <= number <= 100 else number if number <= 10 else number / 10
        word = str(value).strip().lower()[:40]
        return self.word.get(word, self.level.get(word))

    def of_cef(self, value: object) -> float | None:
        """The severity of a CEF or LEEF header: 0..10 or Low, Medium, High, Very-High."""
        number = _number(value)
        if number is None:
            return self.of_word(value)
        return _step(self.cef, number) if 0 <= number <= 10 else None

    def of_number(self, scale: Scale, value: object) -> float | None:
        """The severity of a number on a vendor's scale."""
        number = _number(value)
        return None if number is None or number > scale[-1][0] else _step(scale, number)


SEVERITIES = Severities()

_LEVEL_NUMBERS: Scale = ((10, 0.0), (30, 2.0), (40, 4.0), (50, 5.0), (60, 7.0))


def _step(scale: Scale, value: float) -> float | None:
    severity = None
    for floor, ours in scale:
        if value < floor:
            break
        severity = ours
    return severity


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 32:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
