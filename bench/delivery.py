"""How soon people know: from the decision to the message, from the ticket to its link, and tickets while Slack is out.

    python bench/delivery.py [--incidents 40] [--tickets 300]

The real JIRA and Slack plugins talk to the pretended services on loopback. First one incident after another, as on an
idle system. Then three houses in turn: one whose Slack is well, one whose Slack refuses, one whose Slack hangs; what
disturbs the machine meanwhile disturbs all three.
"""

import argparse
import statistics
import sys
import tempfile
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
        overrides = {
            "store": f"sqlite:///{Path(folder) / 'soc.db'}",
            "storm.limit": 100_000,
            "plugins": {"disable": ["rules"]},
        }
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


def idle(incidents: int, pause: float) -> tuple[list[float], list[float]]:
    """Seconds from the decision to the message, and from the ticket to its link in the message."""
    messages, links = [], []
    with house() as (soc, jira, slack):
        for number in range(incidents):
            soc.submit([(f"app{number}", f"trouble {number}")])  # another source: a thread of its own
            messages.append(waited(lambda n=number: len(slack.messages("security")) > n))
            waited(lambda n=number: len(jira.issues) > n)
            key = jira.issues[-1].key
            links.append(waited(lambda k=key: any(k in m.shown for m in slack.messages("security"))))
            time.sleep(pause)
    return messages, links


def side_by_side(tickets: int) -> dict[str, list[float]]:
    """Seconds from the event to its ticket, in houses whose Slack is well, refuses, or hangs."""
    with ExitStack() as stack:
        houses = {name: stack.enter_context(house()) for name in ("well", "refuses", "hangs")}
        houses["refuses"][2].login = "service_unavailable"
        houses["hangs"][2].faults.add(Fault(kind="slow", method="*", seconds=12))
        took: dict[str, list[float]] = {name: [] for name in houses}
        for number in range(tickets):
            for name, (soc, jira, _) in houses.items():
                began = time.monotonic()
                soc.submit([(f"app{number}", f"trouble {number}")])
                waited(lambda j=jira, n=number: len(j.issues) > n)
                took[name].append(time.monotonic() - began)
    return took


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--incidents", type=int, default=40)
    arguments.add_argument("--tickets", type=int, default=300)
    arguments.add_argument("--pause", type=float, default=1.1, help="Slack takes about one message a second")
    given = arguments.parse_args()
    messages, links = idle(given.incidents, given.pause)
    for what, values in (("decision to message", messages), ("ticket to its link", links)):
        print(f"{what:24} median {statistics.median(values):.3f}  p95 {p95(values):.3f}  most {max(values):.3f}")
    took = side_by_side(given.tickets)
    for name, values in took.items():
        apart = p95(values) - p95(took["well"])
        print(
            f"ticket, Slack {name:10} median {statistics.median(values):.3f}  p95 {p95(values):.3f}"
            f"  p95 apart {apart * 1000:+.0f} ms"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
