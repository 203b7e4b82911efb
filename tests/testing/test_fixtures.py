"""The fixtures that soc-core brings to the tests of plugin authors, used as an author uses them."""

import subprocess
import sys
from datetime import timedelta

import attrs
import pytest
from hypothesis import given, settings

from soc_core import Decision, EscalationStep, Finding, Secret, hookimpl, setting
from soc_core.builtin.triggers import Triggers
from soc_core.testing import strategies
from soc_core.testing.asserts import assert_escalated, assert_no_secret_in, assert_no_ticket, assert_ticket


class Quiet:
    """Keeps the sources of its settings from making tickets, and climbs one rung."""

    @attrs.frozen(kw_only=True)
    class Settings:
        sources: tuple[str, ...] = attrs.field(default=(), converter=tuple, metadata=setting("Which"))

    def __init__(self, settings):
        self.sources = settings.sources

    @hookimpl
    def should_create_ticket(self, finding: Finding) -> Decision | None:
        return Decision.ignore("quiet") if finding.event.source in self.sources else None

    @hookimpl
    def plan_escalation(self, incident, sla):
        return (EscalationStep(rung="half", share=0.5, notify=("manager",)),)


@pytest.fixture
def soc_plugins():
    return {"quiet": Quiet}


@pytest.fixture
def soc_settings():
    return {"plugins.quiet.sources": ["lab"]}


def test_the_engine_runs_the_plugin_under_test_with_its_settings(soc, events):
    soc.submit([events("door open", source=source, label="Error", severity=9) for source in ("lab", "hall")])
    soc.work()
    incident = assert_ticket(soc, source="hall", tracker="local")
    assert incident.label == "Error"
    assert_no_ticket(soc, source="lab")


def test_no_other_installed_plugin_takes_part(soc):
    assert {plugin.name for plugin in soc.plugins.plugins} == {"quiet", "stated", "triggers", "local"}


def test_time_is_moved_by_hand_and_the_ladder_is_climbed(soc, events, clock):
    soc.submit([events(label="Security Alert", severity=9)])
    soc.work()
    incident = assert_ticket(soc)
    with pytest.raises(AssertionError, match="rung 'half' of INC-1 has not fired"):
        assert_escalated(soc, incident, "half")
    clock.advance(timedelta(minutes=31))
    soc.work()
    assert_escalated(soc, incident, "half", told=["manager"])
    with pytest.raises(AssertionError, match="not \\['executive'\\]"):
        assert_escalated(soc, incident, "half", told=["executive"])


def test_a_second_engine_on_the_same_store_is_the_first_one_after_a_restart(soc, open_soc, events):
    soc.submit([events(label="Error", severity=9)])
    later = open_soc({})
    later.work()
    assert_ticket(later, label="Error")


def test_a_missing_ticket_is_explained(soc, events):
    with pytest.raises(AssertionError, match="no ticket with anything; there is no incident at all"):
        assert_ticket(soc)
    soc.submit([events(label="Error", severity=9)])
    with pytest.raises(AssertionError, match="create_ticket for local is ready"):
        assert_ticket(soc)
    with pytest.raises(AssertionError, match="INC-1 has a ticket or gets one"):
        assert_no_ticket(soc, label="Error")


def test_a_plugin_with_the_name_of_a_built_in_takes_its_place(open_soc, events):
    soc = open_soc({"triggers": Triggers(Triggers.Settings(ticket_from=2))})
    soc.submit([events(label="Error", severity=3)])
    soc.work()
    assert_ticket(soc, severity=3)


def test_the_pretended_systems_go_by_the_same_clock(fake_jira, fake_slack, clock):
    assert fake_jira.url.startswith("http://127.0.0.1:")
    assert fake_slack.now() == fake_jira.tracker.now() == clock.now()


def test_incidents_are_complete_and_each_its_own(incidents):
    one, other = incidents(severity=7), incidents()
    assert (one.priority, other.priority) == ("High", "Highest")
    assert one.marker != other.marker


@pytest.mark.parametrize(
    "output",
    [
        "token=s3cret/value!",
        b"token=s3cret/value!",
        {"token": "s3cret/value!"},
        "https://x.example/?t=s3cret%2Fvalue%21",
        "Basic YTpzM2NyZXQvdmFsdWUh",
        "Basic YWI6czNjcmV0L3ZhbHVlIQ==",
        "Basic czNjcmV0L3ZhbHVlIQ==",
        "7333637265742f76616c756521",
    ],
)
def test_a_secret_is_seen_in_whatever_writing_and_not_shown_again(output):
    with pytest.raises(AssertionError, match="secret number 2") as caught:
        assert_no_secret_in(output, "another-one", Secret("s3cret/value!"))
    assert "s3cret" not in str(caught.value)


def test_what_holds_no_secret_passes():
    assert_no_secret_in(["Basic Zm9vOmJhcg==", Secret("s3cret/value!")], "s3cret/value!")


@settings(max_examples=25, deadline=None)
@given(strategies.findings())
def test_the_trigger_rule_decides_about_every_finding_that_can_be_drawn(finding):
    assert Triggers().should_create_ticket(finding).reason


@settings(max_examples=25, deadline=None)
@given(strategies.incidents())
def test_the_summary_of_every_incident_that_can_be_drawn_is_one_line(incident):
    assert len(incident.summary.splitlines()) == 1
    assert len(incident.summary) <= 255


def test_nothing_heavy_is_loaded_before_a_fixture_is_asked_for():
    code = "import sys, soc_core.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "structlog", "hypothesis", "soc_core.app", "soc_core.testing.jira", "http.server"}
    assert heavy & set(done.stdout.split()) == set()
