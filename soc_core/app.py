"""The house: opens the store and the plugins, takes events in, keeps deliveries and clocks going, and closes again."""

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs
from sqlalchemy import Connection

from soc_core import judging, people, registry
from soc_core.assignment import Assignment
from soc_core.background import NOTICES, Background
from soc_core.calls import Calls, Failure
from soc_core.casebook import Casebook
from soc_core.clock import AnchoredClock
from soc_core.counters import Counters
from soc_core.fanout import Fanout
from soc_core.logs import get_logger
from soc_core.model.batch import BatchSummary
from soc_core.model.event import Course, Event
from soc_core.model.incident import Incident, Update
from soc_core.ports import Endpoint, TimeSource
from soc_core.redaction import masker
from soc_core.registry import Registry
from soc_core.scan import Candidate, Scanner
from soc_core.settings import Settings, check_tables, load, plugin_settings
from soc_core.stages.delivery import nothing
from soc_core.stages.intake.batch import Batch
from soc_core.stages.intake.blocks import Block, Cutter
from soc_core.stages.intake.formats.line import event_of
from soc_core.stages.intake.ranges import Range
from soc_core.stages.intake.reading import Reader
from soc_core.stages.sync import PluginInbox, Sync
from soc_core.stages.triage import Outcome, Triage, judgement
from soc_core.stages.triage.judgement import Judgement, Weighed
from soc_core.store import cursors, held, letters, meta
from soc_core.store.database import Database
from soc_core.store.reports import StoreReports

_READER = "intake"
_BLOCK = 1000
Item = Event | tuple[str, str] | Mapping[str, object] | str


@attrs.frozen(kw_only=True)
class BlockResult:
    """What became of a block of lines; processed and quarantined ones make up all."""

    lines: int = 0
    quarantined: int = 0
    candidates: int = 0
    outcome: Outcome = attrs.field(factory=Outcome)

    @property
    def processed(self) -> int:
        """How many lines were read."""
        return self.lines - self.quarantined

    def plus(self, batch: Batch, outcome: Outcome) -> "BlockResult":
        """With one more batch."""
        return BlockResult(
            lines=self.lines + batch.lines,
            quarantined=self.quarantined + len(batch.quarantined),
            candidates=self.candidates + len(batch.events),
            outcome=self.outcome.plus(outcome),
        )


class Soc:
    """One soc-core. Several in one process do not disturb each other; every method may be called from any thread.

    ```python
    with Soc.open() as soc:
        soc.submit([("sshd", "Accepted password for root from 203.0.113.9 port 22 ssh2")])
        soc.work()
    ```
    """

    def __init__(
        self,
        *,
        settings: Settings,
        plugins: Registry,
        database: Database,
        clock: TimeSource,
        failpoint: Callable[[str], None] = nothing,
        scan_cache: Path | None = None,
    ) -> None:
        self.settings = settings
        self._scan_cache = scan_cache
        self.plugins = plugins
        self.clock = clock
        self.database = database
        self.counters: Counters = Counters("core.reload_refused")
        mask = masker(settings.redaction)
        self.calls: Calls = Calls(plugins, monotonic=time.monotonic, mask=mask, on_failure=_log_failure)
        self.reports: StoreReports = StoreReports(
            database=database, clock=clock, people=settings.people, counters=self.counters
        )
        with database.read() as tx:
            installation = meta.installation_id(tx)
        self.casebook: Casebook = Casebook(
            calls=self.calls,
            fanout=Fanout(
                listeners={hook: self.calls.listeners(hook) for hook in NOTICES}, trackers=self.calls.trackers()
            ),
            settings=settings,
            assignment=Assignment(team=people.Team.of(settings), calls=self.calls),
            installation=installation,
        )
        self.triage: Triage = Triage(casebook=self.casebook, settings=settings, mask=mask)
        self.sync: Sync = Sync(database=database, casebook=self.casebook, clock=clock)
        self._background = Background(
            settings=settings,
            plugins=plugins,
            database=database,
            calls=self.calls,
            casebook=self.casebook,
            reports=self.reports,
            clock=clock,
            services=self.calls.services(self.inbox, self.reports),
            failpoint=failpoint,
        )

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        config: Path | None = None,
        env: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
        plugins: Sequence[tuple[str, object]] = (),
        clock: TimeSource | None = None,
        failpoint: Callable[[str], None] = nothing,
        scan_cache: Path | None = None,
    ) -> Self:
        """Open the store (making it if need be) and build the plugins.

        Args:
            settings: Ready-made settings; else they come from `config`, `env` and `overrides`.
            config: A `soc.toml`.
            env: Environment variables; None takes the process's own, `{}` none.
            overrides: What beats all other settings, by name, such as `{"store": "sqlite://"}`.
            plugins: More plugins, as (name, object), beside the installed ones.
            clock: Where time comes from; tests hand in one that they move.
            failpoint: Called at each step of the create protocol; crash tests end the process there.
            scan_cache: Folder for compiled patterns; None compiles them anew in each process.

        Raises:
            SettingsError: The configuration is wrong.
            PluginError: A plugin is broken.
            StoreError: The store cannot be used.
        """
        environment = os.environ if env is None else env
        chosen = settings or load(config=config, env=environment, overrides=overrides or {})

        def settings_for(name: str, plugin: type) -> object:
            return plugin_settings(name, plugin, chosen, environment)

        built = registry.build(chosen.plugins, settings_for, extra=plugins)
        check_tables(chosen, [plugin.name for plugin in built.plugins])
        database = Database(chosen.store)
        database.open()
        return cls(
            settings=chosen,
            plugins=built,
            database=database,
            clock=clock or AnchoredClock(),
            failpoint=failpoint,
            scan_cache=scan_cache,
        )

    def __enter__(self) -> Self:
        """Use it as a context manager to have it closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Finish what is being delivered and let go of everything; what is left stays in the store."""
        self.stop()
        self.calls.close()
        self.database.close()

    # -- events in ------------------------------------------------------------------------------------------------

    def submit(self, items: Iterable[Item]) -> Outcome:
        """Judge events and store what follows from them; when this returns, nothing of it can be lost.

        Every classifier is asked about each; nothing is scanned, so `event.hits` is empty unless it came filled.

        Args:
            items: Events, `(source, message)` pairs, dicts, or raw lines.
        """
        outcome = Outcome()
        for block in _blocks(items):
            outcome = outcome.plus(self.judge_and_store(block)[1])
        return outcome

    def judge_and_store(self, items: Sequence[Item]) -> tuple[tuple[Judgement, ...], Outcome]:
        """The same for one block, in one transaction; answers what was said about each item as well."""
        now = self.clock.now()
        events = [item if isinstance(item, Event) else event_of(item, received=now) for item in items]
        judgements = judgement.judge(self.calls, events)
        return judgements, self._store(judgement.weighed(judgements))

    def take(self, batch: Batch) -> Outcome:
        """Judge a batch that was read from an input; the place where the reader stopped is stored with it."""

        def also(tx: Connection, now: datetime) -> None:
            rows = [
                {"input": batch.input, "line": bad.line_number, "reason": bad.reason, "head": self._head(bad.data_head)}
                for bad in batch.quarantined
            ]
            held.set_aside(tx, rows, now)
            if batch.position is not None and batch.cursor is not None:
                cursors.save(tx, _READER, batch.cursor, batch.position, now=now)

        return self._store(judging.weighed(self.calls, self.scanner, batch), also)

    def read_range(self, part: Range, source: str | None) -> Iterator[tuple[Batch, int]]:
        """Read and judge a part of a log for the process that takes it, see `Workers`."""
        return judging.judged(part, calls=self.calls, scanner=self.scanner, clock=self.clock, source=source)

    def process_block(
        self,
        data: bytes,
        *,
        name: str = "block",
        source: str | None = None,
        format: str = "auto",  # noqa: A002  # the word users know from --format
        progress: Callable[[BlockResult], None] | None = None,
    ) -> BlockResult:
        """Scan whole lines, judge those that a plugin wants to see, and store what follows from them.

        The unit for embedding: a Kafka message, a partition of a file, whatever comes in bytes.

        Args:
            data: The lines.
            name: What the block is called in quarantine.
            source: The source of all events, whatever the lines say.
            format: One of the formats of the intake.
            progress: Called with what has come of it so far, after each piece of a large block.
        """
        reader = Reader((), clock=self.clock, format=format, source=source, select=self.candidates)
        cutter = Cutter(name)
        result = BlockResult()
        for piece in (*cutter.feed(data), *cutter.finish()):
            batch = reader.batch(piece)
            result = result.plus(batch, self.take(batch))
            if progress is not None:
                progress(result)
        return result

    def candidates(self, block: Block) -> Sequence[Candidate] | None:
        """The lines of a block that a plugin wants to see; None where all are wanted and there is nothing to find."""
        return judging.candidates(self.scanner, block)

    @cached_property
    def scanner(self) -> Scanner:
        """Finds the lines that plugins declared; made when the first block comes, as compiling takes time."""
        return judging.scanner_of(self.calls, cache=self._scan_cache)

    def positions(self) -> dict[str, str]:
        """Where the readers of inputs stopped, by input."""
        with self.database.read() as tx:
            return cursors.all_of(tx, _READER)

    def _store(self, weighed: Weighed, also: Callable[[Connection, datetime], None] = lambda tx, now: None) -> Outcome:
        with self.database.write() as tx:
            now = self.clock.now()
            outcome = self.triage.store(tx, weighed, now)
            also(tx, now)
        self._background.wake()
        return outcome

    # -- work out -------------------------------------------------------------------------------------------------

    def work(self) -> int:
        """Do everything that is due now, in this thread: timers, services that work in passes, deliveries.

        Answers how much was done; for loops of one's own, such as a web worker's or a test's.
        """
        return self._background.work()

    def start(self, *, services: bool = True) -> None:
        """Keep deliveries, timers and services going in threads of their own until `stop()`; once is enough."""
        self._background.start(services=services)

    def stop(self) -> tuple[str, ...]:
        """End the threads of `start()`; answers the names of those that hang."""
        return self._background.stop()

    def settle(self, limit: timedelta, *, progress: Callable[[int], None] | None = None) -> int:
        """Deliver until nothing is due within `limit`; answers how many jobs are left. Needs `start()`."""
        return self._background.settle(limit, progress=progress)

    def batch_processed(self, outcome: Outcome) -> BatchSummary:
        """Tell the listeners what a batch came to, if that is worth telling; call it when its tickets were tried."""
        found = [found for one in outcome.opened if (found := self.reports.incident(one.id)) is not None]
        batch = BatchSummary(
            id=uuid.uuid4().hex,
            processed=outcome.processed,
            by_severity=outcome.by_severity,
            alerts=sum(incident.kind is Course.ALERT for incident in found),
            incidents=tuple(sorted((i for i in found if i.kind is Course.TICKET), key=lambda i: i.priority.rank)),
        )
        if batch.worth_telling:
            with self.database.write() as tx:
                self.casebook.fanout.batch_processed(tx, batch, self.clock.now())
            self._background.wake()
        return batch

    # -- changes --------------------------------------------------------------------------------------------------

    def change(self, incident: str, update: Update) -> Incident:
        """Change an incident by its id or its ticket's key; answers its new state.

        Raises:
            ChangeRefused: The change may not be made, or there is no such incident.
        """
        self.sync.change(incident, update)
        self._background.wake()
        found = self.reports.incident(incident)
        assert found is not None  # noqa: S101 - it was changed a moment ago
        return found

    def request_ticket(self, incident: str, *, actor: str) -> bool:
        """Give an alert a ticket; False where one exists or is on its way."""
        made = self.sync.request_ticket(incident, actor=actor, origin="soc")
        self._background.wake()
        return made

    def retry(self, jobs: Iterable[int], *, actor: str) -> tuple[int, ...]:
        """Give deliveries that were given up another chance; answers those that had been."""
        with self.database.write() as tx:
            retried = letters.retry(tx, jobs, self.clock.now(), actor=actor)
        self._background.wake()
        return retried

    def inbox(self, plugin: str) -> PluginInbox:
        """The way in for a plugin."""
        return PluginInbox(
            plugin=plugin,
            sync=self.sync,
            submit_events=lambda events: self.submit(events).new,
            take_lines=lambda lines, name, kind: self.process_block(lines, name=name, format=kind).quarantined,
            counters=self.counters,
        )

    def endpoints(self) -> tuple[tuple[str, Endpoint], ...]:
        """The HTTP paths that plugins answer, as (plugin, endpoint)."""
        return self.calls.endpoints(self.inbox, self.reports)

    # -- private --------------------------------------------------------------------------------------------------

    def _head(self, head: bytes) -> str:
        return self.triage.mask(head.decode("utf-8", "replace").replace("\0", " "))


def _log_failure(failure: Failure) -> None:
    get_logger().warning("plugin.failed", **attrs.asdict(failure))


def _blocks(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while block := list(islice(left, _BLOCK)):
        yield block
