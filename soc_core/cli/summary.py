"""What a run came to: as a document for programs, as a page for people, with what to do next."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import attrs

from soc_core.cli import screen
from soc_core.cli.inputs import name_of
from soc_core.model.event import Course
from soc_core.model.incident import Incident
from soc_core.model.wording import count, due_of

DONE, STOPPED, REFUSED = "Done.", "Stopped.", "Not all could be read."
_NOISY = 5
_SHOWN = 20


@attrs.frozen(kw_only=True)
class Summary:
    """What a run came to.

    Args:
        tally: How many lines were read, processed, quarantined, seen before, held; how many events joined.
        rules: How many events each rule found.
        opened: The incidents that the run opened.
        tickets: The incidents whose ticket it made, or in a dry run would make.
        pending: Deliveries that wait, of whatever run.
        missing: Tickets of this run that were decided and are not made yet.
        dead: Deliveries that were given up meanwhile.
        inputs: What was read.
        ending: How it ended, in a sentence.
        dry_run: Whether nothing was kept.
        seconds: How long it took.
    """

    tally: Counter[str]
    rules: Counter[str]
    opened: tuple[Incident, ...]
    tickets: tuple[Incident, ...]
    pending: int
    missing: int
    dead: int
    inputs: tuple[str, ...]
    ending: str
    dry_run: bool
    seconds: float

    @property
    def alerts(self) -> int:
        """How many opened incidents are alerts, without a ticket."""
        return sum(incident.kind is Course.ALERT for incident in self.opened)

    def document(self) -> dict[str, object]:
        """The versioned output; a dry run's tickets have no key yet."""
        return screen.versioned(
            read=self.tally["read"],
            processed=self.tally["processed"],
            repeated=self.tally["repeated"],
            quarantined=self.tally["quarantined"],
            held=self.tally["held"],
            incidents_opened=len(self.opened),
            joined=self.tally["joined"],
            alerts=self.alerts,
            tickets=[
                {
                    "key": None if one.ticket is None else one.ticket.key,
                    "url": None if one.ticket is None else one.ticket.url,
                    "summary": one.summary,
                    "priority": one.priority.value,
                }
                for one in self.tickets
            ],
            pending=self.pending,
            seconds=round(self.seconds, 3),
        )


def show(result: Summary, now: datetime) -> None:
    """Print it for people."""
    tally = result.tally
    rate = f", {tally['read'] / result.seconds:,.0f} lines/s" if min(result.seconds, tally["read"]) > 1 else ""
    inputs = ", ".join(name_of(name) for name in result.inputs[:3]) + (", …" if len(result.inputs) > 3 else "")
    title = "Dry run: nothing was kept, nothing was delivered." if result.dry_run else result.ending
    if not tally["read"] and result.ending == DONE:
        title += " Nothing new since the last run."
    screen.say(
        f"{title} {count(tally['read'], 'line')} {f'of {inputs} ' if inputs else ''}in {result.seconds:.1f} s{rate}",
        "bold",
    )
    screen.facts(_numbers(result))
    if result.tickets:
        screen.heading("Tickets that would be made" if result.dry_run else "Tickets")
        wide = screen.is_wide()
        columns = ("Ticket", "Incident", "Priority", "Summary", "Due", "Assignee")
        rows = [
            (
                one.ticket.key if one.ticket else "",
                one.id if wide or one.ticket is None else "",
                screen.priority(one.priority),
                one.summary,
                due_of(one, now),
                (one.assignee or "") if wide else "",
            )
            for one in result.tickets[:_SHOWN]
        ]
        screen.table(columns, rows, stretch="Summary")
        if len(result.tickets) > _SHOWN:
            screen.say(f"and {count(len(result.tickets) - _SHOWN, 'more ticket')}: soc incidents", "dim")
    if result.rules:
        screen.heading("Noisiest rules")
        noisy = [(f"{number:,}", rule) for rule, number in result.rules.most_common(_NOISY)]
        screen.table(("Events", "Rule"), noisy, stretch="Rule", right=("Events",))
    screen.heading("Next")
    screen.facts(_next_steps(result))


def _numbers(result: Summary) -> Iterator[tuple[str, object]]:
    tally = result.tally
    yield "Processed", f"{tally['processed']:,}"
    if tally["repeated"]:
        yield "Seen before", f"{tally['repeated']:,} (no effect)"
    if tally["quarantined"]:
        kept = "" if result.dry_run else ", kept in the store"
        yield "Quarantined", screen.text(f"{tally['quarantined']:,} that could not be read{kept}", "yellow")
    if tally["held"]:
        yield "Held", screen.text(f"{tally['held']:,} that no plugin could judge, kept for a replay", "yellow")
    yield "Incidents", f"{len(result.opened):,} opened"
    yield "Joined", f"{tally['joined']:,} events joined an open incident" if tally["joined"] else ""
    yield "Alerts", f"{result.alerts:,} without a ticket" if result.alerts else ""
    yield "Tickets", f"{len(result.tickets):,}"
    if result.missing and not result.dry_run:
        yield "Not yet made", screen.text(count(result.missing, "ticket"), "yellow")
    if result.dead:
        yield "Given up", screen.text(count(result.dead, "delivery", "deliveries"), "red")
    yield "Pending", count(result.pending, "delivery", "deliveries") if result.pending else ""


def _next_steps(result: Summary) -> Iterator[tuple[str, object]]:
    if result.dead:
        yield "soc jobs list", "why deliveries were given up; retry them when it is cured"
    if result.dry_run:
        yield "soc run …", "the same for good: without --dry-run"
        return
    if result.pending:
        yield "soc serve", "goes on delivering what is pending, and keeps the clocks"
    if result.opened:
        yield "soc incidents", "what has to be worked on"
        yield f"soc explain {result.opened[0].id}", "why it became an incident"
    else:
        yield "soc explain -", "paste a line and see what is decided about it, and why"
    if result.tally["quarantined"] or result.tally["held"]:
        yield "soc doctor", "what is kept on the shelves"
