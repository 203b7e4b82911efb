"""Many at once and much going wrong: one message each and none missing; a digest instead of a flood; no old news."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from soc_core import Change, Update
from soc_core.testing.slack import FakeSlack, Fault, Rates

WORKER = Path(__file__).parent / "storm_worker.py"


def worker(slack: FakeSlack, folder: Path, number: int, hours: int, start: float) -> subprocess.Popen:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    env |= {
        "SLACK_API_URL": slack.url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SECURITY_CHANNEL": slack.channel("security").id,
        "STORM_START": str(start),
        "STORM_SLACK": json.dumps({"timeout": "1s", "late": "100h"}),
    }
    return subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), str(number), str(hours)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("number", "kills"), [(40, 2), pytest.param(300, 5, marks=pytest.mark.chaos)], ids=["short", "long"]
)
def test_faults_everywhere_and_kills_leave_one_message_per_incident(tmp_path, number, kills) -> None:
    if number > 100 and "SOC_CHAOS" not in os.environ:
        pytest.skip("the long form runs with SOC_CHAOS=1")
    with FakeSlack() as slack:
        for kind in ("close-after", "slow", "429", "500-after", "truncated"):
            slack.faults.add(Fault(kind=kind, method="*", share=0.05, seconds=1.5, retry_after=2))
        start = datetime.now(UTC).timestamp()
        for turn in range(kills):
            process = worker(slack, tmp_path, number, turn, start)
            target = len(slack.messages("security")) + number // (kills + 1)
            ends = time.monotonic() + 60
            while len(slack.messages("security")) < target and process.poll() is None and time.monotonic() < ends:
                time.sleep(0.005)  # a look at another process, not a wait for time to pass
            process.kill()
            process.communicate()
        process = worker(slack, tmp_path, number, kills, start)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        # The house tells of its own trouble as well; that is no part of this count.
        messages = [m for m in slack.messages("security") if "soc-core" not in m.text]
        shown = Counter(message.text.split(" · ")[1] for message in messages)
        met = Counter(call.status for call in slack.calls)
    assert met[0] > 0
    assert met[429] > 0
    assert met[500] > 0
    assert len(shown) == number
    assert set(shown.values()) == {1}
    assert all("ticket SEC-" in message.text for message in messages)


def test_after_an_hour_without_slack_there_is_one_current_message_and_no_old_news(slack: FakeSlack, house) -> None:
    home = house()
    slack.login = "service_unavailable"
    home.happens("9 Security Alert: root logged in")
    home.happens("9 Security Alert: over before Slack is back", source="cron")
    first, second = sorted((i for i in home.incidents if i.source != "soc-core"), key=lambda incident: incident.id)
    for new in ("In Progress", "Open", "In Progress"):
        update = Update(change=Change.STATUS, origin="jira", at=home.clock.now(), actor="ana", new=new)
        home.soc.change(first.id, update)
        home.passes(600, step=60)
    closed = Update(change=Change.STATUS, origin="jira", at=home.clock.now(), actor="ana", new="Closed")
    home.soc.change(second.id, closed)
    home.passes(1800, step=60)
    assert home.tracker.made == [first.id, second.id]
    slack.login = "ok"
    home.passes(1200, step=10)
    (message,) = slack.messages("security")
    assert "ticket SEC-1" in message.text
    assert "In Progress by ana" in message.shown
    assert [line for line in slack.thread(message) if "Escalation" not in line.text] == []


def test_a_storm_ends_in_a_digest_within_the_rate_limits_and_the_critical_come_first(clock, house, slack) -> None:
    slack.rates = Rates()
    home = house()
    home.soc.submit([(f"app{n}", f"7 Error: trouble {n}") for n in range(1000)])
    home.soc.submit([(f"db{n}", f"9 Security Alert: breach {n}") for n in range(3)])
    home.soc.work()
    assert all("breach" not in message.shown for message in slack.messages("system"))
    home.passes(180, step=3)
    assert slack.rates.early == []
    assert [call for call in slack.calls if call.status == 429] == []
    messages = [*slack.messages("security"), *slack.messages("system")]
    assert len(messages) <= 64
    assert any("Storm" in message.shown for message in messages)


def test_the_sweep_takes_away_what_slipped_through(make, slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    plugin = home.soc.plugins.object("slack")
    # A worker that slept through its lease posts late.
    plugin.on_incident_opened(attrs.evolve(home.incidents[0], refs={}), make.delivery())
    assert len(slack.messages("security")) == 2
    home.passes(700, step=100)
    assert slack.messages("security") == [message]


def test_the_time_left_is_kept_up_to_date(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    if not home.incidents[0].clocks:
        pytest.skip("soc-sla is not installed: there is no clock to show")
    assert "(1 h 0 min left)" in slack.messages("security")[0].shown
    home.passes(1200, step=60)
    assert "(40 min left)" in slack.messages("security")[0].shown


def test_no_message_is_left_with_an_old_time_on_a_bad_night(slack: FakeSlack, house) -> None:
    slack.rates = Rates()
    home = house(storm={"limit": 1000})
    home.soc.submit([(f"host{number}", f"9 Security Alert: trouble {number}") for number in range(50)])
    home.passes(120, step=2)
    if not home.incidents[0].clocks:
        pytest.skip("soc-sla is not installed: there is no clock to show")
    home.passes(30 * 60, step=60)
    left = [int(found) for m in slack.messages("security") for found in re.findall(r"\((\d+) min left", m.shown)]
    assert len(left) == 50
    assert all(28 <= minutes <= 36 for minutes in left)  # 28 are left, and a message may be some minutes old
    assert slack.rates.early == []
    assert [call for call in slack.asked("chat.update") if call.status == 429] == []
