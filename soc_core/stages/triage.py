"""From events to incidents: classify, count, decide, then join an open incident or open a new one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection

from soc_core.calls import Calls, Classified, Decided
from soc_core.casebook import Casebook, Draft
from soc_core.model.event import Course, Decision, Event, Finding, Threshold
from soc_core.model.incident import Incident, Status, Verdict, fingerprint
from soc_core.settings import Settings
from soc_core.store import audit, held, inbound, incidents, notes, windows

RAW_RULE = "raw-severity"
STORM_RULE = "storm"
_MINUTE = timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Judgement:
    """What the plugins said about one event, before anything is counted or stored.

    Args:
        classified: Every classifier's answer and what failed.
        decided: What is decided about the finding as it stands.
        raised: For each threshold the finding it would become, and what is decided about that.
    """

    classified: Classified
    decided: Decided | None = None
    raised: tuple[tuple[Threshold, Finding, Decided], ...] = ()

    @property
    def finding(self) -> Finding | None:
        """The strongest finding, or None."""
        return self.classified.finding


@attrs.frozen(kw_only=True)
class Outcome:
    """What became of a block of events; `incident_of` names the incident by the event's position in the block."""

    processed: int = 0
    repeated: int = 0
    held: int = 0
    joined: int = 0
    opened: tuple[Incident, ...] = ()
    rules: Mapping[str, int] = attrs.field(factory=dict)
    by_severity: Mapping[int, int] = attrs.field(factory=dict)
    incident_of: Mapping[int, str] = attrs.field(factory=dict)

    @property
    def new(self) -> int:
        """How many events were not seen before."""
        return self.processed - self.repeated

    def plus(self, later: "Outcome") -> "Outcome":
        """Both blocks together, without the positions of events."""
        return Outcome(
            processed=self.processed + later.processed,
            repeated=self.repeated + later.repeated,
            held=self.held + later.held,
            joined=self.joined + later.joined,
            opened=self.opened + later.opened,
            rules=dict(Counter(self.rules) + Counter(later.rules)),
            by_severity=dict(Counter(self.by_severity) + Counter(later.by_severity)),
        )


def judge(calls: Calls, events: Sequence[Event], *, see_all: Collection[str] | None = None) -> tuple[Judgement, ...]:
    """Ask the classifiers and deciders about events; nothing is stored, so `soc explain` may ask too.

    Args:
        calls: The way to the plugins.
        events: What to judge.
        see_all: For events that a scan selected: the classifiers that see them all, see `Calls.classify`.
    """
    classified = calls.classify(events, see_all=see_all)
    asked: list[Finding] = []
    for answer in classified:
        if answer.finding is not None:
            asked.append(answer.finding)
            asked.extend(_raised(answer.finding, threshold) for threshold in answer.finding.thresholds)
    decided = iter(zip(asked, calls.decide(asked), strict=True))
    judgements = []
    for answer in classified:
        if answer.finding is None:
            judgements.append(Judgement(classified=answer, decided=_raw(answer)))
            continue
        _, plain = next(decided)
        raised = tuple((threshold, *next(decided)) for threshold in answer.finding.thresholds)
        judgements.append(Judgement(classified=answer, decided=plain, raised=raised))
    return tuple(judgements)


@attrs.frozen(kw_only=True)
class Triage:
    """Turns judged events into incidents, a block at a time, each block in one transaction."""

    casebook: Casebook
    settings: Settings
    mask: Callable[[str], str]

    def store(self, tx: Connection, judgements: Sequence[Judgement], now: datetime) -> Outcome:
        """Write down what a block of events leads to."""
        matters = [_matters(judgement) for judgement in judgements]
        ids = {_identity(j) for j, it_does in zip(judgements, matters, strict=True) if it_does} - {None}
        known = inbound.known_events(tx, [i for i in ids if i is not None])
        fresh: dict[int, Judgement] = {}
        repeated = 0
        seen: set[tuple[str, str]] = set()
        for position, judgement in enumerate(judgements):
            identity = _identity(judgement)
            if identity is not None and matters[position] and (identity in known or identity in seen):
                repeated += 1
                continue
            if identity is not None:
                seen.add(identity)
            fresh[position] = judgement
        inbound.remember_events(
            tx, [i for n, j in fresh.items() if matters[n] and (i := _identity(j)) is not None], now
        )
        holding = [j for j in fresh.values() if j.classified.held or (j.finding is not None and _undecided(j))]
        held.hold(tx, [self._held(judgement) for judgement in holding], now)
        rules = Counter(j.finding.rule or j.finding.label for j in fresh.values() if j.finding is not None)
        notes.count_rules(tx, rules, now)
        drafts = self._drafts(tx, fresh, now)
        opened, placed = self._file(tx, list(drafts.values()), now)
        return Outcome(
            processed=len(judgements),
            repeated=repeated,
            held=len(holding),
            joined=len(drafts) - len(opened),
            opened=tuple(opened),
            rules=rules,
            by_severity=Counter(int(draft.finding.severity) for draft in drafts.values()),
            incident_of={position: placed[draft.fingerprint] for position, draft in drafts.items()},
        )

    def _drafts(self, tx: Connection, judgements: Mapping[int, Judgement], now: datetime) -> dict[int, Draft]:
        counting = windows.read(tx, (t for j in judgements.values() for t, _, _ in j.raised))
        drafts = {}
        for position, judgement in judgements.items():
            choice = _standing(judgement)
            for threshold, finding, decided in judgement.raised:
                key = windows.key_of(threshold)
                event = finding.event
                counting[key], reached = counting[key].with_event(event.time or event.received, threshold)
                if reached and (choice is None or finding.severity > choice[0].severity):
                    choice = _decided(finding, decided)
            if choice is not None and choice[1].course is not Course.IGNORE:
                finding, decision = choice
                drafts[position] = Draft(
                    finding=self._masked(finding),
                    decision=decision,
                    fingerprint=fingerprint(finding),
                    undecided=decision.by == RAW_RULE,
                )
        windows.write(tx, list(counting.values()), now)
        return drafts

    def _file(self, tx: Connection, drafts: Sequence[Draft], now: datetime) -> tuple[list[Incident], dict[str, str]]:
        """Put each draft into its incident; answers the new incidents, and which incident each fingerprint went to."""
        groups: dict[str, list[Draft]] = defaultdict(list)
        for draft in drafts:
            groups[draft.fingerprint].append(draft)
        known = incidents.open_by_fingerprint(tx, groups)
        room = self.settings.storm.limit - incidents.opened_since(tx, now - _MINUTE)
        opened: list[Incident] = []
        placed: dict[str, str] = {}
        # The worst come first: a storm must not push them behind lesser ones.
        for print_, group in sorted(groups.items(), key=lambda item: -max(d.finding.severity for d in item[1])):
            last = None if print_ in known else incidents.last_closed(tx, print_)
            incident = known.get(print_) or self._continued(last, now)
            rest = group
            if incident is None and room > 0:
                room -= 1
                first = attrs.evolve(group[0], follows=None if last is None else last.id)
                incident = self.casebook.open(tx, first, now)
                opened.append(incident)
                rest = group[1:]
            if incident is None:
                incident, new = self._storm(tx, group, now)
                opened.extend([incident] if new else [])
            elif rest:
                joined = self.casebook.join(tx, incident, rest, len(rest), now)
                known[joined.fingerprint] = joined  # it may take in what was merged into it, too
            placed[print_] = incident.id
            notes.keep_events(tx, incident.id, [_sample(draft) for draft in group])
        return opened, placed

    def _continued(self, last: Incident | None, now: datetime) -> Incident | None:
        """The incident that goes on: merged into an open one, or closed within the reopen window as no false alarm."""
        if last is not None and last.status is not Status.CLOSED:
            return last
        if last is None or last.closed_at is None or last.verdict in (Verdict.FALSE_POSITIVE, Verdict.BENIGN):
            return None
        return last if last.closed_at >= now - self.settings.grouping.reopen_window else None

    def _storm(self, tx: Connection, group: Sequence[Draft], now: datetime) -> tuple[Incident, bool]:
        first = max(group, key=lambda draft: draft.finding.severity)
        storm = incidents.open_by_fingerprint(tx, [STORM_RULE]).get(STORM_RULE)
        new = storm is None
        if storm is None:
            limit = self.settings.storm.limit
            finding = Finding(
                event=Event(
                    source="soc-core",
                    message=f"Storm: {first.finding.event.message}",
                    received=first.finding.event.received,
                ),
                label=first.finding.label,
                severity=first.finding.severity,
                rule=STORM_RULE,
                reason=f"more than {limit} new incidents within a minute: the rest are listed here",
                actions=("Look for the common cause of the listed findings before working on single ones.",),
            )
            draft = Draft(finding=finding, decision=first.decision, fingerprint=STORM_RULE)
            storm = self.casebook.open(tx, draft, now)
            audit.record(tx, now, "storm.began", incident=storm.id, details={"limit": limit})
        more = len(group) - new
        if more:
            storm = self.casebook.join(tx, storm, list(group), more, now)
        row = {
            "fingerprint": first.fingerprint,
            "summary": f"{first.finding.label} - {first.finding.event.source}: {first.finding.event.message}"[:500],
            "severity": first.finding.severity,
            "count": len(group),
            "last_seen": max(draft.finding.event.received for draft in group),
        }
        notes.add_storm_member(tx, storm.id, row)
        return storm, new

    def _masked(self, finding: Finding) -> Finding:
        """The finding without the secrets of the log line: what is not stored cannot leak."""
        event, mask = finding.event, self.mask
        clean = attrs.evolve(
            event,
            message=mask(event.message),
            source=mask(event.source),
            host=mask(event.host) if event.host else None,
            user=mask(event.user) if event.user else None,
            fields={},
        )
        return attrs.evolve(finding, event=clean, label=mask(finding.label), reason=mask(finding.reason))

    def _held(self, judgement: Judgement) -> dict[str, object]:
        event = judgement.classified.event
        failures = [*judgement.classified.failures, *(judgement.decided.failures if judgement.decided else ())]
        reason = "; ".join(f"{failure.plugin}: {failure.text}" for failure in failures) or "no plugin had an answer"
        return {"source": self.mask(event.source), "message": self.mask(event.message), "reason": reason[:2000]}


def _raised(finding: Finding, threshold: Threshold) -> Finding:
    return attrs.evolve(
        finding,
        label=threshold.label,
        severity=threshold.severity,
        confidence=threshold.confidence,
        rule=threshold.rule,
        reason=threshold.reason,
        actions=threshold.actions,
        thresholds=(),
    )


def _raw(answer: Classified) -> Decided | None:
    """The built-in last word for an event that nobody could judge although it says itself that it is critical."""
    severity = answer.event.severity
    if not answer.held or severity is None or severity < 9:
        return None
    reason = f"the event states severity {severity:g} and no classifier could be asked"
    return Decided(decision=Decision(Course.TICKET, reason=reason, by=RAW_RULE), failures=answer.failures, answers=())


def _standing(judgement: Judgement) -> tuple[Finding, Decision] | None:
    """The finding as it stands without any count, with its decision."""
    event = judgement.classified.event
    finding = judgement.finding
    if finding is not None and judgement.decided is not None:
        return _decided(finding, judgement.decided)
    if judgement.decided is not None and judgement.decided.decision is not None and event.severity is not None:
        finding = Finding(event=event, label="Security Alert", severity=event.severity, rule=RAW_RULE)
        return finding, judgement.decided.decision
    return None


def _decided(finding: Finding, decided: Decided) -> tuple[Finding, Decision] | None:
    if decided.decision is not None:
        return finding, decided.decision
    if finding.severity >= 9:
        reason = f"severity {finding.severity:g} and no decider could be asked"
        return finding, Decision(Course.TICKET, reason=reason, by=RAW_RULE)
    return None


def _undecided(judgement: Judgement) -> bool:
    return judgement.decided is not None and judgement.decided.decision is None


def _identity(judgement: Judgement) -> tuple[str, str] | None:
    event = judgement.classified.event
    return None if event.id is None else (event.source[:255], event.id[:255])


def _matters(judgement: Judgement) -> bool:
    """Whether the event leaves a trace, so that seeing it twice would show."""
    if judgement.raised or judgement.classified.held:
        return True
    standing = _standing(judgement)
    return standing is not None and standing[1].course is not Course.IGNORE


def _sample(draft: Draft) -> dict[str, object]:
    event = draft.finding.event
    return {
        "fingerprint": draft.fingerprint,
        "at": event.time or event.received,
        "source": event.source,
        "severity": draft.finding.severity,
        "message": event.message,
        "event_id": event.id,
    }
