"""Jobs wait, are claimed by one worker, and are settled once."""

from datetime import timedelta

from soc_core.model.job import Job, JobState
from soc_core.store import outbox
from soc_core.store.database import Database
from tests.conftest import NOON

LEASE = timedelta(seconds=60)


def job(name: str, **values) -> Job:
    return Job(
        **{"dedupe": name, "dest": "jira", "kind": "on_incident_opened", "lane": name, "not_before": NOON, **values}
    )


def claim(database: Database, now=NOON, *, limit=10, worker="w"):
    with database.write() as tx:
        return outbox.claim(tx, now, dest="jira", limit=limit, lease=LEASE, worker=worker)


def add(database: Database, *jobs: Job) -> int:
    with database.write() as tx:
        return outbox.add(tx, jobs, NOON)


def test_a_second_job_with_the_same_dedupe_text_is_never_inserted(database):
    assert add(database, job("a"), job("a"), job("b")) == 2
    assert add(database, job("a")) == 0


def test_the_highest_goes_first_and_then_the_oldest(database):
    add(database, job("low", rank=3), job("high", rank=0), job("low2", rank=3))
    assert [j.dedupe for j in claim(database)] == ["high", "low", "low2"]


def test_a_lane_goes_out_in_order_one_after_another(database):
    add(database, job("1", lane="x"), job("2", lane="x", rank=0), job("3", lane="y"))
    first = claim(database)
    assert [j.dedupe for j in first] == ["1", "3"]
    assert claim(database) == ()
    with database.write() as tx:
        assert outbox.settle(tx, first[0], NOON)
    assert [j.dedupe for j in claim(database)] == ["2"]


def test_a_postponed_job_holds_its_lane_back(database):
    add(database, job("1", lane="x"), job("2", lane="x"))
    (first,) = claim(database)
    with database.write() as tx:
        outbox.postpone(tx, first, NOON, until=NOON + timedelta(hours=1), error="busy", sent=None)
    assert claim(database) == ()
    assert [j.dedupe for j in claim(database, NOON + timedelta(hours=1))] == ["1"]


def test_a_dead_letter_lets_the_next_of_its_lane_pass_and_can_be_revived(database):
    add(database, job("1", lane="x"), job("2", lane="x"))
    (first,) = claim(database)
    with database.write() as tx:
        assert outbox.bury(tx, first, NOON, error="refused")
    assert [j.dedupe for j in claim(database)] == ["2"]
    with database.write() as tx:
        assert outbox.revive(tx, first.id, NOON)
        assert not outbox.revive(tx, first.id, NOON)
    assert [j.dedupe for j in claim(database)] == ["1"]


def test_a_lease_that_ran_out_is_taken_over_and_the_zombie_writes_nothing(database):
    add(database, job("a"))
    (mine,) = claim(database, worker="frozen")
    assert claim(database, NOON + LEASE - timedelta(seconds=1)) == ()
    (theirs,) = claim(database, NOON + LEASE, worker="next")
    assert theirs.maybe_sent_at == NOON
    with database.write() as tx:
        assert not outbox.settle(tx, mine, NOON)
        assert outbox.intend(tx, mine, NOON, LEASE) is None
        assert outbox.settle(tx, theirs, NOON)


def test_a_taken_over_create_is_only_uncertain_if_its_intent_was_written(database):
    add(database, job("quiet", kind="create_ticket"), job("sent", kind="create_ticket"))
    _, sent = claim(database)
    with database.write() as tx:
        assert outbox.intend(tx, sent, NOON, LEASE) is not None
    again = {j.dedupe: j.maybe_sent_at for j in claim(database, NOON + 2 * LEASE)}
    assert again == {"quiet": None, "sent": NOON}


def test_timers_are_moved_cancelled_and_revived_but_never_fire_twice(database):
    def timer(name: str, hours: int) -> Job:
        return job(name, dest=outbox.CORE, incident="INC-1", not_before=NOON + timedelta(hours=hours))

    with database.write() as tx:
        outbox.plan(tx, "INC-1", [timer("half", 1), timer("full", 2)], NOON)
        outbox.plan(tx, "INC-1", [timer("full", 3)], NOON)
        due = outbox.due_timers(tx, NOON + timedelta(hours=5))
        assert [(j.dedupe, j.not_before) for j in due] == [("full", NOON + timedelta(hours=3))]
        outbox.end_timer(tx, due[0], JobState.DONE, NOON)
        outbox.plan(tx, "INC-1", [timer("half", 4), timer("full", 4)], NOON)
        assert [j.dedupe for j in outbox.due_timers(tx, NOON + timedelta(hours=5))] == ["half"]


def test_next_due_looks_at_waiting_jobs_and_at_leases(database):
    with database.read() as tx:
        assert outbox.next_due(tx) is None
    add(database, job("a", not_before=NOON + timedelta(hours=1)), job("b"))
    claim(database)
    with database.read() as tx:
        assert outbox.next_due(tx) == NOON + LEASE
