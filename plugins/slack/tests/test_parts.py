"""News that go to several places: what is out is not said again because the rest had to wait."""

from datetime import timedelta

import attrs
import pytest

from soc_core import Change, Update
from soc_core.testing.slack import FakeSlack, Fault


def moved(home, status: str) -> None:
    at = home.soc.clock.now()
    home.soc.change("INC-1", Update(change=Change.STATUS, origin="api", at=at, actor="ana", new=status))
    home.soc.work()


@attrs.define(kw_only=True)
class Second(Fault):
    """Meets the second call only."""

    calls: int = 0

    def meets(self, method: str, channel: str | None) -> bool:
        self.calls += super().meets(method, channel)
        return self.calls == 2 and super().meets(method, channel)


@pytest.mark.parametrize(
    ("kind", "times"), [("429", 3), ("ratelimited", 3), ("service_unavailable", 3), ("token_expired", 1)]
)
def test_a_line_in_the_thread_is_not_repeated_while_the_incidents_channel_waits(
    slack: FakeSlack, house, kind, times
) -> None:
    incidents = slack.channel("incidents")
    home = house(env={"SLACK_INCIDENT_CHANNEL": incidents.id})
    home.happens("9 Security Alert: root logged in")
    slack.faults.add(Fault(kind=kind, channel=incidents.id, times=times))
    moved(home, "In Progress")
    home.passes(1500, 10)
    (live,) = (message for message in slack.messages("security") if message.thread_ts is None)
    assert [reply.text for reply in slack.thread(live)] == ["INC-1 · Status: Open → In Progress · ana"]
    news = [message.text for message in incidents.messages]
    assert [words.partition(" · ")[0] for words in news] == ["Ticket SEC-1 made", "Status: Open → In Progress"]


def test_an_escalation_is_told_once_although_another_channel_waits(slack: FakeSlack, house) -> None:
    incidents = slack.channel("incidents")
    home = house(env={"SLACK_INCIDENT_CHANNEL": incidents.id})
    home.happens("9 Security Alert: root logged in")
    slack.faults.add(Fault(kind="429", channel=incidents.id, times=3, retry_after=20))
    home.passes(timedelta(hours=2).total_seconds(), 60)
    said = [message.text for message in slack.channel("security").messages]
    assert len([words for words in said if "100% of the resolution time" in words]) == 1
    assert "time missed" in incidents.messages[-1].text


def test_a_live_message_that_was_posted_anew_is_not_posted_once_more_for_its_line(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    security = slack.channel("security")
    security.messages.clear()  # somebody has deleted it
    slack.faults.add(Second(kind="429", times=1))
    moved(home, "In Progress")
    home.passes(120, 5)
    assert [message.thread_ts is None for message in security.messages] == [True, False]


@pytest.mark.parametrize("kind", ["html", "500-before", "close-before"])
def test_a_slack_that_gives_no_answer_for_hours_is_an_outage_that_is_told_and_uses_up_no_tries(
    slack: FakeSlack, house, kind
) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    slack.faults.add(Fault(kind=kind, method="*"))
    moved(home, "In Progress")
    home.passes(timedelta(hours=6).total_seconds(), 60)
    assert [one for one in home.incidents if "deliveries to slack are paused" in one.message]
    assert not [one for one in home.incidents if "given up" in one.message]
    slack.faults.clear()
    home.passes(1500, 10)
    live = [message for message in slack.messages("security") if message.thread_ts is None]
    assert len(live) == 1
    assert "In Progress" in live[0].text
