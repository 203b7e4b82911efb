"""The rule speaks of two sources; the built-in one decides about the rest."""

import payments_first
import pytest

from soc_core.testing.asserts import assert_no_ticket, assert_ticket


@pytest.fixture
def soc_plugins():
    return {"payments-first": payments_first}


def test_payments_make_tickets_early(soc, events):
    soc.submit([events(source="payments", label="Error", severity=5)])
    soc.work()
    assert_ticket(soc, source="payments", why="payments may not", decided_by="payments-first")


def test_the_lab_never_does(soc, events):
    soc.submit([events(source="lab", label="Security Alert", severity=10)])
    assert_no_ticket(soc)


def test_the_rest_is_left_to_the_built_in_rule(soc, events):
    soc.submit([events(source="sshd", label="Security Alert", severity=9)])
    soc.work()
    assert_ticket(soc, decided_by="triggers")
