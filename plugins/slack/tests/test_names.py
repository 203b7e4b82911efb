"""Who somebody is, when Slack does not tell at once: nobody is taken for a stranger, and nobody goes unmentioned."""

from datetime import timedelta

import pytest

from soc_core import EscalationStep, Person, TemporaryError
from soc_core.testing.slack import FakeSlack, Fault

BY_ADDRESS = {"ana": {"email": "ana@example.org"}}


@pytest.mark.parametrize("kind", ["429", "500-before", "html", "close-before"])
def test_a_press_of_somebody_slack_does_not_name_can_be_repeated(make, slack: FakeSlack, house, kind: str) -> None:
    home = house(people=BY_ADDRESS)
    make.over_http(slack, home)
    home.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    slack.faults.add(Fault(kind=kind, method="users.info", times=1))
    slack.person("ana").presses(message, "soc_acknowledge")
    assert make.until(lambda: slack.whispers)
    assert "please try again" in str(slack.whispers[0]["text"])
    slack.person("ana").presses(message, "soc_acknowledge")
    assert home.incidents[0].acknowledged_by == "ana"


def test_each_reply_that_was_not_kept_is_told(make, slack: FakeSlack, house) -> None:
    home = house(people=BY_ADDRESS)
    make.over_http(slack, home)
    home.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    slack.faults.add(Fault(kind="429", method="users.info", times=2))
    for text in ("one", "two", "three"):
        slack.person("ana").replies(message, text)
    assert make.until(lambda: len(slack.whispers) == 2)
    assert all(whisper["thread_ts"] == message.ts for whisper in slack.whispers)
    assert [note.text for note in home.soc.reports.notes("INC-1")] == ["three"]


@pytest.mark.parametrize("kind", ["429", "500-before", "close-before"])
def test_an_escalation_waits_a_moment_for_a_name_and_then_mentions_it(make, slack: FakeSlack, plugin, kind) -> None:
    incident = make.incident()
    known = make.with_refs(incident, plugin.on_incident_opened(incident, make.delivery()))
    bo = Person(name="Bo Chen", email="bo@example.org")
    step = EscalationStep(rung="50%", clock="resolution", share=0.5, notify=("manager",), people=(bo,))
    slack.faults.add(Fault(kind=kind, method="users.lookupByEmail", times=1))
    with pytest.raises(TemporaryError):
        plugin.on_escalation(known, step, make.delivery("job-2"))
    plugin.on_escalation(known, step, make.delivery("job-2", 2))
    (said,) = slack.thread(slack.messages("security")[0])
    assert "<@U0BO000001>" in said.text


def test_an_escalation_is_not_held_up_for_ever_by_a_name(make, slack: FakeSlack, plugin) -> None:
    incident = make.incident()
    known = make.with_refs(incident, plugin.on_incident_opened(incident, make.delivery()))
    bo = Person(name="Bo Chen", email="bo@example.org")
    step = EscalationStep(
        rung="+24h", clock="resolution", overdue=timedelta(hours=24), notify=("manager",), people=(bo,)
    )
    slack.faults.add(Fault(kind="internal_error", method="users.lookupByEmail"))
    plugin.on_escalation(known, step, make.delivery("job-2", 4))
    assert "Bo Chen" in slack.thread(slack.messages("security")[0])[0].text


def test_the_presence_of_the_others_is_told_when_one_cannot_be_named(make, slack: FakeSlack, house) -> None:
    slack.workspace.groups["S1"] = ["U0BO000001", "U0ANA00001"]
    home = house(plugins={"disable": ["rules", "jira", "local"], "slack": {"on_call_group": "S1"}})
    hints = []

    class Inbox:
        def availability(self, person, available, reason, until):
            hints.append((person, available))

    services = home.soc.plugins.object("slack").register_services(inbox=Inbox(), reports=home.soc.reports)
    slack.faults.add(Fault(kind="internal_error", method="users.info"))  # bo is known by his address only
    next(service for service in services if service.name == "presence").run(None)
    assert hints == [("ana", True)]
