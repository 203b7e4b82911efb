"""`soc demo`: the whole life of incidents on bundled logs, with a pretended JIRA and Slack and a fast clock."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import screen
from soc_core.model.wording import who

if TYPE_CHECKING:  # the house brings SQLAlchemy along; `soc --help` must not
    from soc_core.app import Soc
    from soc_core.model.incident import Incident
    from soc_core.testing.clock import HandClock
    from soc_core.testing.jira import FakeJira
    from soc_core.testing.slack import FakeSlack, Message

LOGS = Path(__file__).parent / "demo_logs"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_PATIENCE = 200
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "ana": {"roles": ["lead"], "email": "ana@example.org", "jira": "5b10-ana", "slack": "U0ANA00001"},
    "bo": {"roles": ["analyst"], "email": "bo@example.org", "jira": "5b10-bo"},
    "mira": {"roles": ["manager", "tier2"], "email": "mira@example.org"},
}


@attrs.frozen(kw_only=True)
class Stage:
    """What the demonstration plays on; no JIRA or Slack where their plugins are not installed."""

    soc: "Soc"
    clock: "HandClock"
    jira: "FakeJira | None"
    slack: "FakeSlack | None"


@click.command()
def demo() -> None:
    """Show the whole life of incidents on bundled logs.

    A pretended JIRA and Slack play along, the clock runs fast, nothing leaves this machine and nothing is kept.
    """
    with _stage() as stage:
        _say(f"Noon. Reading {len(list(LOGS.iterdir()))} logs of the last two minutes.")
        lines = _read(stage)
        _work(stage)
        found = stage.soc.reports.incidents()
        with_ticket = sum(incident.ticket is not None for incident in found)
        _say(f"{lines} lines became {len(found)} incidents, {with_ticket} of them with a ticket:\n")
        _table(found)
        worst = next(incident for incident in found if incident.ticket is not None)
        _say(f"\nWhy {worst.id} exists:")
        _say(_indented(stage.soc.reports.explanation(worst.id)))
        _press(stage, worst)
        _answer(stage, worst)
        _pass(stage, timedelta(minutes=35), "12:35. Half of the first hour is used up.")
        _pass(stage, timedelta(minutes=30), "13:05. The Highest ones that nobody resolved are overdue.")
        _thread(stage, worst)
        _next(stage)


def _read(stage: Stage) -> int:
    from soc_core.stages.intake.reading import Reader  # noqa: PLC0415 - see above

    reader = Reader([str(path) for path in sorted(LOGS.iterdir())], clock=stage.clock)
    lines = 0
    for batch in reader:
        stage.soc.take(batch)
        lines += batch.lines
    return lines


def _work(stage: Stage) -> None:
    """Deliver what is due; the pretended Slack takes a message a second, so the clock moves along."""
    for _ in range(60):
        stage.soc.work()
        stage.clock.advance(timedelta(seconds=1))


def _press(stage: Stage, incident: "Incident") -> None:
    """Ana presses a button in Slack; it comes in over Socket Mode, so no port is open."""
    found = None if stage.slack is None else _message(stage.slack, incident)
    if stage.slack is None or found is None:
        return
    stage.soc.start()
    stage.slack.sockets.wait()
    stage.slack.person("ana").presses(found, "soc_acknowledge")
    for _ in range(_PATIENCE):
        now = stage.soc.reports.incident(incident.id)
        if now is not None and now.acknowledged_by:
            _say(f"\n12:01. Somebody presses Acknowledge in Slack: {now.id} is acknowledged by {now.acknowledged_by}.")
            break
        time.sleep(0.05)  # the press is on its way through real sockets and threads
    stage.soc.stop()


def _answer(stage: Stage, incident: "Incident") -> None:
    from soc_core.model.incident import Change, Update  # noqa: PLC0415 - see above

    if stage.jira is not None and incident.ticket is not None:
        bo = stage.jira.human("bo")
        bo.moves(incident.ticket.key, "In Progress")
        bo.comments(incident.ticket.key, "Isolated the host, looking at the upload log.")
        told = f"moves {incident.ticket.key} to In Progress in JIRA and writes a comment"
    else:
        at = stage.clock.now()
        stage.soc.change(incident.id, Update(change=Change.STATUS, origin="soc", at=at, actor="bo", new="In Progress"))
        told = f"starts working on {incident.id}"
    stage.clock.advance(timedelta(minutes=1))
    _work(stage)
    now = stage.soc.reports.incident(incident.id)
    if now is not None:
        response = now.clocks.get("response")
        stopped = "" if response is None else f"; its response clock: {response.state(stage.clock.now())}"
        _say(f"\n12:02. Bo {told}. {now.id} is now {now.status}{stopped}.")


def _pass(stage: Stage, span: timedelta, title: str) -> None:
    before = {(i.id, e.seq) for i in stage.soc.reports.incidents() for e in stage.soc.reports.timeline(i.id)}
    stage.clock.advance(span)
    _work(stage)
    _say(f"\n{title}")
    for incident in stage.soc.reports.incidents():
        for entry in stage.soc.reports.timeline(incident.id):
            if (incident.id, entry.seq) not in before and entry.what == "escalation.fired":
                _say(f"  {_escalation(incident, entry.body)}")


def _escalation(incident: "Incident", body: str) -> str:
    import json  # noqa: PLC0415 - only here

    facts = json.loads(body)
    told = ", ".join(facts["told"]) or "nobody by name"
    key = incident.id if incident.ticket is None else incident.ticket.key
    return f"{key}: {facts['rung']} of the {facts['clock']} time; told {told} ({', '.join(facts['notify'])})"


def _table(found: "tuple[Incident, ...]") -> None:
    columns = ("Incident", "Ticket", "Priority", "Due (UTC)", "Assignee", "What", "Who")
    wide = screen.is_wide()
    screen.table(columns, [_row(incident, wide=wide) for incident in found], stretch="Who", wrap=True)


def _row(incident: "Incident", *, wide: bool) -> tuple[object, ...]:
    clock = incident.clocks.get("resolution")
    due = None if clock is None else clock.due_at()
    return (
        incident.id,
        "alert" if incident.ticket is None else incident.ticket.key,
        screen.priority(incident.priority),
        "-" if due is None else f"{due:%a %H:%M}",
        (incident.assignee or "-") if wide else "",
        f"{incident.label} - {incident.source}" if wide else incident.source,
        who(incident.user, incident.ip),
    )


def _thread(stage: Stage, incident: "Incident") -> None:
    newest = stage.soc.reports.incident(incident.id)
    if stage.slack is None or newest is None:
        return
    message = _message(stage.slack, newest)
    if message is not None:
        _say(f"\nIn Slack, {incident.id} is one message in #{stage.slack.channel(message.channel).name}:")
        _say(_indented(message.text))
        for reply in stage.slack.thread(message):
            _say(_indented(f"> {reply.text}"))


def _message(slack: "FakeSlack", incident: "Incident") -> "Message | None":
    channel, _, ts = incident.refs.get("slack:parent", "").partition(":")
    return next((message for message in slack.messages(channel) if message.ts == ts), None) if ts else None


def _next(stage: Stage) -> None:
    missing = [name for name, there in (("jira", stage.jira), ("slack", stage.slack)) if there is None]
    if missing:
        _say(
            f"\nShown without {' and '.join(missing)}: install {' '.join(f'soc-{name}' for name in missing)} to see it."
        )
    _say("\nNothing of this was kept. Next:")
    for command, what in (
        ("soc init", "write soc.toml, .env.example and an example rule into this directory"),
        ("soc run /var/log/auth.log", "open incidents from your own log"),
        ("soc doctor", "see what is missing for JIRA and Slack"),
    ):
        _say(f"  {command:<28}{what}")


@contextmanager
def _stage() -> Iterator[Stage]:
    from soc_core.app import Soc  # noqa: PLC0415 - see above
    from soc_core.testing.clock import HandClock  # noqa: PLC0415
    from soc_core.testing.jira import FakeJira  # noqa: PLC0415
    from soc_core.testing.slack import FakeSlack  # noqa: PLC0415

    with ExitStack() as stack:
        clock = HandClock(NOON)
        jira = stack.enter_context(FakeJira(now=clock.now)) if find_spec("soc_jira") else None
        slack = stack.enter_context(FakeSlack(now=clock.now)) if find_spec("soc_slack") else None
        env: dict[str, str] = {}
        if jira is not None:
            env |= {"JIRA_SERVER_URL": jira.url, "JIRA_USERNAME": jira.username, "JIRA_API_TOKEN": jira.token}
            env |= {"JIRA_PROJECT_KEY": "SEC"}
        if slack is not None:
            env |= {"SLACK_API_URL": slack.url, "SLACK_BOT_TOKEN": slack.bot_token}
            env |= {"SLACK_APP_TOKEN": slack.app_token}
            env |= {f"SLACK_{name.upper()}_CHANNEL": f"#{name}" for name in ("security", "system", "general")}
            env |= {"SLACK_INCIDENT_CHANNEL": "#incidents"}
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        overrides = {"store": f"sqlite:///{folder}/soc.db", "people": PEOPLE}
        soc = stack.enter_context(Soc.open(overrides=overrides, env=env, clock=clock))
        yield Stage(soc=soc, clock=clock, jira=jira, slack=slack)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _say(text: str) -> None:
    from soc_core.printable import printable  # noqa: PLC0415 - see above

    for line in text.split("\n"):
        click.echo(printable(line))
