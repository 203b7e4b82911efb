"""Whatever happens to jobs, they leave in order: in a lane as they were made, otherwise Highest first, then oldest."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from soc_core.model.job import Job, JobState
from soc_core.store import outbox
from soc_core.store.database import Database
from tests.conftest import NOON

LEASE = timedelta(seconds=60)


class Outbox(RuleBasedStateMachine):
    """Plays workers against a plain list of what must hold."""

    @initialize()
    def open(self):
        self.database = Database("sqlite://")
        self.database.open()
        self.now = NOON
        self.made = []
        self.held = []
        self.settled = []

    def teardown(self):
        if hasattr(self, "database"):
            self.database.close()

    @rule(lane=st.sampled_from("abc"), rank=st.integers(0, 4), later=st.integers(0, 90))
    def make(self, lane, rank, later):
        name = f"{len(self.made)}"
        due = self.now + timedelta(seconds=later)
        job = Job(dedupe=name, dest="d", kind="k", lane=lane, rank=rank, not_before=due)
        with self.database.write() as tx:
            assert outbox.add(tx, [job, job], self.now) == 1
        self.made.append(job)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit):
        with self.database.write() as tx:
            jobs = outbox.claim(tx, self.now, dest="d", limit=limit, lease=LEASE, worker="w")
        assert [(job.rank, int(job.dedupe)) for job in jobs] == sorted((job.rank, int(job.dedupe)) for job in jobs)
        assert all(job.not_before <= self.now for job in jobs)
        for job in jobs:
            earlier = [m for m in self.made if m.lane == job.lane and int(m.dedupe) < int(job.dedupe)]
            assert {m.dedupe for m in earlier} <= set(self.settled)
            assert job.dedupe not in self.settled
        self.held += jobs

    @rule(seconds=st.integers(1, 70))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(data=st.data(), how=st.sampled_from(["settle", "bury", "postpone"]))
    def end(self, data, how):
        if not self.held:
            return
        job = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        ours = not any(other.dedupe == job.dedupe for other in self.held)
        with self.database.write() as tx:
            if how == "settle":
                done = outbox.settle(tx, job, self.now)
            elif how == "bury":
                done = outbox.bury(tx, job, self.now, error="no")
            else:
                until = self.now + timedelta(seconds=5)
                outbox.postpone(tx, job, self.now, until=until, error="busy", sent=None)
                done = False
        if done:
            assert job.dedupe not in self.settled
            self.settled.append(job.dedupe)
        elif how != "postpone" and ours:
            assert job.dedupe in self.settled or self._token(job) != job.lease_token

    def _token(self, job):
        with self.database.read() as tx:
            return next(found for found in outbox.find(tx) if found.dedupe == job.dedupe).lease_token

    @invariant()
    def nothing_is_lost(self):
        if hasattr(self, "database"):
            with self.database.read() as tx:
                found = outbox.find(tx)
            assert [job.dedupe for job in found] == [job.dedupe for job in self.made]
            ended = {job.dedupe for job in found if job.state in (JobState.DONE, JobState.DEAD)}
            assert ended == set(self.settled)


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
