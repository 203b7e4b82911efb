"""What goes on by itself: a pass is made by one thread at a time."""

import threading
from datetime import timedelta

import pytest

from soc_core import Service
from soc_core.runner import Passes
from soc_core.testing.clock import HandClock
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)


def test_a_pass_that_is_under_way_is_not_begun_by_another_thread() -> None:
    clock, never = HandClock(NOON), threading.Event()
    began, may_end = threading.Event(), threading.Event()
    made: list[str] = []

    def run(stop: object) -> None:
        made.append(threading.current_thread().name)
        began.set()
        assert len(made) > 1 or may_end.wait(60)

    passes = Passes([("desk", Service(name="poll", run=run, every=MINUTE))], clock)
    first = threading.Thread(name="first", target=passes.run_due, args=("desk.poll", never))
    first.start()
    assert began.wait(60)
    clock.advance(MINUTE)
    assert not passes.run_due("desk.poll", never)
    may_end.set()
    first.join(60)
    assert made == ["first"]
    assert passes.run_due("desk.poll", never)
    assert made == ["first", threading.current_thread().name]


def test_a_pass_that_failed_may_be_made_again() -> None:
    clock, never = HandClock(NOON), threading.Event()
    moods = iter([ValueError("no"), None])

    def run(stop: object) -> None:
        if (mood := next(moods)) is not None:
            raise mood

    passes = Passes([("desk", Service(name="poll", run=run, every=MINUTE))], clock)
    with pytest.raises(ValueError, match="no"):
        passes.run_due("desk.poll", never)
    clock.advance(MINUTE)
    assert passes.run_due("desk.poll", never)
