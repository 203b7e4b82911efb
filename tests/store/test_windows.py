"""Counts within a while: exact, bounded, and the same after a restart."""

from datetime import timedelta

from soc_core.model.event import Threshold
from soc_core.store import windows
from tests.conftest import NOON

TEN = Threshold(
    rule="burst", count=3, within=timedelta(minutes=2), key="203.0.113.9", label="Security Alert", severity=9
)


def feed(database, *seconds):
    reached = []
    for second in seconds:
        at = NOON + timedelta(seconds=second)
        with database.write() as tx:
            ((key, window),) = windows.read(tx, [TEN]).items()
            newer, hit = window.with_event(at, TEN)
            assert key == windows.key_of(TEN)
            windows.write(tx, [newer], at)
        reached.append(hit)
    return reached


def test_the_count_is_reached_within_the_span_and_starts_anew(database):
    assert feed(database, 0, 1, 2, 3, 4, 5) == [False, False, True, False, False, True]


def test_events_too_far_apart_never_add_up(database):
    assert feed(database, *range(0, 700, 61)) == [False] * 12


def test_the_order_of_arrival_does_not_matter(database):
    assert feed(database, 100, 50, 10) == [False, False, True]


def test_an_event_older_than_the_span_does_not_count(database):
    assert feed(database, 500, 0, 501) == [False, False, False]


def test_the_shelf_forgets_the_least_recent_counts(database, monkeypatch):
    monkeypatch.setattr(windows, "MOST", 10)
    with database.write() as tx:
        for number in range(30):
            window = windows.Window(f"{number:032}", "burst", (1.0,))
            windows.write(tx, [window], NOON + timedelta(seconds=number))
        kept = tx.execute(windows.select(windows.table.c.key)).scalars().all()
    assert sorted(kept) == [f"{number:032}" for number in range(20, 30)]
