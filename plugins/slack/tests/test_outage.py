"""Slack is gone for an hour: two houses side by side, one of which has no Slack, live through the same hour."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from soc_core import Change, Update, hookimpl
from soc_core.testing.slack import FakeSlack, Fault

MINUTE = timedelta(minutes=1)
SEVERITIES = (9, 8, 9.5)
MOVES = {4: "In Progress", 8: "Resolved", 12: "Open", 16: "In Progress"}
OUTAGES = {
    "refuses": lambda slack: setattr(slack, "login", "service_unavailable"),
    "breaks": lambda slack: slack.faults.add(Fault(kind="reset-before", method="*")),
}


class Pager:
    """Another way to tell people, which works all the time."""

    def __init__(self, clock):
        self.clock = clock
        self.rang = []

    @hookimpl
    def on_escalation(self, incident, step, delivery):
        self.rang.append((self.clock.now(), incident.source, step.clock, step.rung))


@pytest.fixture
def pagers(clock):
    return {"well": Pager(clock), "ill": Pager(clock)}


@pytest.fixture
def houses(house, slack, clock, pagers):
    """One with a Slack of its own, and one whose Slack is about to go."""
    people = {name: {"roles": ["analyst"], "slack": f"U0{name.upper()}00001"} for name in ("ana", "eve")}
    more = {"people": people | {"bo": {"roles": ["manager", "lead"]}}}
    with FakeSlack(now=clock.now) as other:
        env = {
            "SLACK_API_URL": other.url,
            "SLACK_BOT_TOKEN": other.bot_token,
            "SLACK_SECURITY_CHANNEL": other.channel("security").id,
            "SLACK_SYSTEM_CHANNEL": other.channel("system").id,
        }
        well = house(store="well.db", env=env, beside=[("pager", pagers["well"])], **more)
        ill = house(store="ill.db", beside=[("pager", pagers["ill"])], **more)
        yield well, ill


def move_of(source, minute):
    """What people do with an incident in this minute: with some nothing, some they close, some go to and fro."""
    if not source.startswith("app") or minute > 50:  # what is newer when Slack comes back is news
        return None
    began = int(source[3:])
    return None if began % 2 == 0 else "Closed" if (minute - began, began % 4) == (20, 3) else MOVES.get(minute - began)


def what_became_of(home):
    """Every incident but those about soc-core itself: its ticket, its clocks, and what happened when."""
    found = {}
    for one in home.incidents:
        if one.source == "soc-core":
            continue
        told = [
            (entry.at, entry.what, details.get("rung"), details.get("due"))
            for entry in home.soc.reports.timeline(one.id)
            for details in [json.loads(entry.body)]
            if entry.what.startswith(("ticket.", "escalation.", "incident."))
        ]
        found[one.source] = (one.status, one.assignee, one.priority, one.clocks, one.ticket, told)
    return found


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_hour_without_slack_changes_nothing_else_and_leaves_one_current_message_each(
    houses, slack, clock, pagers, outage
):
    OUTAGES[outage](slack)
    for minute in range(61):
        for home in houses:
            if minute % 3 == 0:
                home.soc.submit([(f"app{minute}", f"{SEVERITIES[minute % 9 // 3]} Security Alert: trouble {minute}")])
            for one in home.incidents:
                if new := move_of(one.source, minute):
                    update = Update(change=Change.STATUS, origin="jira", at=clock.now(), actor="ana", new=new)
                    home.soc.change(one.id, update)
            home.soc.work()
        clock.advance(MINUTE)
    well, ill = houses
    assert what_became_of(ill) == what_became_of(well)
    assert pagers["ill"].rang == pagers["well"].rang
    assert len({rung for *_, rung in pagers["ill"].rang}) >= 2  # some were half over by then, some missed
    assert all(slack.messages(name) == [] for name in ("security", "system"))

    slack.login = "ok"
    slack.faults.clear()
    before = len(slack.calls)
    ill.passes(900, step=5)
    open_ones = {one.id: one for one in ill.incidents if one.status.active and one.source != "soc-core"}
    shown = {m.text.split(" · ")[1]: m for m in slack.messages("security") if "soc-core" not in m.text}
    assert Counter(m.text.split(" · ")[1] for m in slack.messages("security")).most_common(1)[0][1] == 1
    assert set(shown) == set(open_ones)
    for name, message in shown.items():
        assert f"ticket {open_ones[name].ticket.key}" in message.text
        assert f"· {open_ones[name].status} ·" in message.text
        assert all("Escalation" in line.text for line in slack.thread(message))
    there = slack.channel("security").id
    posts = [c for c in slack.calls[before:] if (c.method, c.args.get("channel")) == ("chat.postMessage", there)]
    assert len(posts) == sum(1 + len(slack.thread(message)) for message in shown.values())
