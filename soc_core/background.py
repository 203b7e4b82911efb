"""What goes on by itself: deliveries, clocks, rounds and the plugins' services, in threads or whenever one is asked."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

from soc_core.calls import Calls
from soc_core.casebook import Casebook
from soc_core.clock import AnchoredClock
from soc_core.model.job import JobState
from soc_core.ports import Service, TimeSource
from soc_core.registry import Registry
from soc_core.runner import Loop, Passes, Runner
from soc_core.settings import Settings
from soc_core.stages.delivery import Deliverer
from soc_core.stages.escalate import Escalator
from soc_core.stages.rounds import EVERY, Rounds, clock_astray, ping
from soc_core.store import outbox
from soc_core.store.database import Database
from soc_core.store.reports import StoreReports

NOTICES = ("on_incident_opened", "on_ticket_created", "on_incident_updated", "on_escalation", "on_batch_processed")
"""The hooks whose listeners get jobs of their own."""
_UNKNOWN_LAG = timedelta(seconds=120)


class Background:
    """Everything that is done because it is due, and not because somebody called.

    Args:
        settings, plugins, database, calls, casebook, reports, clock: The parts of the house.
        services: The plugins' services, as (plugin, service).
        failpoint: Called at each step of the create protocol.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        plugins: Registry,
        database: Database,
        calls: Calls,
        casebook: Casebook,
        reports: StoreReports,
        clock: TimeSource,
        services: tuple[tuple[str, Service], ...],
        failpoint: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._plugins = plugins
        self._database = database
        self._calls = calls
        self._casebook = casebook
        self._reports = reports
        self._clock = clock
        self._failpoint = failpoint
        self._escalator = Escalator(database=database, casebook=casebook)
        self._rounds = Rounds(database=database, casebook=casebook)
        self._services = (*services, *self._own_services())
        self._passes = Passes(self._services, clock)
        self._runner: Runner | None = None

    def wake(self) -> None:
        """Something is due now."""
        if self._runner is not None:
            self._runner.wake()

    def work(self) -> int:
        """Do everything that is due now, in this thread; answers how much was done."""
        done = self._tick()
        never = threading.Event()
        done += sum(self._passes.run_due(name, never) for name in self._passes.names)
        worker = self._deliverer("work")
        while True:
            with self._database.read() as tx:
                dests = outbox.due_dests(tx, self._clock.now())
            rounds = sum(1 for dest in dests for _ in iter(_stepper(worker, dest), False))  # noqa: FBT003 - "nothing left"
            if not rounds:
                return done
            done += rounds

    def start(self, *, services: bool) -> None:
        """Do it in threads until `stop()`; once is enough."""
        if self._runner is not None:
            return
        dests = sorted({*(d for hook in NOTICES for d in self._calls.listeners(hook)), *self._calls.trackers()})
        loops = [
            Loop(name=f"deliver:{dest}:{number}", step=_stepper(self._deliverer(f"{dest}:{number}"), dest))
            for dest in dests
            for number in range(self._settings.delivery.workers)
        ]
        loops.append(Loop(name="ticker", step=lambda: self._tick() > 0))
        self._runner = Runner(loops=loops, services=self._services if services else (), clock=self._clock)
        self._runner.start()

    def stop(self) -> tuple[str, ...]:
        """End the threads; answers the names of those that hang."""
        runner, self._runner = self._runner, None
        return () if runner is None else runner.stop()

    def settle(self, limit: timedelta, *, progress: Callable[[int], None] | None) -> int:
        """Wait until nothing is due within `limit`; answers how many jobs are left."""
        deadline = self._clock.monotonic() + limit.total_seconds()
        until = self._clock.now() + limit
        pause = threading.Event()
        while True:
            waiting = [j for j in self._reports.jobs(JobState.READY, JobState.LEASED) if j.dest != outbox.CORE]
            soon = [j for j in waiting if j.state is JobState.LEASED or j.not_before <= until]
            if progress is not None:
                progress(len(soon))
            if not soon or self._clock.monotonic() >= deadline:
                return len(waiting)
            pause.wait(0.02)

    def _own_services(self) -> Iterator[tuple[str, Service]]:
        if (url := self._settings.watch.ping) is not None:
            run = lambda stop: ping(url, self._database, self._clock.now())  # noqa: E731 - one line, said once
            yield "core", Service(name="ping", run=run, every=EVERY)

    def _tick(self) -> int:
        if isinstance(self._clock, AnchoredClock) and (off := self._clock.astray()) is not None:
            clock_astray(self._database, self._casebook, off, self._clock.now())
        done = self._escalator.tick(self._clock.now())
        self._rounds.go(self._clock.now())
        return done

    def _deliverer(self, worker: str) -> Deliverer:
        return Deliverer(
            database=self._database,
            calls=self._calls,
            casebook=self._casebook,
            clock=self._clock,
            settings=self._settings.delivery,
            worker=f"{socket.gethostname()}:{os.getpid()}:{worker}",
            search_lag=lambda dest: getattr(self._plugins.object(dest), "search_lag", _UNKNOWN_LAG),
            rate=lambda dest: getattr(self._plugins.object(dest), "rate", None),
            failpoint=self._failpoint,
        )


def _stepper(worker: Deliverer, dest: str) -> Callable[[], bool]:
    return lambda: worker.run_once(dest)
