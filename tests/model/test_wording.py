"""Times and clocks in the words of people."""

from datetime import UTC, datetime, timedelta

import pytest

from soc_core.model.sla import Clock, Move, Target, Tick
from soc_core.model.wording import ago, count, due, span, who

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11520, "3 h 12 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
        (-120, "2 min"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds, words):
    assert span(timedelta(seconds=seconds)) == words


def test_the_past_is_told_from_now():
    assert ago(NOON, NOON) == "just now"
    assert ago(NOON - timedelta(hours=3), NOON) == "3 h ago"


def test_numbers_agree_with_their_nouns():
    assert [count(1, "ticket"), count(1204, "event"), count(2, "delivery", "deliveries")] == [
        "1 ticket",
        "1,204 events",
        "2 deliveries",
    ]


@pytest.mark.parametrize(
    ("user", "ip", "words"),
    [
        ("mia", "203.0.113.9", "mia from 203.0.113.9"),
        ("mia", None, "mia"),
        (None, "203.0.113.9", "203.0.113.9"),
        (None, "", ""),
    ],
)
def test_whom_it_is_about_is_told_as_far_as_it_is_known(user, ip, words):
    assert who(user, ip) == words


def clock(*moves: tuple[Move, int]) -> Clock:
    history = [Tick(move=move, at=NOON + timedelta(minutes=minutes)) for move, minutes in moves]
    return Clock(name="resolution", target=Target(duration=timedelta(hours=1)), history=history)


@pytest.mark.parametrize(
    ("moves", "minutes", "words"),
    [
        ([(Move.START, 0)], 0, "in 1 h"),
        ([(Move.START, 0)], 48, "in 12 min"),
        ([(Move.START, 0)], 80, "20 min overdue"),
        ([(Move.START, 0), (Move.STOP, 30)], 90, "met"),
        ([(Move.START, 0), (Move.STOP, 70)], 90, "missed"),
        ([(Move.START, 0), (Move.PAUSE, 30)], 90, "paused"),
        ([(Move.START, 0), (Move.CANCEL, 30)], 90, "cancelled"),
    ],
)
def test_a_clock_is_told_as_it_stands(moves, minutes, words):
    assert due(clock(*moves), NOON + timedelta(minutes=minutes)) == words


def test_no_clock_is_told_as_well():
    assert due(None, NOON) == "no clock"
