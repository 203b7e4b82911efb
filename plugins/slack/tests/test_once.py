"""One message each, whatever happens on the way: lost answers, refusals, rate limits, doubles."""

from datetime import timedelta

import pytest
from soc_slack.plugin import Slack

from soc_core import Change, PermanentError, TemporaryError, UncertainError
from soc_core.testing.slack import FakeSlack, Fault


@pytest.mark.parametrize(
    ("kind", "posted"),
    [
        ("close-before", 0),
        ("reset-before", 0),
        ("close-after", 1),
        ("reset-after", 1),
        ("slow", 1),
        ("truncated", 1),
        ("html", 0),
        ("500-before", 0),
        ("500-after", 1),
        ("503-after", 1),
        ("internal_error", 0),
    ],
)
def test_a_lost_answer_is_uncertain_and_the_next_try_looks_first(
    make, slack: FakeSlack, plugin: Slack, kind, posted
) -> None:
    slack.faults.add(Fault(kind=kind, times=1, seconds=60))
    incident = make.incident()
    with pytest.raises(UncertainError):
        Slack(make.settings(slack, timeout=timedelta(seconds=2))).on_incident_opened(incident, make.delivery())
    assert len(slack.asked("chat.postMessage")) == 1
    assert len(slack.messages("security")) == posted
    refs = plugin.on_incident_opened(incident, make.delivery(attempt=2, uncertain=True))
    (message,) = slack.messages("security")
    assert refs is not None
    assert refs["parent"] == f"{message.channel}:{message.ts}"


def test_a_thread_line_is_found_again_as_well(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    slack.faults.add(Fault(kind="close-after", times=1))
    known, update = make.with_refs(incident, refs), make.update(Change.NOTE, text="look")
    with pytest.raises(UncertainError):
        plugin.on_incident_updated(known, update, make.delivery("job-2"))
    plugin.on_incident_updated(known, update, make.delivery("job-2", 2, uncertain=True))
    assert len(slack.thread(slack.messages("security")[0])) == 1


def test_of_two_equal_messages_the_younger_goes(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    plugin.on_incident_opened(incident, make.delivery())
    plugin.on_incident_opened(incident, make.delivery())  # a worker that had slept through its lease
    oldest = slack.messages("security")[0]
    refs = plugin.on_incident_opened(incident, make.delivery(attempt=2))
    assert slack.messages("security") == [oldest]
    assert refs is not None
    assert refs["parent"].endswith(oldest.ts)


def test_nothing_in_the_metadata_says_what_it_is_about(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    plugin.on_incident_opened(incident, make.delivery())
    said = str(slack.messages("security")[0].metadata)
    assert not any(word in said for word in (incident.id, incident.marker, incident.source, incident.label))


def test_a_rate_limit_is_waited_out_and_never_called_into(make, slack: FakeSlack, plugin: Slack) -> None:
    slack.faults.add(Fault(kind="429", times=1, retry_after=30))
    incident = make.incident()
    with pytest.raises(TemporaryError) as refused:
        plugin.on_incident_opened(incident, make.delivery())
    assert refused.value.retry_after == timedelta(seconds=30)
    assert not refused.value.whole_destination
    with pytest.raises(TemporaryError):
        plugin.on_incident_opened(make.incident(), make.delivery("other"))
    assert len(slack.asked("chat.postMessage")) == 1
    assert plugin.on_incident_opened(make.incident(severity=7), make.delivery("third")) is not None


@pytest.mark.parametrize("word", ["token_revoked", "invalid_auth", "account_inactive", "missing_scope"])
def test_a_bad_token_stops_everything_and_says_what_to_change(make, slack: FakeSlack, plugin: Slack, word) -> None:
    slack.faults.add(Fault(kind=word))
    with pytest.raises(TemporaryError) as refused:
        plugin.on_incident_opened(make.incident(), make.delivery())
    assert refused.value.whole_destination
    assert slack.bot_token not in str(refused.value)


def test_a_missing_scope_is_named(make, slack: FakeSlack, plugin: Slack) -> None:
    slack.api.scopes.discard("chat:write")
    with pytest.raises(TemporaryError, match="needed chat:write"):
        plugin.on_incident_opened(make.incident(), make.delivery())


def test_slack_out_of_reach_stops_the_whole_destination(make, slack: FakeSlack) -> None:
    plugin = Slack(make.settings(slack, api_url="http://127.0.0.1:9/api/"))
    with pytest.raises(TemporaryError) as refused:
        plugin.on_incident_opened(make.incident(), make.delivery())
    assert refused.value.whole_destination


def test_an_archived_channel_is_left_for_another_one(make, slack: FakeSlack, plugin: Slack) -> None:
    slack.channel("security").archived = True
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    assert len(slack.messages("system")) == 1
    again = plugin.on_incident_opened(incident, make.delivery(attempt=2, uncertain=True))
    assert len(slack.messages("system")) == 1
    assert refs is not None
    assert again is not None
    assert again["parent"] == refs["parent"]


def test_if_no_channel_takes_it_a_person_has_to_look(make, slack: FakeSlack, plugin: Slack) -> None:
    for name in ("security", "system"):
        slack.channel(name).member = False
    with pytest.raises(PermanentError, match="no channel takes"):
        plugin.on_incident_opened(make.incident(), make.delivery())


@pytest.mark.parametrize("word", ["invalid_blocks", "msg_blocks_too_long", "metadata_too_large"])
def test_an_alert_is_never_lost_to_formatting(make, slack: FakeSlack, plugin: Slack, word) -> None:
    slack.faults.add(Fault(kind=word, times=1))
    plugin.on_incident_opened(make.incident(), make.delivery())
    (message,) = slack.messages("security")
    assert message.blocks == []
    assert "[CRITICAL]" in message.text


def test_a_deleted_live_message_is_posted_again(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    slack.channel("security").messages.clear()
    known = make.with_refs(incident, refs, count=7)
    more = plugin.on_incident_updated(known, make.update(Change.NOTE, text="look"), make.delivery("job-2"))
    (message,) = slack.messages("security")
    assert more is not None
    assert more["parent"].endswith(message.ts)
    assert len(slack.thread(message)) == 1


def test_a_crowd_waits_its_turn_per_channel_and_the_critical_overtakes(make, slack: FakeSlack, plugin: Slack) -> None:
    done, waits = 0, []
    for number in range(12):
        try:
            plugin.on_incident_opened(make.incident(severity=7), make.delivery(f"job-{number}"))
            done += 1
        except TemporaryError as wait:
            waits.append(wait.retry_after)
    assert done == len(slack.asked("chat.postMessage")) == 5
    assert waits == sorted(waits)
    plugin.on_incident_opened(make.incident(severity=9, source="other"), make.delivery("critical"))
    urgent = make.incident(severity=9.5)
    assert plugin.on_incident_opened(urgent, make.delivery("urgent")) is not None


def test_names_of_channels_are_resolved_once(make, slack: FakeSlack) -> None:
    plugin = Slack(make.settings(slack, security_channel="#security"))
    for number in range(3):
        plugin.on_incident_opened(make.incident(), make.delivery(f"job-{number}", attempt=2))
    assert len(slack.asked("conversations.list")) == 1
    assert len(slack.messages("security")) == 3


def test_without_the_right_to_look_an_alert_goes_out_all_the_same(make, slack: FakeSlack, plugin: Slack) -> None:
    slack.api.scopes -= {"channels:history", "groups:history"}
    slack.faults.add(Fault(kind="close-before", times=1))
    incident = make.incident()
    with pytest.raises(UncertainError):
        plugin.on_incident_opened(incident, make.delivery())
    assert plugin.on_incident_opened(incident, make.delivery(attempt=2, uncertain=True)) is not None
    assert len(slack.messages("security")) == 1
