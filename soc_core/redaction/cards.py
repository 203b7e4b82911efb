"""Finds card numbers: the right length and first digits for a network of cards, and a check digit that fits."""

import functools
import re
from collections.abc import Iterator

_NAME = "card"
_GROUPS = ((4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3))


@functools.cache
def _digits() -> "re.Pattern[str]":
    return re.compile(r"[0-9](?:[ -]?[0-9]){12,}", re.ASCII)


@functools.cache
def _networks() -> "re.Pattern[str]":
    """Visa; Mastercard; American Express; Diners; Discover and UnionPay; JCB; Maestro."""
    return re.compile(
        r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[1-5]|2[2-7])[0-9]{14}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
        r"|6(?:011|5[0-9]{2}|4[4-9][0-9]|2[0-9]{2})[0-9]{12,15}|35[0-9]{14}|(?:50[0-9]{2}|6[37][0-9]{2})[0-9]{12}"
    )


def card_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Where card numbers are; numbers that are part of a word, a decimal or a longer number are none."""
    for run in _digits().finditer(text):
        groups = [(m.start(), m.end()) for m in re.finditer("[0-9]+", text[run.start() : run.end()])]
        groups = [(start + run.start(), end + run.start()) for start, end in groups]
        for at, (start, _) in enumerate(groups):
            for length in (1, *map(len, _GROUPS)):
                taken = groups[at : at + length]
                end = taken[-1][1]
                # Most numbers are ruled out by their length alone.
                if not (13 <= end - start <= 23) or (length > 1 and tuple(b - a for a, b in taken) not in _GROUPS):
                    continue
                if _stands_alone(text, start, end) and _is_card("".join(text[a:b] for a, b in taken)):
                    yield start, end, _NAME


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    decimal = after == "." and text[end + 1 : end + 2].isdigit()
    return not (before.isalnum() or before in ("_", ".", "-") or after.isalnum() or after in ("_", "-") or decimal)


def _is_card(digits: str) -> bool:
    return _networks().fullmatch(digits) is not None and _checks(digits)


def _checks(digits: str) -> bool:
    """The check of Luhn."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(n - 9 if n > 9 else n for n in doubled)) % 10 == 0
