"""A drop-in for an existing log processor: pairs of source and message in, one answer for each log out."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from soc_core.app import Soc
from soc_core.model.event import Finding
from soc_core.model.incident import Incident
from soc_core.model.job import JobState
from soc_core.settings import read_dotenv
from soc_core.stages.triage import Outcome
from soc_core.stages.triage.judgement import Judgement

_SETTLE = timedelta(seconds=10)


class Processed(TypedDict):
    """What became of one log."""

    source: str
    message: str
    classification: str
    confidence_score: float
    severity_score: float
    method: str
    incident_id: str | None
    ticket_id: str | None
    ticket_url: str | None


class HighPerformanceLogProcessor:
    """Classifies logs, opens incidents and delivers their tickets and messages.

    ```python
    with HighPerformanceLogProcessor(use_database=False) as processor:
        [answer] = processor.process_large_dataset([("sshd", "Failed password for root from 203.0.113.9")])
    ```

    Args:
        max_workers: Deliveries at a time to each destination; None takes the settings.
        batch_size: Logs per transaction.
        use_database: False keeps everything in memory and forgets it at the end.
        enable_slack, enable_jira: False leaves the plugin out.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        batch_size: int = 100,
        use_database: bool = True,
        enable_slack: bool = True,
        enable_jira: bool = True,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        self._batch_size = batch_size
        self._left_out = [name for name, wanted in (("slack", enable_slack), ("jira", enable_jira)) if not wanted]
        self._workers = max_workers
        self._soc = self._open(in_memory=not use_database)

    def process_large_dataset(
        self,
        logs: Iterable[tuple[str, str]],
        store_in_db: bool = True,
        progress_callback: Callable[[int, int], None] | None = None,
    ) -> list[Processed]:
        """Process logs; answers one dict for each, in order, after deliveries were tried.

        Args:
            logs: `(source, message)` pairs.
            store_in_db: False processes this call in memory only.
            progress_callback: Called after each batch with the number done and the number in all.
        """
        pairs = list(logs)
        soc = self._soc if store_in_db else self._open(in_memory=True)
        try:
            return self._process(soc, pairs, progress_callback)
        finally:
            if soc is not self._soc:
                soc.close()

    def close(self) -> None:
        """Let go of the store and the plugins; deliveries that are left wait in the store."""
        self._soc.close()

    def __enter__(self) -> Self:
        """Use it as a context manager to have it closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _process(
        self, soc: Soc, pairs: Sequence[tuple[str, str]], progress: Callable[[int, int], None] | None
    ) -> list[Processed]:
        began = time.monotonic()
        answers: list[tuple[Judgement, str | None]] = []
        whole = Outcome()
        soc.start(services=False)
        for start in range(0, len(pairs), self._batch_size):
            block = pairs[start : start + self._batch_size]
            judgements, outcome = soc.judge_and_store(block)
            answers += [(judged, outcome.incident_of.get(n)) for n, judged in enumerate(judgements)]
            whole = whole.plus(outcome)
            if progress is not None:
                progress(start + len(block), len(pairs))
        soc.settle(_SETTLE)
        soc.batch_processed(whole)
        left = soc.settle(_SETTLE)
        soc.stop()
        known = {name: soc.reports.incident(name) for name in {name for _, name in answers if name}}
        _summarise(
            soc, len(pairs), [known.get(incident.id) for incident in whole.opened], left, time.monotonic() - began
        )
        return [
            _answer(pair, judged, known.get(name or "")) for pair, (judged, name) in zip(pairs, answers, strict=True)
        ]

    def _open(self, *, in_memory: bool) -> Soc:
        overrides: dict[str, object] = {"plugins": {"disable": self._left_out}} if self._left_out else {}
        if in_memory:
            overrides["store"] = "sqlite://"
        if self._workers is not None:
            overrides["delivery"] = {"workers": self._workers}
        here = Path("soc.toml")
        env = {**read_dotenv(Path(".env")), **os.environ}
        return Soc.open(config=here if here.exists() else None, env=env, overrides=overrides)


def _answer(pair: tuple[str, str], judged: Judgement, incident: Incident | None) -> Processed:
    finding = judged.finding
    ticket = None if incident is None else incident.ticket
    return Processed(
        source=pair[0],
        message=pair[1],
        classification="Unclassified" if finding is None else finding.label,
        confidence_score=0.0 if finding is None else finding.confidence,
        severity_score=1.0 if finding is None else finding.severity,
        method="none" if finding is None else _method(finding),
        incident_id=None if incident is None else incident.id,
        ticket_id=None if ticket is None else ticket.key,
        ticket_url=None if ticket is None else ticket.url,
    )


def _method(finding: Finding) -> str:
    return f"{finding.classifier}:{finding.rule}" if finding.rule else finding.classifier


def _summarise(soc: Soc, number: int, opened: Sequence[Incident | None], left: int, seconds: float) -> None:
    incidents = [incident for incident in opened if incident is not None]
    told = [
        j for i in incidents for j in soc.reports.jobs(JobState.DONE, incident=i.id) if j.kind == "on_incident_opened"
    ]
    lines = [
        f"Processed {number} logs in {seconds:.1f} s",
        f"Alerts sent: {sum(job.dest == 'slack' for job in told)}",
        f"Incidents created: {len(incidents)}",
    ]
    for incident in incidents:
        where = "no ticket" if incident.ticket is None else f"{incident.ticket.key} {incident.ticket.url or ''}".strip()
        lines.append(f"  {incident.id} {incident.summary} -> {where}")
    if left:
        lines.append(f"{left} deliveries wait in the store; `soc run` or `soc serve` goes on with them")
    print("\n".join(lines), file=sys.stdout)  # noqa: T201 - the summary is what the caller asked for
