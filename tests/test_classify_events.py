"""Classifiers that are asked about whole batches: they count as the others do, and their failures harm nobody else."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core import Event, Finding, Pattern, hookimpl
from soc_core.app import Soc
from soc_core.processing import HighPerformanceLogProcessor
from tests.test_calls import HandClock, House, boom, classifier, door, event, exits, finds, plugin

__all__ = ["door"]
IN_MEMORY = {"store": "sqlite://", "plugins": {"disable": ["rules", "jira", "slack"]}}


def found(e: Event, label: str = "Security Alert", **values: object) -> Finding:
    return Finding(event=e, label=label, **values)


def batched(answer: Callable[[Sequence[Event]], object]) -> object:
    def classify_events(events: Sequence[Event]) -> object:
        return answer(events)

    return plugin("classify_events", classify_events)


class Both:
    """Says how it was asked."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        self.sizes.append(0)
        return found(event, severity=9)

    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding]:
        self.sizes.append(len(events))
        return [found(e, severity=9) for e in events]


class Many:
    """Has no single hook, knows bad lines, and remembers what it was asked about."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding | None]:
        self.asked.append([e.message for e in events])
        return [found(e, severity=9.5, rule="bad", confidence=0.95) if "bad" in e.message else None for e in events]


class ManyDeclared(Many):
    """The same, and says what it wants to see."""

    @hookimpl
    def register_patterns(self) -> Sequence[Pattern]:
        return [Pattern(name="bad", text="b[a]d")]


def test_hook_classify_events() -> None:
    asked = []

    def odd(events: Sequence[Event]) -> Sequence[Finding | None]:
        asked.append(len(events))
        return [found(e, severity=8) if int(e.message) % 2 else None for e in events]

    house = House({"weak": finds(severity=3), "odd": batched(odd)})
    events = [event(str(n)) for n in range(5)]
    answers = house.calls.classify(events)
    assert asked == [5]
    assert [answer.event for answer in answers] == events
    assert [[one.classifier for one in answer.findings] for answer in answers] == [
        ["odd", "weak"] if n % 2 else ["weak"] for n in range(5)
    ]
    assert [(a.asked, a.failures, a.held) for a in answers] == [(2, (), False)] * 5
    assert house.calls.counters["odd"].calls == 1
    assert house.calls.classifiers() == ("odd", "weak")


def test_a_plugin_with_both_hooks_is_asked_by_the_batch_about_batches_and_singly_about_single_events() -> None:
    both = Both()
    calls = House({"both": both}).calls
    assert [len(a.findings) for a in calls.classify([event(), event(), event()])] == [1, 1, 1]
    assert [len(a.findings) for a in calls.classify([event()])] == [1]
    assert calls.classify([]) == ()
    assert both.sizes == [3, 0]


def test_with_the_batch_hook_alone_a_single_event_is_a_batch_of_one() -> None:
    many = Many()
    [answer] = House({"many": many}).calls.classify([event("bad")])
    assert answer.finding is not None
    assert many.asked == [["bad"]]


def test_no_opinion_about_any_event_is_an_answer() -> None:
    answers = House({"silent": batched(lambda events: None)}).calls.classify([event(), event()])
    assert [(a.findings, a.failures, a.held) for a in answers] == [((), (), False)] * 2


def test_of_equal_findings_the_first_plugin_wins_whichever_hook_it_has() -> None:
    house = House({"b": finds(), "a": batched(lambda es: [found(e, "Error") for e in es]), "c": finds()})
    for answer in house.calls.classify([event(), event()]):
        assert [one.classifier for one in answer.findings] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("misdeed", "kind", "text"),
    [
        (lambda es: boom(), "raised", "ValueError: boom"),
        (lambda es: exits(), "raised", "SystemExit: 3"),
        (lambda es: [None], "rubbish", "gave 1 answers to 3 events"),
        (lambda es: [None] * 4, "rubbish", "gave more answers to 3 events"),
        (lambda es: iter(lambda: None, 1), "rubbish", "gave more answers to 3 events"),
        (lambda es: "bad", "rubbish", "answered a str where a sequence of answers is due"),
        (lambda es: found(es[0]), "rubbish", "answered a Finding where a sequence of answers is due"),
        (lambda es: [found(event()) for _ in es], "rubbish", "another event (event 1 of 3; 3 such"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_batch_that_fails_is_named_once_and_the_others_are_heard(
    misdeed: Callable[[Sequence[Event]], object], kind: str, text: str
) -> None:
    house = House({"bad": batched(misdeed), "good": finds(severity=7)})
    answers = house.calls.classify([event("one"), event("two"), event("three")])
    for answer in answers:
        assert [one.classifier for one in answer.findings] == ["good"]
        [failure] = answer.failures
        assert (failure.plugin, failure.hook, failure.kind) == ("bad", "classify_events", kind)
        assert text in failure.text
        assert (answer.asked, answer.held) == (2, False)
    assert house.kinds == [("bad", kind)]
    assert all(a.held for a in House({"bad": batched(misdeed)}).calls.classify([event() for _ in range(3)]))


def test_one_answer_that_is_rubbish_spoils_no_other_of_its_batch() -> None:
    house = House({"sloppy": batched(lambda es: [found(es[0]), 7, None])})
    first, second, third = house.calls.classify([event("one"), event("two"), event("three")])
    assert first.finding is not None
    assert (first.failures, first.held) == ((), False)
    assert [failure.kind for failure in second.failures] == ["rubbish"]
    assert "event 2 of 3" in second.failures[0].text
    assert (second.findings, second.held) == ((), True)
    assert (third.failures, third.held) == ((), False)
    for _ in range(4):
        house.calls.classify([event(), event(), event()])
    assert house.calls.counters["sloppy"].suspended == ("classify_events",)


class Poisoned:
    """Stumbles over one event, whichever way it is asked."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding | None:
        return boom() if event.message == "poison" else found(event)

    @hookimpl
    def classify_events(self, events: Sequence[Event]) -> Sequence[Finding | None]:
        return [self.classify_event(one) for one in events]


def test_a_plugin_that_fails_over_a_batch_is_asked_about_each_event_if_it_can_be() -> None:
    house = House({"bad": Poisoned()})
    first, poison, last = house.calls.classify([event("one"), event("poison"), event("two")])
    for answer in (first, last):
        assert [one.classifier for one in answer.findings] == ["bad"]
        assert (answer.asked, answer.failures, answer.held) == (1, (), False)
    assert [(failure.hook, failure.kind) for failure in poison.failures] == [("classify_event", "raised")]
    assert (poison.findings, poison.held) == ((), True)
    assert house.kinds == [("bad", "raised"), ("bad", "raised")]


def test_a_batch_has_the_time_of_all_its_events() -> None:
    clock = HandClock()

    def slow(events: Sequence[Event]) -> Sequence[Finding]:
        clock.seconds += 0.35
        return [found(e) for e in events]

    house = House({"slow": batched(slow)}, clock=clock)
    assert [a.failures for a in house.calls.classify([event()] * 4)] == [()] * 4
    late = house.calls.classify([event()] * 3)
    assert [len(a.findings) for a in late] == [1, 1, 1]
    assert [a.failures[0].text for a in late] == ["took 0.350 s where 0.3 s are allowed"] * 3
    assert house.kinds == [("slow", "overran")]


def test_a_batch_on_which_a_plugin_hangs_is_held_and_the_others_are_heard(door) -> None:
    def hangs(events: Sequence[Event]) -> None:
        door.wait(60)

    house = House(
        {"bad": batched(hangs), "good": finds()},
        hang_after=timedelta(milliseconds=200),
        budget=timedelta(milliseconds=1),
    )
    for answer in house.calls.classify([event("one"), event("two")]):
        assert answer.held
        assert [one.classifier for one in answer.findings] == ["good"]
        assert "hangs (test_classify_events.py:" in answer.failures[0].text
    assert house.kinds == [("bad", "hung"), ("bad", "suspended")]
    again = house.calls.classify([event(), event()])
    assert [a.failures[0].kind for a in again] == ["suspended"] * 2
    assert not any(a.held for a in again)


@given(bad=st.lists(st.booleans(), max_size=9), cuts=st.lists(st.integers(1, 4), min_size=9, max_size=9))
@settings(max_examples=40, deadline=None)
def test_however_events_are_batched_the_findings_are_those_of_the_single_hook(bad: list[bool], cuts: list[int]) -> None:
    single = classifier(lambda e: found(e, severity=9.5, rule="bad", confidence=0.95) if "bad" in e.message else None)
    one, many = House({"x": single}).calls, House({"x": Many()}).calls
    events = [event("bad" if b else "good") for b in bad]
    pieces = []
    while events:
        n = cuts.pop()
        batch, events = events[:n], events[n:]
        assert one.classify(batch) == many.classify(batch)
        pieces += many.classify(batch)
    assert [a.finding is not None for a in pieces] == bad


def test_blocks_are_asked_about_at_once_and_only_what_the_patterns_select() -> None:
    lines = [f"number {n} is {'bad' if n % 3 == 0 else 'good'}" for n in range(9)]
    wanted = [line for line in lines if "bad" in line]
    with Soc.open(env={}, overrides=IN_MEMORY, plugins=[("many", many := ManyDeclared())]) as soc:
        assert soc.scanner.names == ["many:bad"]
        assert not soc.scanner.sees_all
        block = soc.process_block("".join(f"{line}\n" for line in lines).encode())
        assert (block.candidates, many.asked) == (3, [wanted])
        [incident] = soc.reports.incidents()
        assert (incident.rule, incident.count) == ("bad", 3)
        assert soc.process_block(lines[0].encode()).outcome.joined == 1
    with Soc.open(env={}, overrides=IN_MEMORY, plugins=[("many", many := Many())]) as soc:
        assert soc.scanner.sees_all == {"many": "declares no patterns"}
        soc.process_block("".join(f"{line}\n" for line in lines).encode())
        assert many.asked == [lines]
        assert [one.count for one in soc.reports.incidents()] == [3]


def test_the_processor_asks_about_its_batches_at_once(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    many = Many()
    opened = Soc.open
    monkeypatch.setattr(Soc, "open", lambda **values: opened(**values, plugins=[("many", many)]))
    with HighPerformanceLogProcessor(batch_size=3, use_database=False) as processor:
        answers = processor.process_large_dataset([("app", f"number {n}") for n in range(7)])
    assert [len(batch) for batch in many.asked] == [3, 3, 1]
    assert len(answers) == 7
