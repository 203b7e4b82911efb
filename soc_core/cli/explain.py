"""`soc explain`: why something did or did not become a ticket."""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import reasoning, screen
from soc_core.cli.inputs import FORMAT_OPTION, SOURCE_OPTION, STDIN, Rejects
from soc_core.cli.session import Session, current, lacks_store
from soc_core.errors import ChangeRefused
from soc_core.model.event import Course, Decision, Event, Finding, Priority
from soc_core.model.incident import Incident, fingerprint
from soc_core.model.wording import count, due, span

if TYPE_CHECKING:  # the house brings SQLAlchemy along
    from soc_core.app import Soc
    from soc_core.stages.triage.judgement import Judgement

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}-\d{1,12}")


@click.command()
@click.argument("what", metavar="EVENT|INCIDENT|TICKET|-", nargs=-1, required=True)
@FORMAT_OPTION
@SOURCE_OPTION
@screen.JSON_OPTION
@click.pass_context
def explain(ctx: click.Context, what: tuple[str, ...], log_format: str, source: str | None, as_json: bool) -> None:
    """Say why an event, incident or ticket is what it is.

    INCIDENT is an id such as INC-7, TICKET a key such as SOC-12. Anything else is the text of an event, judged just as
    `soc run` would judge it, without storing anything; - takes events from standard input.
    """
    session, words = current(ctx), " ".join(what)
    programs = screen.for_programs(as_json)
    if len(what) == 1 and _KEY.fullmatch(words):
        _explain_incident(session, words, programs=programs)
    else:
        _explain_events(session, words, log_format, source, programs=programs)


def _explain_incident(session: Session, key: str, *, programs: bool) -> None:
    from soc_core.cli import story  # noqa: PLC0415 - only here

    if lacks_store(session.settings().store):
        raise ChangeRefused(f"there is no incident or ticket {key}: there is no store yet")
    with session.soc() as soc:
        found = soc.reports.incident(key) or soc.reports.incident(key.upper())
        if found is None:
            raise ChangeRefused(f"there is no incident or ticket {key}; see them all with: soc incidents --all")
        judgement = _asked_again(soc, found)
        if programs:
            screen.emit(
                screen.versioned(incident=story.story(found, soc.reports), asked_again=reasoning.answers(judgement))
            )
            return
        story.show_facts(found, soc.reports)
        screen.heading("Why it exists")
        screen.facts(_why(found))
        screen.heading("What the plugins say of its first event now")
        _show_answers(judgement)
        story.show_storm(found, soc.reports)
        story.show_past(found, soc.reports)


def _asked_again(soc: "Soc", found: Incident) -> "Judgement":
    """The answers about an incident's first event today: a rule may have changed since."""
    from soc_core.stages.intake.formats import event_of  # noqa: PLC0415 - only here
    from soc_core.stages.triage.judgement import judge  # noqa: PLC0415 - only here

    event = event_of((found.source, found.message), received=found.detected_at)
    return judge(soc.calls, [event])[0]


def _why(found: Incident) -> Iterator[tuple[str, object]]:
    by = f" of {found.classifier}" if found.classifier else ""
    yield "Found by", f"rule {found.rule or found.label}{by}, confidence {found.confidence:g}"
    yield "Because", found.reason
    yield "Decided by", f"{found.decided_by or 'the core'}: {found.kind.value}, as {found.why}"
    if found.undecided:
        yield "Undecided", "classification or decision failed; the built-in rule for severity 9 and more acted"
    yield "Priority", f"{found.priority}, from severity {found.severity:g}"
    yield "Fingerprint", found.fingerprint
    yield "Ticket marker", found.marker


def _explain_events(session: Session, words: str, log_format: str, source: str | None, *, programs: bool) -> None:
    known = _open_incidents(session)
    with session.soc(in_memory=True) as soc:
        for number, event in enumerate(_events(soc, words, log_format, source)):
            verdict = _verdict(soc, event, known)
            if programs:
                screen.emit(screen.versioned(**verdict.document))
                continue
            if number:
                screen.say("")
            verdict.show(soc)


def _events(soc: "Soc", words: str, log_format: str, source: str | None) -> Iterator[Event]:
    from soc_core.stages.intake.formats import parse  # noqa: PLC0415 - only here
    from soc_core.stages.intake.reading import Reader  # noqa: PLC0415 - only here

    if words != STDIN:
        yield parse(words, received=soc.clock.now(), format=log_format, source=source)
        return
    if sys.stdin.isatty():
        screen.note("Type or paste events, one on a line; end with Ctrl-D.")
    rejects = Rejects()
    stdin = sys.stdin.buffer
    for batch in Reader((STDIN,), clock=soc.clock, format=log_format, source=source, stdin=stdin):
        rejects.see(batch)
        yield from batch.events
    rejects.close()


def _open_incidents(session: Session) -> Mapping[str, str]:
    """The open incidents of the real store by fingerprint: an event of the same one would join."""
    if lacks_store(session.settings().store):
        return {}
    with session.reports() as reports:
        return {one.fingerprint: one.id for one in reports.incidents(limit=10_000)}


@attrs.frozen(kw_only=True)
class _Verdict:
    """What became of one event when it was processed in memory, by the path that `soc run` takes."""

    finding: Finding
    decision: Decision
    judgement: "Judgement"
    incident: Incident | None
    joins: str | None
    event: Mapping[str, object]
    floors: tuple[float, ...]

    @property
    def document(self) -> dict[str, object]:
        """As part of the versioned output."""
        finding = self.finding
        return {
            "decision": self.decision.course.value,
            "why": self.decision.reason,
            "decided_by": self.decision.by,
            "label": finding.label,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "priority": self._priority.value,
            "rule": finding.rule,
            "classifier": finding.classifier,
            "reason": finding.reason,
            "security": finding.security,
            "actions": list(finding.actions),
            "fingerprint": fingerprint(finding),
            "joins": self.joins,
            "summary": None if self.incident is None else self.incident.summary,
            "sla": None if self.incident is None else reasoning.sla_document(self.incident.clocks),
            "event": self.event,
            **reasoning.answers(self.judgement),
        }

    def show(self, soc: "Soc") -> None:
        """Print it."""
        title = {
            Course.TICKET: "A ticket",
            Course.ALERT: "An alert, without a ticket",
            Course.IGNORE: "Nothing: it is counted only",
        }[self.decision.course]
        screen.say(title if self.joins is None else f"{title}; it joins {self.joins}, which is open", "bold")
        screen.facts(self._facts(soc))
        screen.heading("What the plugins say")
        _show_answers(self.judgement)

    @property
    def _priority(self) -> Priority:
        return Priority.of(self.finding.severity, self.floors)

    def _facts(self, soc: "Soc") -> Iterator[tuple[str, object]]:
        finding, event = self.finding, self.event
        yield "Event", event["message"]
        known = (("source", "source"), ("host", "host"), ("user", "user"), ("ip", "address"), ("schema", "read as"))
        yield "Known of it", ", ".join(f"{words} {event[name]}" for name, words in known if event[name])
        if event["severity"] is not None:
            yield "Says itself", f"severity {event['severity']:g}"
        yield "Summary", "" if self.incident is None else self.incident.summary
        yield "Label", finding.label
        by = f"rule {finding.rule or '-'} of {finding.classifier}" if finding.classifier else "no classifier"
        yield "Severity", f"{finding.severity:g}, by {by}, confidence {finding.confidence:g}"
        yield "Because", finding.reason
        yield "Priority", screen.priority(self._priority)
        yield "Decided by", ": ".join(part for part in (self.decision.by or "the core", self.decision.reason) if part)
        for name, clock in (self.incident.clocks if self.incident is not None else {}).items():
            yield f"SLA {name}", f"{span(clock.target.duration)}, {due(clock, soc.clock.now())}"
        yield "Fingerprint", fingerprint(finding)


def _verdict(soc: "Soc", event: Event, known: Mapping[str, str]) -> _Verdict:
    judgements, outcome = soc.judge_and_store([event])
    judgement = judgements[0]
    incident = soc.reports.incident(outcome.incident_of[0]) if 0 in outcome.incident_of else None
    finding, decision = judgement.finding or reasoning.unknown(event), reasoning.decided(judgement)
    for _, raised, said in judgement.raised:
        # A count was reached: what it became is what counts.
        if incident is not None and said.decision is not None and fingerprint(raised) == incident.fingerprint:
            finding, decision = raised, said.decision
    return _Verdict(
        finding=finding,
        decision=decision,
        judgement=judgement,
        incident=incident,
        joins=known.get(fingerprint(finding)),
        event=reasoning.event_document(event, soc.triage.mask(event.message)),
        floors=soc.settings.priorities.floors,
    )


def _show_answers(judgement: "Judgement") -> None:
    classified = judgement.classified
    rows = [
        ("classifier", one.classifier, f"{one.severity:g}", f"{one.label} ({one.confidence:g})", one.reason or one.rule)
        for one in classified.findings
    ]
    silent = classified.asked - len(classified.findings) - len(classified.failures)
    if silent > 0:
        rows.append(("classifier", count(silent, "other"), "", "no opinion", ""))
    deciders = judgement.decided.answers if judgement.decided is not None else ()
    rows += [("decider", name, "", said.course.value, said.reason) for name, said in deciders]
    failures = [*classified.failures, *(judgement.decided.failures if judgement.decided is not None else ())]
    rows += [("failed", one.plugin, "", one.kind.value, one.text) for one in failures]
    screen.table(
        ("Asked as", "Plugin", "Severity", "Answer", "Why"), rows, stretch="Why", right=("Severity",), wrap=True
    )
    for threshold, raised, said in judgement.raised:
        becomes = said.decision.course.value if said.decision is not None else "held"
        screen.say(
            f"Counted by {threshold.rule}: {threshold.count} within {span(threshold.within)} for {threshold.key} "
            f"become {raised.label}, severity {raised.severity:g}: {becomes}",
            "dim",
        )
