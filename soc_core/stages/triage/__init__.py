"""From judged events to incidents: count, then join an open incident or open a new one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection

from soc_core.casebook import Casebook, Draft
from soc_core.model.event import Course, Event, Finding
from soc_core.model.incident import Incident, Status, Verdict, fingerprint
from soc_core.settings import Settings
from soc_core.spans import span
from soc_core.stages.triage.judgement import RAW_RULE, Judgement, Weighed, settled
from soc_core.store import audit, held, inbound, incidents, notes, windows

STORM_RULE = "storm"
_MINUTE = timedelta(minutes=1)


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
        """How many events are not known for repeats: only those with an id that matter to somebody are remembered."""
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


@attrs.frozen(kw_only=True)
class Triage:
    """Turns judged events into incidents, a block at a time, each block in one transaction."""

    casebook: Casebook
    settings: Settings
    mask: Callable[[str], str]

    @span("soc.store")
    def store(self, tx: Connection, events: Weighed, now: datetime) -> Outcome:
        """Write down what a block of events leads to."""
        identities = {n: j.identity if j.matters else None for n, j in events.judgements.items()}
        known = inbound.known_events(tx, [one for one in identities.values() if one is not None])
        fresh: dict[int, Judgement] = {}
        for position, judgement in events.judgements.items():
            identity = identities[position]
            if identity is None or identity not in known:
                fresh[position] = judgement
            if identity is not None:
                known.add(identity)
        inbound.remember_events(tx, [one for n in fresh if (one := identities[n]) is not None], now)
        holding = [judgement for judgement in fresh.values() if judgement.to_be_held]
        held.hold(tx, [self._held(judgement) for judgement in holding], now)
        rules = Counter(events.rules) + Counter(j.rule for j in fresh.values() if j.finding is not None)
        notes.count_rules(tx, rules, now)
        drafts = self._drafts(tx, fresh, now)
        opened, placed = self._file(tx, list(drafts.values()), now)
        return Outcome(
            processed=events.processed,
            repeated=len(events.judgements) - len(fresh),
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
            choice = judgement.standing
            for threshold, finding, decided in judgement.raised:
                key = windows.key_of(threshold)
                event = finding.event
                counting[key], reached = counting[key].with_event(event.time or event.received, threshold)
                if reached and (choice is None or finding.severity > choice[0].severity):
                    choice = settled(finding, decided)
            if choice is not None and choice[1].course is not Course.IGNORE:
                finding, decision = choice
                drafts[position] = Draft(
                    finding=finding,
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
            shown = [self._masked(draft) for draft in group[: notes.KEPT_EVENTS]]
            if incident is None and room > 0:
                room -= 1
                first = attrs.evolve(shown[0], follows=None if last is None else last.id)
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
            notes.keep_events(tx, incident.id, [_sample(draft) for draft in shown])
        return opened, placed

    def _continued(self, last: Incident | None, now: datetime) -> Incident | None:
        """The incident that goes on: merged into an open one, or closed within the reopen window as no false alarm."""
        if last is not None and last.status is not Status.CLOSED:
            return last
        if last is None or last.closed_at is None or last.verdict in (Verdict.FALSE_POSITIVE, Verdict.BENIGN):
            return None
        return last if last.closed_at >= now - self.settings.grouping.reopen_window else None

    def _storm(self, tx: Connection, group: Sequence[Draft], now: datetime) -> tuple[Incident, bool]:
        first = self._masked(max(group, key=lambda draft: draft.finding.severity))
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

    def _masked(self, draft: Draft) -> Draft:
        """The draft without the secrets of the log line: what is not stored cannot leak."""
        finding, event, mask = draft.finding, draft.finding.event, self.mask
        clean = attrs.evolve(
            event,
            message=mask(event.message),
            source=mask(event.source),
            host=mask(event.host) if event.host else None,
            user=mask(event.user) if event.user else None,
            fields={},
        )
        masked = attrs.evolve(finding, event=clean, label=mask(finding.label), reason=mask(finding.reason))
        return attrs.evolve(draft, finding=masked)

    def _held(self, judgement: Judgement) -> dict[str, object]:
        event = judgement.classified.event
        failures = [*judgement.classified.failures, *(judgement.decided.failures if judgement.decided else ())]
        reason = "; ".join(f"{failure.plugin}: {failure.text}" for failure in failures) or "no plugin had an answer"
        return {"source": self.mask(event.source), "message": self.mask(event.message), "reason": reason[:2000]}


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
