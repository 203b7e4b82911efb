"""At the end of a batch everybody who listens is told once what it came to, if that is worth telling."""

from soc_core import hookimpl
from soc_core.app import Soc

CRITICAL = ("useradd", "new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash")
HARMLESS = ("app", "all is well")


class Told:
    def __init__(self):
        self.batches = []

    @hookimpl
    def on_batch_processed(self, batch, delivery):
        self.batches.append((batch, delivery.key))


def process(logs):
    told = Told()
    with Soc.open(overrides={"store": "sqlite://"}, env={}, plugins=[("told", told)]) as soc:
        outcome = soc.submit(logs)
        soc.work()
        batch = soc.batch_processed(outcome)
        soc.work()
        soc.work()
    return batch, told.batches


def test_a_critical_event_is_worth_telling_with_its_ticket():
    batch, told = process([CRITICAL, HARMLESS])
    assert [(b.id, key) for b, key in told] == [(batch.id, f"batch:{batch.id}:told")]
    assert (batch.processed, batch.by_severity, batch.alerts) == (2, {9: 1}, 0)
    assert [incident.ticket.key for incident in told[0][0].incidents] == ["LOCAL-1"]


def test_a_few_harmless_events_are_not():
    batch, told = process([HARMLESS] * 99)
    assert (batch.processed, told) == (99, [])


def test_a_hundred_events_are():
    assert len(process([HARMLESS] * 100)[1]) == 1
