"""What the pages stand on: a view of the store that cannot change it, and the house itself for the named actions."""

import enum
import getpass
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import attrs

from soc_core import BatchSummary, Change, Figures, Incident, Left, Update
from soc_core.app import BlockResult, Soc
from soc_core.settings import Settings, load, plugin_settings
from soc_core.store.reports import StoreReports
from soc_dashboard.rows.forecast import Forecast, forecast, shift_end
from soc_dashboard.settings import Settings as Own

_MOST = 1000


class Step(enum.StrEnum):
    """What is being done with a log."""

    READING = "Reading"
    DELIVERING = "Delivering"


Progress = Callable[[Step, float], None]


@attrs.frozen(kw_only=True)
class Processed:
    """What became of a log that somebody handed in.

    Args:
        result: What became of its lines.
        incidents: The incidents that were opened, most urgent first.
        alerts_sent: How many of them Slack was told.
        batch: What the batch came to, as listeners are told if it is worth telling.
        left: Deliveries that wait in the store.
        seconds: How long it took.
        missing: Plugins that were asked for and are not at work.
    """

    result: BlockResult
    incidents: tuple[Incident, ...]
    alerts_sent: int
    batch: BatchSummary
    left: int
    seconds: float
    missing: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Audited:
    """How the audit trail was found: what is wrong with it (None if nothing), when, and the head it had then."""

    flaw: str | None
    at: datetime
    head: str


@attrs.frozen(kw_only=True)
class House:
    """One store with its settings. Looking goes through `reports`, which cannot write; doing opens the house."""

    settings: Settings
    own: Own
    reports: StoreReports
    env: Mapping[str, str] = attrs.field(repr=False)

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "House":
        """The house that the environment describes.

        Raises:
            SettingsError: The configuration is wrong.
            StoreError: There is no store, or it cannot be read.
        """
        settings = load(config=None, env=env)
        own = plugin_settings("dashboard", Own, settings, env)
        return cls(settings=settings, own=own, reports=StoreReports.of(settings.store, settings.people), env=env)

    def login(self) -> str:
        """Who runs the dashboard: SOC_USER, else the login name."""
        try:
            return self.env.get("SOC_USER") or getpass.getuser()
        except (OSError, KeyError):  # a container may run as a number without a name
            return "somebody at the dashboard"

    def figures(self, days: int | None) -> Figures:
        """The figures of the last days, or of all."""
        since = None if days is None else self.reports.now() - timedelta(days=days)
        return self.reports.figures(since=since)

    def forecast(self) -> Forecast:
        """Who becomes overdue before the shift ends, at the rate of the last hours of the same length."""
        now, within = self.reports.now(), self.own.shift
        until = shift_end(self.settings.rota.shifts, now, within)
        return forecast(
            self.reports.next_breaches(until=until, limit=_MOST),
            overdue=self.reports.waiting().get(Left.OVERDUE, 0),
            resolved=self.reports.resolved_since(now - within),
            within=within,
            now=now,
            until=until,
        )

    def audited(self) -> Audited:
        """Verify the whole audit trail; with 100,000 incidents this takes seconds."""
        head = self.reports.audit_head()
        return Audited(flaw=self.reports.audit_flaw(), at=self.reports.now(), head=head)

    def change(self, incident: str, change: Change, *, actor: str, new: str = "", text: str = "") -> int:
        """Change an incident and tell everybody; answers how many deliveries are left.

        Raises:
            ChangeRefused: It may not be made.
        """
        with self._open(self.settings) as soc:
            update = Update(change=change, origin="soc", at=soc.clock.now(), actor=actor, new=new, text=text)
            soc.change(incident, update)
            return self._deliver(soc)

    def retry(self, jobs: tuple[int, ...], *, actor: str) -> int:
        """Try dead letters again; answers how many deliveries are left."""
        with self._open(self.settings) as soc:
            soc.retry(jobs, actor=actor)
            return self._deliver(soc)

    def process(
        self, log: bytes, *, name: str, source: str | None, slack: bool, jira: bool, progress: Progress
    ) -> Processed:
        """Judge a log, open incidents, deliver.

        Args:
            log: Its lines, of any format.
            name: What it is called in quarantine.
            source: The source of all its events, whatever the lines say.
            slack, jira: False leaves the plugin out: nobody is told in Slack, tickets are local ones.
            progress: Called with what is being done and the share of that which is done, 0..1.
        """
        left_out = [plugin for plugin, wanted in (("slack", slack), ("jira", jira)) if not wanted]
        overrides = {"plugins.disable": [*self.settings.plugins.disable, *left_out]}
        began, lines = time.monotonic(), max(1, log.count(b"\n"))
        with self._open(load(config=None, env=self.env, overrides=overrides)) as soc:
            soc.start(services=False)
            result = soc.process_block(
                log,
                name=name,
                source=source,
                progress=lambda done: progress(Step.READING, min(1.0, done.lines / lines)),
            )
            batch = self._tell(soc, result, progress)
            left = self._settle(soc, progress)
            soc.stop()
            opened = [found for one in result.outcome.opened if (found := soc.reports.incident(one.id)) is not None]
            at_work = {plugin.name for plugin in soc.plugins.plugins if plugin.obj is not None}
            wanted = [plugin for plugin in ("slack", "jira") if plugin not in left_out]
            return Processed(
                result=result,
                incidents=tuple(sorted(opened, key=lambda one: one.priority.rank)),
                alerts_sent=sum(_slack_was_told(soc, one) for one in opened),
                batch=batch,
                left=left,
                seconds=time.monotonic() - began,
                missing=tuple(plugin for plugin in wanted if plugin not in at_work),
            )

    def _tell(self, soc: Soc, result: BlockResult, progress: Progress) -> BatchSummary:
        self._settle(soc, progress)
        return soc.batch_processed(result.outcome)

    def _settle(self, soc: Soc, progress: Progress) -> int:
        most = 1

        def show(waiting: int) -> None:
            nonlocal most
            most = max(most, waiting)
            progress(Step.DELIVERING, 1 - waiting / most)

        return soc.settle(self.own.settle, progress=show)

    def _deliver(self, soc: Soc) -> int:
        soc.start(services=False)
        left = soc.settle(self.own.settle)
        soc.stop()
        return left

    @contextmanager
    def _open(self, settings: Settings) -> Iterator[Soc]:
        cache = Path(self.env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "soc-core"
        with Soc.open(settings, env=self.env, clock=self.reports.clock, scan_cache=cache) as soc:
            yield soc


def _slack_was_told(soc: Soc, incident: Incident) -> bool:
    jobs = soc.reports.jobs(incident=incident.id)
    return any((job.dest, job.kind, job.state) == ("slack", "on_incident_opened", "done") for job in jobs)
