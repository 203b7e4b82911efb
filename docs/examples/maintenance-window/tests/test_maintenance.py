"""In its window a source makes no tickets; before, after and elsewhere it does."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from soc_maintenance import Maintenance, Window

from soc_core import SettingsError
from soc_core.testing import strategies
from soc_core.testing.asserts import assert_no_ticket, assert_ticket
from soc_core.testing.contract import plugin_contract


@pytest.fixture
def soc_plugins():
    return {"maintenance": Maintenance}


@pytest.fixture
def soc_settings():
    # The tests' clock begins on a Monday at noon.
    return {"plugins.maintenance.windows": [{"sources": ["db*"], "hours": ["Mon 11:00-13:00"], "zone": "UTC"}]}


def test_what_is_worked_on_makes_no_ticket(soc, events):
    soc.submit([events(source="db1", label="Security Alert", severity=9)])
    assert_no_ticket(soc)


def test_the_same_event_makes_one_after_the_window(soc, events, clock):
    clock.advance(timedelta(hours=2))
    soc.submit([events(source="db1", label="Security Alert", severity=9)])
    soc.work()
    assert_ticket(soc, source="db1")


def test_other_sources_are_not_silenced(soc, events):
    soc.submit([events(source="web1", label="Security Alert", severity=9)])
    soc.work()
    assert_ticket(soc, source="web1")


def test_the_worst_is_never_silenced(soc, events):
    soc.submit([events(source="db1", label="Security Alert", severity=10)])
    soc.work()
    assert_ticket(soc, severity=10)


def test_hours_that_are_none_are_refused_at_start():
    with pytest.raises(SettingsError, match="Moonday"):
        Maintenance(Maintenance.Settings(windows=(Window(hours=("Moonday 11:00-13:00",)),)))


@settings(max_examples=50, deadline=None)
@given(strategies.findings())
def test_no_finding_is_too_odd(finding):
    always = Maintenance(Maintenance.Settings(windows=(Window(hours=("Mon-Sun",)),)))
    assert (always.should_create_ticket(finding) is None) == (finding.severity >= 9.5)


def test_it_keeps_the_contract():
    plugin_contract(Maintenance)
