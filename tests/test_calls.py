"""Plugins that answer, and plugins that raise, hang, talk rubbish or try to end the process."""

import gc
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import attrs
import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core import (
    BatchSummary,
    Candidate,
    Change,
    Check,
    CheckResult,
    Course,
    Decision,
    Delivery,
    Endpoint,
    EscalationStep,
    Event,
    Finding,
    Grade,
    HttpResponse,
    Incident,
    Pattern,
    PermanentError,
    Person,
    PluginError,
    Priority,
    Service,
    Sla,
    Target,
    TemporaryError,
    Threshold,
    Ticket,
    UncertainError,
    Update,
    hookimpl,
)
from soc_core.calls import Calls, Failure
from soc_core.registry import build

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HANG_AFTER = timedelta(milliseconds=300)
DELIVERY = Delivery(key="INC-1:ticket:acme")
TICKET = Ticket(tracker="acme", key="ACME-1", url="https://acme.example/1")
SLA = Sla(response=Target(duration=timedelta(hours=1)), resolution=Target(duration=timedelta(hours=4)))


@attrs.frozen
class Choice:
    order: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    only: None = None
    dir: None = None
    on_broken: str = "refuse"


class HandClock:
    """Seconds that grow only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def event(message: str = "vault sealed") -> Event:
    return Event(source="vault", message=message, received=NOON)


def incident() -> Incident:
    return Incident(
        id="INC-1",
        marker="soc-0123456789abcdef0123",
        fingerprint="f",
        kind=Course.TICKET,
        label="Security Alert",
        severity=9,
        priority=Priority.HIGHEST,
        confidence=0.9,
        source="vault",
        message="vault sealed",
        first_seen=NOON,
        last_seen=NOON,
        detected_at=NOON,
        opened_at=NOON,
    )


def plugin(hook: str, answer: Callable[..., object]) -> object:
    """A plugin with one hook."""
    return type("Plugin", (), {hook: hookimpl(staticmethod(answer))})()


def classifier(answer: Callable[[Event], object]) -> object:
    def classify_event(event: Event) -> object:
        return answer(event)

    return plugin("classify_event", classify_event)


def finds(label: str = "Error", **values: object) -> object:
    return classifier(lambda event: Finding(event=event, label=label, **values))


def boom() -> object:
    raise ValueError("boom")


def exits() -> object:
    raise SystemExit(3)


class House:
    """Calls to some plugins, with everything they were told about failures."""

    def __init__(self, plugins: Mapping[str, object], *, clock: HandClock | None = None, **settings: object) -> None:
        self.clock = clock or HandClock()
        self.failures: list[Failure] = []
        registry = build(Choice(), lambda name, kind: kind(), extra=list(plugins.items()), entry_points=[])
        self.calls = Calls(
            registry,
            monotonic=self.clock.monotonic,
            on_failure=self.failures.append,
            **{"hang_after": timedelta(minutes=1), **settings},
        )

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(failure.plugin, failure.kind) for failure in self.failures]


@pytest.fixture
def door() -> Iterator[threading.Event]:
    """Plugins that hang wait at this door, which opens at the end of the test; nobody stays behind it."""
    opened = threading.Event()
    yield opened
    opened.set()
    for thread in threading.enumerate():
        if thread.name == "soc-questions":
            thread.join(60)
            assert not thread.is_alive()


# -- one test for each hook --------------------------------------------------------------------------------------------


def test_hook_classify_event() -> None:
    house = House({"weak": finds(severity=3), "strong": finds(severity=7), "none": classifier(lambda event: None)})
    sample = event()
    [answer] = house.calls.classify([sample])
    assert answer.event is sample
    assert [(found.classifier, found.severity) for found in answer.findings] == [("strong", 7), ("weak", 3)]
    assert answer.finding is answer.findings[0]
    assert (answer.asked, answer.failures, answer.held) == (3, (), False)


def test_hook_should_create_ticket() -> None:
    asked = []

    def answering(name: str, answer: object) -> object:
        def should_create_ticket(finding: Finding) -> object:
            asked.append(name)
            return answer

        return plugin("should_create_ticket", should_create_ticket)

    house = House(
        {
            "a": answering("a", None),
            "b": answering("b", Decision.alert("worth a look")),
            "c": answering("c", Decision.ignore("never asked")),
        }
    )
    [answer] = house.calls.decide([Finding(event=event(), label="Error")])
    assert answer.decision == Decision(Course.ALERT, reason="worth a look", by="b")
    assert answer.answers == (("b", answer.decision),)
    assert asked == ["a", "b"]


@pytest.mark.parametrize(("bare", "course", "word"), [(True, Course.TICKET, "yes"), (False, Course.IGNORE, "no")])
def test_a_bare_yes_or_no_is_given_a_reason_that_names_the_plugin(bare: bool, course: Course, word: str) -> None:
    def should_create_ticket() -> bool:
        return bare

    house = House({"curt": plugin("should_create_ticket", should_create_ticket)})
    [answer] = house.calls.decide([Finding(event=event(), label="Error")])
    assert answer.decision is not None
    assert (answer.decision.course, answer.decision.by) == (course, "curt")
    assert "curt" in answer.decision.reason
    assert word in answer.decision.reason


def test_hook_choose_assignee() -> None:
    def choose_assignee(candidates: Sequence[Candidate]) -> str:
        return min(candidates, key=lambda one: one.load).person.name

    def stranger() -> str:
        return "nobody"

    people = [Candidate(person=Person(name="ann"), load=3), Candidate(person=Person(name="bob"), load=1)]
    house = House({"a": plugin("choose_assignee", stranger), "b": plugin("choose_assignee", choose_assignee)})
    assert house.calls.choose_assignee(incident(), people) == ("bob", "b")
    assert house.kinds == [("a", "rubbish")]
    assert "'nobody', who is not one of the candidates" in house.failures[0].text
    assert House({}).calls.choose_assignee(incident(), people) == (None, "")


def test_hook_compute_sla() -> None:
    def compute_sla(incident: Incident) -> Sla | None:
        return SLA if incident.severity >= 9 else None

    def silent() -> None:
        return None

    house = House({"a": plugin("compute_sla", silent), "b": plugin("compute_sla", compute_sla)})
    assert house.calls.compute_sla(incident()) == SLA
    assert house.calls.compute_sla(attrs.evolve(incident(), severity=2)) is None
    assert house.failures == []


def test_hook_plan_escalation() -> None:
    half = EscalationStep(rung="half", share=0.5)
    late = EscalationStep(rung="late", overdue=timedelta(hours=24))
    other_clock = EscalationStep(rung="half", clock="response", share=0.5)

    def mine(incident: Incident, sla: Sla) -> list[EscalationStep]:
        assert sla is SLA
        return [half, late]

    def yours() -> tuple[EscalationStep, ...]:
        return EscalationStep(rung="half", share=0.9), other_clock

    house = House({"a": plugin("plan_escalation", mine), "b": plugin("plan_escalation", yours)})
    assert house.calls.plan_escalation(incident(), SLA) == (half, late, other_clock)
    assert house.kinds == [("b", "rubbish")]
    assert "'half'" in house.failures[0].text
    assert "a has already" in house.failures[0].text


def test_hook_create_ticket() -> None:
    def create_ticket(delivery: Delivery, incident: Incident) -> Ticket | None:
        return TICKET if delivery.attempt == 1 and incident.id == "INC-1" else None

    house = House({"acme": plugin("create_ticket", create_ticket), "deaf": finds()})
    assert house.calls.trackers() == ("acme",)
    assert house.calls.create_ticket("acme", incident(), DELIVERY) == TICKET
    assert house.calls.create_ticket("acme", incident(), attrs.evolve(DELIVERY, attempt=2)) is None


def test_hook_find_ticket() -> None:
    def find_ticket(incident: Incident) -> Ticket | None:
        return TICKET if incident.marker.startswith("soc-") else None

    house = House({"acme": plugin("find_ticket", find_ticket)})
    assert house.calls.find_ticket("acme", incident(), DELIVERY) == TICKET
    assert house.calls.find_ticket("acme", attrs.evolve(incident(), marker="other"), DELIVERY) is None
    with pytest.raises(PluginError, match="'gone' is not at work or has no find_ticket"):
        house.calls.find_ticket("gone", incident(), DELIVERY)


NOTICES = {
    "on_incident_opened": {},
    "on_ticket_created": {"ticket": TICKET},
    "on_incident_updated": {"update": Update(change=Change.COUNT, origin="soc", at=NOON)},
    "on_escalation": {"step": EscalationStep(rung="half", share=0.5)},
}


def _notice(hook: str) -> None:
    def told(incident: Incident, delivery: Delivery) -> Mapping[str, str]:
        return {"ts": f"{incident.id} {delivery.key}"}

    house = House({"chat": plugin(hook, told), "deaf": finds()})
    assert house.calls.listeners(hook) == ("chat",)
    arguments = {"incident": incident(), "delivery": DELIVERY, **NOTICES[hook]}
    assert house.calls.notify("chat", hook, **arguments) == {"ts": "INC-1 INC-1:ticket:acme"}
    silent = House({"chat": plugin(hook, lambda: None)})
    assert silent.calls.notify("chat", hook, **arguments) == {}


def test_hook_on_incident_opened() -> None:
    _notice("on_incident_opened")


def test_hook_on_ticket_created() -> None:
    _notice("on_ticket_created")


def test_hook_on_incident_updated() -> None:
    _notice("on_incident_updated")


def test_hook_on_escalation() -> None:
    _notice("on_escalation")


def test_hook_on_batch_processed() -> None:
    heard = []
    house = House({"chat": plugin("on_batch_processed", lambda batch: heard.append(batch.processed))})
    batch = BatchSummary(id="b1", processed=120)
    assert house.calls.notify("chat", "on_batch_processed", batch=batch, delivery=DELIVERY) == {}
    assert heard == [120]


def test_hook_register_patterns() -> None:
    wanted = Pattern(name="sealed", text="vault sealed")
    house = House(
        {
            "a": plugin("register_patterns", lambda: [wanted]),
            "bad": plugin("register_patterns", lambda: ["vault sealed"]),
            "c": plugin("register_patterns", lambda: (wanted, wanted)),
        }
    )
    assert house.calls.patterns() == (("a", wanted), ("c", wanted))
    assert house.kinds == [("bad", "rubbish"), ("c", "rubbish")]


def test_hook_register_services() -> None:
    class Poller:
        @hookimpl
        def register_services(self, inbox: object, reports: object) -> list[Service]:
            return [Service(name=f"{inbox}-{reports}", run=lambda stop: None)]

    house = House({"a": Poller(), "bad": plugin("register_services", boom_with_inbox)})
    [(name, service)] = house.calls.services(lambda plugin: f"inbox of {plugin}", "reports")
    assert (name, service.name) == ("a", "inbox of a-reports")
    assert house.kinds == [("bad", "raised")]


def boom_with_inbox(inbox: object) -> object:
    raise OSError("no inbox")


def test_hook_register_endpoints() -> None:
    def endpoints(inbox: object) -> list[Endpoint]:
        return [Endpoint(path="/hook", handler=lambda request: HttpResponse())]

    house = House({"a": plugin("register_endpoints", endpoints), "b": plugin("register_endpoints", endpoints)})
    [(name, endpoint)] = house.calls.endpoints(lambda plugin: plugin, None)
    assert (name, endpoint.path) == ("a", "/hook")
    assert house.failures[0].text == "registers /hook although a has done so already"
    assert house.kinds == [("b", "rubbish")]


def test_hook_register_checks() -> None:
    good = Check(name="login", run=lambda: CheckResult(grade=Grade.OK, text="well"))
    unable = Check(name="login", run="no function")
    house = House(
        {
            "bad": plugin("register_checks", lambda: [unable]),
            "exits": plugin("register_checks", exits),
            "good": plugin("register_checks", lambda: [good]),
        }
    )
    assert house.calls.checks(None) == (("good", good),)
    assert house.kinds == [("bad", "rubbish"), ("exits", "raised")]


def test_hook_register_commands() -> None:
    def register_commands(cli: click.Group) -> None:
        cli.add_command(click.Command("hello", callback=lambda: click.echo("hi")))

    cli = click.Group("soc")
    house = House({"a": plugin("register_commands", exits), "b": plugin("register_commands", register_commands)})
    house.calls.commands(cli)
    assert CliRunner().invoke(cli, ["hello"]).output == "hi\n"
    assert house.kinds == [("a", "raised")]


# -- who is the strongest ----------------------------------------------------------------------------------------------


def test_the_strongest_finding_goes_by_severity_then_confidence_then_order() -> None:
    house = House(
        {
            "a": finds(severity=5, confidence=0.5),
            "b": finds(severity=5, confidence=0.9),
            "c": finds(severity=5, confidence=0.9),
            "d": finds(severity=4, confidence=1.0),
        }
    )
    [answer] = house.calls.classify([event()])
    assert [found.classifier for found in answer.findings] == ["b", "c", "a", "d"]


def test_the_answers_come_in_the_order_of_the_events() -> None:
    house = House({"a": classifier(lambda e: Finding(event=e, label=e.message) if e.message != "5" else None)})
    answers = house.calls.classify([event(str(number)) for number in range(50)])
    assert [answer.finding and answer.finding.label for answer in answers] == [
        None if number == 5 else str(number) for number in range(50)
    ]
    assert house.calls.classify([]) == ()


# -- plugins that fail -------------------------------------------------------------------------------------------------


class Unfriendly(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this works")


@pytest.mark.parametrize(
    ("misdeed", "kind", "text"),
    [
        (lambda e: boom(), "raised", "ValueError: boom"),
        (lambda e: exits(), "raised", "SystemExit: 3"),
        (lambda e: (_ for _ in ()).throw(GeneratorExit()), "raised", "GeneratorExit"),
        (lambda e: (_ for _ in ()).throw(Unfriendly()), "raised", "Unfriendly: (its text cannot be read)"),
        (lambda e: "Security Alert", "rubbish", "answered a str where a Finding is due"),
        (lambda e: Finding, "rubbish", "answered the class Finding where a Finding is due"),
        (lambda e: Finding(event=event("another"), label="Error"), "rubbish", "answered a Finding about another event"),
        (lambda e: Finding(event=e, label="Error", rule=7), "rubbish", "answered a Finding with an int in the place"),
        (
            lambda e: Finding(event=e, label="Error", actions=(None,)),
            "rubbish",
            "with a NoneType in the place of a text",
        ),
        (lambda e: Finding(event=e, label="Error", severity=11), "raised", "ValueError: severity must be"),
        (lambda e: Finding(event=e, label="Error", thresholds=("ten",)), "rubbish", "a str where a Threshold is due"),
        (lambda e: _coroutine(), "rubbish", "answered a coroutine where a Finding is due"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_classifier_that_fails_is_named_and_the_others_are_heard(
    misdeed: Callable[[Event], object], kind: str, text: str
) -> None:
    house = House({"bad": classifier(misdeed), "good": finds(severity=7)})
    answers = house.calls.classify([event("one"), event("two")])
    for answer in answers:
        assert [found.classifier for found in answer.findings] == ["good"]
        [failure] = answer.failures
        assert (failure.plugin, failure.hook, failure.kind) == ("bad", "classify_event", kind)
        assert text in failure.text
        assert (answer.asked, answer.held) == (2, False)
    assert house.kinds == [("bad", kind), ("bad", kind)]
    gc.collect()


MISDEEDS: Mapping[str, Callable[[Event], object]] = {
    "finds": lambda e: Finding(event=e, label="Error", severity=4),
    "silent": lambda e: None,
    "raises": lambda e: boom(),
    "exits": lambda e: exits(),
    "rubbish": lambda e: 7,
}


@given(
    deeds=st.dictionaries(
        st.sampled_from("abcdef"), st.lists(st.sampled_from(sorted(MISDEEDS)), min_size=6, max_size=6)
    ),
    count=st.integers(0, 6),
)
@settings(max_examples=40, deadline=None)
def test_whatever_plugins_do_every_event_is_answered_and_every_finding_and_culprit_shows(
    deeds: dict[str, list[str]], count: int
) -> None:
    def does(name: str) -> object:
        return classifier(lambda e: MISDEEDS[deeds[name][int(e.message)]](e))

    house = House({name: does(name) for name in deeds})
    events = [event(str(number)) for number in range(count)]
    answers = house.calls.classify(events)
    assert [answer.event for answer in answers] == events
    for number, answer in enumerate(answers):
        # Five failures in a row suspend a plugin, so that the sixth event is not put to it.
        rests = {name for name, does in deeds.items() if number == 5 and not {"finds", "silent"} & set(does[:5])}
        asked = {name: does[number] for name, does in deeds.items() if name not in rests}
        assert [found.classifier for found in answer.findings] == sorted(
            n for n, deed in asked.items() if deed == "finds"
        )
        assert {failure.plugin for failure in answer.failures} == rests | {
            name for name, deed in asked.items() if deed in ("raises", "exits", "rubbish")
        }
        assert answer.held == (not {"finds", "silent"} & set(asked.values()))


async def _coroutine() -> None:
    pass


def test_a_threshold_of_wrong_parts_is_rubbish() -> None:
    threshold = Threshold(rule="r", count=2, within=timedelta(minutes=1), key="k", label="Error", severity=9)
    house = House({"a": finds(thresholds=(threshold, attrs.evolve(threshold, key=None)))})
    [answer] = house.calls.classify([event()])
    assert [failure.kind for failure in answer.failures] == ["rubbish"]


def test_an_event_is_held_if_nobody_could_say_anything_about_it() -> None:
    def picky(e: Event) -> object:
        return boom() if e.message == "poison" else None

    answers = House({"only": classifier(picky)}).calls.classify([event("poison"), event("fine")])
    assert [answer.held for answer in answers] == [True, False]
    [nobody] = House({}).calls.classify([event()])
    assert (nobody.held, nobody.asked, nobody.failures) == (True, 0, ())


def test_a_decider_that_fails_leaves_the_word_to_the_next_one() -> None:
    house = House(
        {
            "a": plugin("should_create_ticket", boom),
            "b": plugin("should_create_ticket", lambda: "ticket"),
            "c": plugin("should_create_ticket", lambda: Decision.ticket("at last")),
        }
    )
    [answer] = house.calls.decide([Finding(event=event(), label="Error")])
    assert answer.decision is not None
    assert answer.decision.by == "c"
    assert [(failure.plugin, failure.kind) for failure in answer.failures] == [("a", "raised"), ("b", "rubbish")]


def test_what_plugins_hand_out_stays_as_it_is_and_may_be_shared() -> None:
    sample = event()
    shared, settled = Finding(event=sample, label="Error"), Decision.ignore("as always")
    deciding = {name: plugin("should_create_ticket", lambda: settled) for name in ("c", "d")}
    house = House({"a": classifier(lambda _: shared), "b": classifier(lambda _: shared), **deciding})
    [classified] = house.calls.classify([sample])
    [decided] = house.calls.decide([shared])
    assert classified.findings == (attrs.evolve(shared, classifier="a"), attrs.evolve(shared, classifier="b"))
    assert decided.decision == attrs.evolve(settled, by="c")
    assert (shared.classifier, settled.by) == ("", "")


def test_a_policy_that_answers_rubbish_is_skipped() -> None:
    half = EscalationStep(rung="half", share=0.5)
    house = House(
        {
            "a": type(
                "Both",
                (),
                {
                    "compute_sla": hookimpl(staticmethod(lambda: Sla(response=None, resolution=None))),
                    "plan_escalation": hookimpl(staticmethod(lambda: [half, "whole"])),
                },
            )(),
            "b": plugin("plan_escalation", lambda: [half]),
            "c": plugin("plan_escalation", lambda: "half"),
        }
    )
    assert house.calls.compute_sla(incident()) is None
    assert house.calls.plan_escalation(incident(), SLA) == (half,)
    assert house.kinds == [("a", "rubbish"), ("a", "rubbish"), ("c", "rubbish")]


def test_a_failure_is_one_line_that_tells_no_secret() -> None:
    def leaky(e: Event) -> object:
        raise ValueError(f"line one\nline two \x1b[2J password={'hunter2'} " + "x" * 9000)

    house = House({"a": classifier(leaky)}, mask=lambda text: text.replace("hunter2", "***"))
    house.calls.classify([event()])
    [failure] = house.failures
    assert failure.text.startswith("ValueError: line one line two \N{REPLACEMENT CHARACTER}[2J password=*** xxx")
    assert len(failure.text) < 400


def test_ctrl_c_in_a_plugin_is_not_swallowed() -> None:
    def interrupted(e: Event) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        House({"a": classifier(interrupted)}).calls.classify([event()])


# -- budget and breaker ------------------------------------------------------------------------------------------------


def test_an_answer_that_took_too_long_stands_but_is_counted() -> None:
    clock = HandClock()

    def slow(e: Event) -> Finding:
        clock.seconds += 0.2
        return Finding(event=e, label="Error")

    house = House({"slow": classifier(slow), "quick": finds()}, clock=clock)
    [answer] = house.calls.classify([event()])
    assert len(answer.findings) == 2
    assert [(failure.plugin, failure.kind) for failure in answer.failures] == [("slow", "overran")]
    assert "took 0.200 s where 0.1 s are allowed" in answer.failures[0].text
    assert not answer.held
    assert house.calls.counters["slow"].seconds == pytest.approx(0.2)
    assert house.calls.counters["quick"].seconds == 0


def test_registrations_may_take_their_time() -> None:
    clock = HandClock()

    def slow() -> list[Pattern]:
        clock.seconds += 3
        return [Pattern(name="p", text="p+")]

    house = House({"slow": plugin("register_patterns", slow)}, clock=clock)
    assert len(house.calls.patterns()) == 1
    assert house.failures == []


def test_after_five_failures_in_a_row_a_plugin_is_suspended_and_tried_again_after_a_minute() -> None:
    asked = []

    def failing(e: Event) -> object:
        asked.append(e.message)
        return boom() if e.message == "poison" else None

    house = House({"bad": classifier(failing), "good": finds()})
    answers = house.calls.classify([event("poison")] * 8)
    assert len(asked) == 5
    assert [answer.failures[0].kind for answer in answers] == ["raised"] * 5 + ["suspended"] * 3
    assert [answer.asked for answer in answers] == [2] * 5 + [1] * 3
    assert not any(answer.held for answer in answers)
    assert house.kinds == [("bad", "raised")] * 5 + [("bad", "suspended")]
    assert house.calls.counters["bad"].suspended == ("classify_event",)

    house.clock.seconds = 59
    house.calls.classify([event("fine")])
    assert len(asked) == 5

    house.clock.seconds = 61
    house.calls.classify([event("poison")] * 3)
    assert len(asked) == 6, "one try, which failed"

    house.clock.seconds = 122
    [*_, last] = house.calls.classify([event("fine")] * 3)
    assert len(asked) == 9
    assert last.failures == ()
    assert house.calls.counters["bad"].suspended == ()


def test_a_success_in_between_forgives_earlier_failures() -> None:
    house = House({"moody": classifier(lambda e: boom() if e.message == "poison" else None)})
    block = [event("poison")] * 4 + [event("fine")]
    answers = house.calls.classify(block * 5)
    assert sum(answer.held for answer in answers) == 20
    assert ("moody", "suspended") not in house.kinds


def test_calls_that_fail_side_by_side_count_as_one_failure() -> None:
    inside, go_on = threading.Barrier(9), threading.Event()

    def slow(_: Event) -> object:
        inside.wait(60)
        go_on.wait(60)
        return boom()

    house = House({"slow": classifier(slow), "steady": finds()}, hang_after=timedelta(minutes=1))
    threads = [threading.Thread(target=house.calls.classify, args=([event()],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    inside.wait(60)
    house.clock.seconds = 1.0
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert house.kinds == [("slow", "raised")] * 8
    assert house.calls.counters["slow"].suspended == ()


def test_if_the_only_classifier_is_suspended_events_are_held() -> None:
    house = House({"only": classifier(lambda e: boom())})
    answers = house.calls.classify([event()] * 7)
    assert all(answer.held for answer in answers)
    assert [answer.asked for answer in answers] == [1] * 5 + [0] * 2


def test_the_failures_of_one_hook_do_not_silence_the_others_of_the_plugin() -> None:
    class Half:
        @hookimpl
        def classify_event(self, event: Event) -> Finding:
            return Finding(event=event, label="Error")

        @hookimpl
        def should_create_ticket(self, finding: Finding) -> bool:
            raise ValueError("boom")

    house = House({"half": Half()})
    finding = Finding(event=event(), label="Error")
    house.calls.decide([finding] * 6)
    assert house.calls.counters["half"].suspended == ("should_create_ticket",)
    [answer] = house.calls.classify([event()])
    assert len(answer.findings) == 1


# -- plugins that hang -------------------------------------------------------------------------------------------------


def test_a_plugin_that_hangs_is_named_with_its_stack_and_the_rest_of_the_block_goes_on(door: threading.Event) -> None:
    def hangs(e: Event) -> object:
        if e.message == "poison":
            door.wait()
        return Finding(event=e, label="Error", severity=2)

    house = House({"a": finds(severity=3), "bad": classifier(hangs), "z": finds(severity=4)}, hang_after=HANG_AFTER)
    events = [event("fine"), event("poison"), event("later"), event("last")]
    answers = house.calls.classify(events)
    assert [answer.event for answer in answers] == events
    assert [answer.held for answer in answers] == [False, True, False, False]
    assert [[found.classifier for found in answer.findings] for answer in answers] == [
        ["z", "a", "bad"],
        ["z", "a"],
        ["z", "a"],
        ["z", "a"],
    ]
    assert [[failure.kind for failure in answer.failures] for answer in answers] == [
        [],
        ["hung"],
        ["suspended"],
        ["suspended"],
    ]
    [failure] = answers[1].failures
    assert (failure.plugin, failure.hook) == ("bad", "classify_event")
    assert "no answer for 0.3 s" in failure.text
    assert "hangs in classify_event (test_calls.py:" in failure.text
    assert " > wait (threading.py:" in failure.text
    assert house.kinds == [("bad", "hung"), ("bad", "suspended")]
    counted = house.calls.counters
    assert (counted["a"].calls, counted["bad"].calls, counted["bad"].failures, counted["z"].calls) == (4, 2, 1, 4)


def test_a_plugin_that_still_hangs_is_not_tried_again(door: threading.Event) -> None:
    asked = []

    def hangs(e: Event) -> None:
        asked.append(e)
        door.wait()

    house = House({"bad": classifier(hangs), "good": finds()}, hang_after=HANG_AFTER)
    house.calls.classify([event()])
    [worker] = [thread for thread in threading.enumerate() if thread.name == "soc-questions"]
    house.clock.seconds = 100
    [answer] = house.calls.classify([event()])
    assert (len(asked), answer.held) == (1, False)

    door.set()
    worker.join(60)
    [answer] = house.calls.classify([event()])
    assert (len(asked), answer.failures) == (2, ())


def test_what_a_hanging_plugin_says_at_last_is_not_heard(door: threading.Event) -> None:
    def late(e: Event) -> Finding:
        door.wait()
        return Finding(event=e, label="Error", severity=10)

    house = House({"late": classifier(late), "good": finds(severity=2)}, hang_after=HANG_AFTER)
    [answer] = house.calls.classify([event()])
    [worker] = [thread for thread in threading.enumerate() if thread.name == "soc-questions"]
    counted = house.calls.counters
    door.set()
    worker.join(60)
    assert [found.classifier for found in answer.findings] == ["good"]
    assert house.calls.counters == counted


def test_an_exception_whose_text_hangs_is_seen_too(door: threading.Event) -> None:
    class Sticky(Exception):
        def __str__(self) -> str:
            door.wait()
            return "at last"

    def sticky(e: Event) -> object:
        raise Sticky

    house = House({"bad": classifier(sticky), "good": finds()}, hang_after=HANG_AFTER)
    [answer] = house.calls.classify([event()])
    assert [found.classifier for found in answer.findings] == ["good"]
    assert [failure.kind for failure in answer.failures] == ["hung"]


def test_a_decider_a_policy_and_a_registration_that_hang_leave_the_word_to_the_others(door: threading.Event) -> None:
    class Hanging:
        @hookimpl
        def should_create_ticket(self) -> None:
            door.wait()

        @hookimpl
        def compute_sla(self) -> None:
            door.wait()

        @hookimpl
        def register_checks(self) -> None:
            door.wait()

    class Working:
        @hookimpl
        def should_create_ticket(self) -> bool:
            return True

        @hookimpl
        def compute_sla(self) -> Sla:
            return SLA

        @hookimpl
        def register_checks(self) -> list[Check]:
            return []

    house = House({"bad": Hanging(), "good": Working()}, hang_after=HANG_AFTER)
    [decided] = house.calls.decide([Finding(event=event(), label="Error")])
    assert decided.decision is not None
    assert decided.decision.by == "good"
    assert house.calls.compute_sla(incident()) == SLA
    assert house.calls.checks(None) == ()
    assert [kind for kind in house.kinds if kind[1] == "hung"] == [("bad", "hung")] * 3


def test_a_plugin_that_hangs_does_not_keep_the_process_from_ending() -> None:
    code = """
import attrs, json, threading, time
from datetime import UTC, datetime, timedelta
from soc_core import Event, hookimpl
from soc_core.calls import Calls
from soc_core.registry import build

class Hangs:
    @hookimpl
    def classify_event(self, event):
        threading.Event().wait()

@attrs.frozen
class Choice:
    order = disable = ()
    only = dir = None
    on_broken = "refuse"

registry = build(Choice(), None, extra=[("bad", Hangs())], entry_points=[])
calls = Calls(registry, monotonic=time.monotonic, hang_after=timedelta(milliseconds=200))
[answer] = calls.classify([Event(source="s", message="m", received=datetime.now(UTC))])
calls.close()
print(json.dumps([answer.held, answer.failures[0].plugin]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [True, "bad"]


def test_no_thread_is_left_when_nobody_asks(door: threading.Event) -> None:
    before = set(threading.enumerate())
    house = House({"a": finds()})
    house.calls.classify([event()] * 10)
    house.calls.close()
    assert set(threading.enumerate()) <= before


def test_close_waits_for_questions_that_another_thread_asks(door: threading.Event) -> None:
    began = threading.Event()

    def slow(e: Event) -> None:
        began.set()
        door.wait()

    house = House({"slow": classifier(slow)})
    asker = threading.Thread(target=house.calls.classify, args=([event()],))
    asker.start()
    assert began.wait(60)
    closer = threading.Thread(target=house.calls.close)
    closer.start()
    assert closer.is_alive()
    door.set()
    closer.join(60)
    asker.join(60)
    assert not closer.is_alive()
    assert house.failures == []


# -- commands and notices ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("later", retry_after=timedelta(seconds=7)),
        UncertainError("perhaps"),
        PermanentError("never"),
        ConnectionError("reset"),
    ],
)
def test_what_a_command_or_notice_raises_reaches_whoever_delivers_it(error: Exception) -> None:
    def raising() -> object:
        raise error

    tracker = type("Tracker", (), {hook: hookimpl(staticmethod(raising)) for hook in ("create_ticket", "find_ticket")})
    house = House({"acme": tracker(), "chat": plugin("on_incident_opened", raising)})
    for attempt in (
        lambda: house.calls.create_ticket("acme", incident(), DELIVERY),
        lambda: house.calls.find_ticket("acme", incident(), DELIVERY),
        lambda: house.calls.notify("chat", "on_incident_opened", incident=incident(), delivery=DELIVERY),
    ):
        with pytest.raises(type(error)) as caught:
            attempt()
        assert caught.value is error
    assert house.calls.counters["acme"].failures == 2


def test_a_create_that_breaks_off_or_answers_rubbish_may_have_made_the_ticket() -> None:
    house = House({"exits": plugin("create_ticket", exits), "rubbish": plugin("create_ticket", lambda: "ACME-1")})
    with pytest.raises(UncertainError, match="'exits' broke off create_ticket: SystemExit: 3"):
        house.calls.create_ticket("exits", incident(), DELIVERY)
    with pytest.raises(UncertainError, match="'rubbish' on INC-1: answered a str where a Ticket is due"):
        house.calls.create_ticket("rubbish", incident(), DELIVERY)
    with pytest.raises(PluginError, match="'gone' is not at work"):
        house.calls.create_ticket("gone", incident(), DELIVERY)


def test_a_look_that_breaks_off_or_answers_rubbish_never_says_absent() -> None:
    house = House({"exits": plugin("find_ticket", exits), "rubbish": plugin("find_ticket", lambda: False)})
    for name in ("exits", "rubbish"):
        with pytest.raises(PluginError, match=name):
            house.calls.find_ticket(name, incident(), DELIVERY)


@pytest.mark.parametrize("answer", [{"ts": 7}, ["ts"], {1: "ts"}, "ts"])
def test_wrong_refs_of_a_notice_are_reported_and_forgotten(answer: object) -> None:
    house = House({"chat": plugin("on_incident_opened", lambda: answer)})
    assert house.calls.notify("chat", "on_incident_opened", incident=incident(), delivery=DELIVERY) == {}
    assert house.kinds == [("chat", "rubbish")]


def test_a_notice_that_tries_to_end_the_process_does_not() -> None:
    house = House({"chat": plugin("on_incident_opened", exits)})
    with pytest.raises(PluginError, match="'chat' broke off on_incident_opened: SystemExit: 3"):
        house.calls.notify("chat", "on_incident_opened", incident=incident(), delivery=DELIVERY)


# -- counting ----------------------------------------------------------------------------------------------------------


def test_calls_and_failures_are_counted_from_many_threads() -> None:
    house = House({"a": finds(), "bad": classifier(lambda e: boom() if e.message == "poison" else None)})
    block = [event("poison"), event("fine")] * 20
    threads = [threading.Thread(target=house.calls.classify, args=(block,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    counted = house.calls.counters
    assert counted["a"].calls == 8 * 40
    assert (counted["a"].failures, counted["a"].last_failure) == (0, "")
    assert counted["bad"].last_failure == "classify_event: ValueError: boom"
    assert counted["bad"].failures == sum(kind == ("bad", "raised") for kind in house.kinds)
