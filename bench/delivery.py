"""How soon people know: from the decision to the message, from the ticket to its link, and tickets while Slack hangs.

    python bench/delivery.py [--incidents 40] [--pause 0.25]

The real JIRA and Slack plugins talk to the pretended services on loopback; one incident after another, as on an idle
system. Figures are seconds; the second run answers every call to Slack too late, as in an outage.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from soc_core import Event, Finding, hookimpl
from soc_core.app import Soc
from soc_core.testing.jira import FakeJira
from soc_core.testing.slack import FakeSlack, Fault

_PATIENCE = 30.0


class Everything:
    """Every event is a critical finding of its own."""

    @hookimpl
    def classify_event(self, event: Event) -> Finding:
        """Say so."""
        return Finding(event=event, label="Security Alert", severity=9, rule=event.message)


@contextmanager
def house() -> Iterator[tuple[Soc, FakeJira, FakeSlack]]:
    """Everything that takes part, running."""
    with ExitStack() as stack:
        jira, slack = stack.enter_context(FakeJira()), stack.enter_context(FakeSlack())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        env = {
            "JIRA_SERVER_URL": jira.url,
            "JIRA_USERNAME": jira.username,
            "JIRA_API_TOKEN": jira.token,
            "JIRA_PROJECT_KEY": "SEC",
            "SLACK_API_URL": slack.url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SECURITY_CHANNEL": "#security",
        }
        overrides = {"store": f"sqlite:///{Path(folder) / 'soc.db'}", "plugins": {"disable": ["rules"]}}
        soc = stack.enter_context(Soc.open(overrides=overrides, env=env, plugins=[("everything", Everything())]))
        soc.start(services=False)
        yield soc, jira, slack


def waited(condition: object) -> float:
    """Seconds until something is so."""
    began = time.monotonic()
    while not condition():  # type: ignore[operator]
        if time.monotonic() - began > _PATIENCE:
            return _PATIENCE
        time.sleep(0.002)
    return time.monotonic() - began


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return statistics.quantiles(values, n=20)[-1]


def run(incidents: int, pause: float, *, outage: bool) -> tuple[list[float], list[float], list[float]]:
    """Times to the message, from the ticket to its link, and to the ticket."""
    messages, links, tickets = [], [], []
    with house() as (soc, jira, slack):
        if outage:
            slack.faults.add(Fault(kind="slow", method="*", seconds=12))
        for number in range(incidents):
            before = len(slack.messages("security"))
            made: list[float] = []
            watch = threading.Thread(target=lambda n=number, m=made: m.append(waited(lambda: len(jira.issues) > n)))
            watch.start()
            soc.submit([(f"app{number}", f"trouble {number}")])  # another source: a thread of its own
            if not outage:
                messages.append(waited(lambda b=before: len(slack.messages("security")) > b))
            watch.join()
            tickets += made
            if not outage:
                key = jira.issues[-1].key
                links.append(waited(lambda k=key: any(k in m.shown for m in slack.messages("security"))))
            time.sleep(pause)
    return messages, links, tickets


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--incidents", type=int, default=40)
    arguments.add_argument("--pause", type=float, default=1.1, help="Slack takes about one message a second")
    given = arguments.parse_args()
    messages, links, well = run(given.incidents, given.pause, outage=False)
    _, _, ill = run(given.incidents, given.pause / 4, outage=True)
    for what, values in (("decision to message", messages), ("ticket to its link", links)):
        print(f"{what:24} median {statistics.median(values):.3f}  p95 {p95(values):.3f}  most {max(values):.3f}")
    print(f"{'ticket, Slack well':24} median {statistics.median(well):.3f}  p95 {p95(well):.3f}")
    print(f"{'ticket, Slack hangs':24} median {statistics.median(ill):.3f}  p95 {p95(ill):.3f}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
