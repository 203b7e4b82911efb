"""Each customer gets what was agreed; everybody else what is usual."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from soc_customer_sla import Customer, CustomerSla, promise

from soc_core.testing import strategies
from soc_core.testing.asserts import assert_ticket
from soc_core.testing.contract import plugin_contract


@pytest.fixture
def soc_plugins():
    return {"customer-sla": CustomerSla}


@pytest.fixture
def soc_settings():
    return {
        "plugins.customer-sla.customers.acme": {"hosts": ["*.acme.example"], "response": "15m", "urgent": "1h30m"},
    }


@pytest.mark.parametrize(
    ("host", "hours"), [("web1.acme.example", 1.5), ("WEB2.ACME.example", 1.5), ("web1.other.example", 1), (None, 1)]
)
def test_the_deadline_is_the_one_that_was_agreed(soc, events, clock, host, hours):
    soc.submit([events(host=host, label="Security Alert", severity=9)])
    soc.work()
    incident = assert_ticket(soc)
    assert incident.clocks["resolution"].due_at() == clock.now() + timedelta(hours=hours)


@settings(max_examples=50, deadline=None)
@given(strategies.incidents())
def test_a_response_is_never_promised_later_than_the_resolution(incident):
    sla = promise(incident, Customer(response=timedelta(hours=5)))
    assert sla.response.duration <= sla.resolution.duration


def test_it_keeps_the_contract():
    plugin_contract(CustomerSla)
