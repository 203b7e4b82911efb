"""One live message per incident: posted, edited, and the news in its thread."""

from datetime import timedelta

import attrs
import pytest
from soc_slack.plugin import Slack

from soc_core import (
    Change,
    Course,
    EscalationStep,
    PermanentError,
    Person,
    Priority,
    Secret,
    Status,
    TemporaryError,
    UncertainError,
)
from soc_core.testing.slack import FakeSlack, Fault


def test_a_critical_incident_is_posted_at_once_with_its_buttons(make, slack: FakeSlack, plugin: Slack) -> None:
    refs = plugin.on_incident_opened(make.incident(), make.delivery())
    (message,) = slack.messages("security")
    assert refs is not None
    assert refs["parent"] == f"{message.channel}:{message.ts}"
    assert "[CRITICAL] Security Alert - sshd (Severity 9)" in message.text
    assert "ticket pending" in message.text
    assert {"soc_create", "soc_acknowledge", "soc_investigate"} <= set(message.buttons)


def test_the_ticket_comes_into_the_same_message_with_text_and_blocks_together(
    make, slack: FakeSlack, plugin: Slack
) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    ticket = make.ticket()
    plugin.on_ticket_created(make.with_refs(incident, refs, ticket=ticket), ticket, make.delivery("job-2"))
    (message,) = slack.messages("security")
    assert "ticket SEC-1" in message.text
    assert "<https://jira.example.org/browse/SEC-1|SEC-1>" in message.shown
    assert message.buttons["soc_view"]["url"] == ticket.url
    assert "soc_create" not in message.buttons
    assert slack.asked("chat.update")[0].args.keys() >= {"text", "blocks"}


def test_a_change_from_jira_edits_the_message_and_tells_the_thread(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    moved = make.with_refs(incident, refs, status=Status.IN_PROGRESS)
    update = make.update(Change.STATUS, old="Open", new="In Progress")
    plugin.on_incident_updated(moved, update, make.delivery("job-2"))
    (message,) = slack.messages("security")
    (line,) = slack.thread(message)
    assert "In Progress by Ana Lee" in message.shown
    assert "soc_investigate" not in message.buttons
    assert "Open → In Progress" in line.text


def test_what_was_pressed_in_slack_is_not_echoed_into_the_thread(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    update = make.update(Change.STATUS, old="Open", new="In Progress", origin="slack")
    plugin.on_incident_updated(
        make.with_refs(incident, refs, status=Status.IN_PROGRESS), update, make.delivery("job-2")
    )
    (message,) = slack.messages("security")
    assert message.edits == 1
    assert slack.thread(message) == []


@pytest.mark.parametrize(
    ("origin", "ident", "told"), [("jira", "c1", 1), ("slack", "press:1", 1), ("slack", "reply:1", 0)]
)
def test_a_note_stands_in_the_thread_once(
    make, slack: FakeSlack, plugin: Slack, origin: str, ident: str, told: int
) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    update = make.update(Change.NOTE, text="looks like the backup job", origin=origin, id=ident)
    plugin.on_incident_updated(make.with_refs(incident, refs), update, make.delivery("job-2"))
    (message,) = slack.messages("security")
    assert len([m for m in slack.thread(message) if "looks like the backup job" in m.shown]) == told


def test_an_equal_state_is_not_sent_again(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    for number in range(5):
        plugin.on_incident_updated(
            make.with_refs(incident, refs), make.update(Change.COUNT), make.delivery(f"job-{number}")
        )
    assert slack.asked("chat.update") == []


def test_many_updates_that_waited_make_one_edit(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    newest = make.with_refs(incident, refs, count=500)
    for number in range(5):
        more = plugin.on_incident_updated(newest, make.update(Change.COUNT), make.delivery(f"job-{number}"))
        newest = make.with_refs(newest, more)
    (message,) = slack.messages("security")
    assert message.edits == 1
    assert "500 times" in message.shown


@pytest.mark.parametrize(
    ("severity", "where"), [(10.0, "security"), (8.0, "security"), (7.9, "system"), (6.0, "system"), (5.9, "general")]
)
def test_the_channel_follows_the_severity(make, slack: FakeSlack, severity: float, where: str) -> None:
    plugin = Slack(make.settings(slack, general_channel=slack.channel("general").id))
    plugin.on_incident_opened(make.incident(severity=severity), make.delivery())
    assert len(slack.messages(where)) == 1


def test_small_matters_are_shown_only_where_a_general_channel_was_asked_for(
    make, slack: FakeSlack, plugin: Slack
) -> None:
    assert plugin.on_incident_opened(make.incident(severity=5), make.delivery()) is None
    assert slack.asked("chat.postMessage") == []


def test_a_similar_alert_goes_into_the_thread_of_the_first_with_buttons_of_its_own(
    make, slack: FakeSlack, plugin: Slack
) -> None:
    first, second = make.incident(), make.incident()
    refs = plugin.on_incident_opened(first, make.delivery())
    assert refs is not None
    kept = {f"slack:{name}": value for name, value in refs.items()}
    second = attrs.evolve(second, similar_to=first.id, similar_refs=kept)
    more = plugin.on_incident_opened(second, make.delivery("job-2"))
    (message,) = slack.messages("security")
    (reply,) = slack.thread(message)
    assert reply.buttons["soc_acknowledge"]["value"] == second.id
    ticket = make.ticket("SEC-2")
    plugin.on_ticket_created(make.with_refs(second, more, ticket=ticket), ticket, make.delivery("job-3"))
    assert "soc_view" in slack.thread(message)[0].buttons
    assert "soc_view" not in slack.messages("security")[0].buttons


def test_an_escalation_mentions_people_and_groups_once(make, slack: FakeSlack) -> None:
    plugin = Slack(make.settings(slack, groups={"manager": "S0MANAGERS"}))
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    ana = Person(name="Ana Lee", slack="U0ANA00001")
    bo = Person(name="Bo Chen", email="bo@example.org")
    cy = Person(name="Cy", email="cy@example.org")
    step = EscalationStep(rung="half", share=0.5, notify=("manager",), people=(ana, bo, cy))
    for attempt in (1, 2, 3):
        plugin.on_escalation(make.with_refs(incident, refs), step, make.delivery("rung", attempt))
    (message,) = slack.messages("security")
    (line,) = slack.thread(message)
    assert line.text.startswith("<!subteam^S0MANAGERS> <@U0ANA00001> <@U0BO000001> Escalation (not mapped")
    assert "(not mapped in Slack: Cy)" in line.shown


def test_a_breach_is_shown_in_the_channel_as_well(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    step = EscalationStep(rung="breach", share=1.0, notify=("manager",))
    plugin.on_escalation(make.with_refs(incident, refs), step, make.delivery("rung"))
    assert slack.thread(slack.messages("security")[0])[0].broadcast


def test_a_resolved_incident_is_not_escalated(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    step = EscalationStep(rung="breach", overdue=timedelta(hours=24))
    plugin.on_escalation(make.with_refs(incident, refs, status=Status.RESOLVED), step, make.delivery("rung"))
    assert slack.thread(slack.messages("security")[0]) == []


def test_the_incidents_channel_hears_of_tickets_and_changes_of_status(make, slack: FakeSlack) -> None:
    plugin = Slack(make.settings(slack, incident_channel=slack.channel("incidents").id))
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    ticket = make.ticket()
    more = plugin.on_ticket_created(make.with_refs(incident, refs, ticket=ticket), ticket, make.delivery("job-2"))
    done = make.with_refs(make.with_refs(incident, refs), more, ticket=ticket, status=Status.RESOLVED)
    plugin.on_incident_updated(done, make.update(Change.STATUS, old="Open", new="Resolved"), make.delivery("job-3"))
    made, resolved = slack.messages("incidents")
    assert "SEC-1" in made.text
    assert "Resolved" in resolved.text
    assert f"archives/{slack.channel('security').id}/p" in made.shown


def test_a_matter_that_became_worse_is_told_where_it_would_belong_now(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident(severity=7)
    refs = plugin.on_incident_opened(incident, make.delivery())
    worse = make.with_refs(incident, refs, severity=9.0, priority=Priority.HIGHEST)
    update = make.update(Change.PRIORITY, old="High", new="Highest", origin="soc", actor="")
    plugin.on_incident_updated(worse, update, make.delivery("job-2"))
    (told,) = slack.messages("security")
    assert "Severity rose to 9" in told.text
    assert slack.thread(slack.messages("system")[0])[0].broadcast


def test_what_begins_again_is_seen_by_the_whole_channel(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    update = make.update(Change.STATUS, old="Closed", new="Open", origin="soc", actor="", text="it happened again")
    plugin.on_incident_updated(make.with_refs(incident, refs), update, make.delivery("job-2"))
    (line,) = slack.thread(slack.messages("security")[0])
    assert line.broadcast
    assert "it happened again" in line.text


def test_alerts_that_are_not_told_stay_untold_until_they_get_a_ticket(make, slack: FakeSlack, plugin: Slack) -> None:
    quiet = make.incident(severity=7, kind=Course.ALERT)
    plugin.on_incident_updated(quiet, make.update(Change.COUNT, origin="soc"), make.delivery())
    assert slack.messages("system") == []
    promoted = attrs.evolve(quiet, kind=Course.TICKET)
    plugin.on_incident_updated(promoted, make.update(Change.PROMOTED, origin="soc"), make.delivery("job-2"))
    assert len(slack.messages("system")) == 1


def test_a_critical_alert_is_not_hidden_in_the_thread_of_a_lesser_one(make, slack: FakeSlack, plugin: Slack) -> None:
    lesser = make.incident(severity=7)
    refs = plugin.on_incident_opened(lesser, make.delivery())
    assert refs is not None
    kept = {f"slack:{name}": value for name, value in refs.items()}
    plugin.on_incident_opened(make.incident(similar_to=lesser.id, similar_refs=kept), make.delivery("job-2"))
    assert len(slack.messages("security")) == 1
    assert slack.thread(slack.messages("system")[0]) == []


def test_a_similar_alert_stands_alone_when_the_first_message_is_gone(make, slack: FakeSlack, plugin: Slack) -> None:
    first = make.incident()
    refs = plugin.on_incident_opened(first, make.delivery())
    assert refs is not None
    kept = {f"slack:{name}": value for name, value in refs.items()}
    slack.channel("security").messages.clear()
    second = make.incident(similar_to=first.id, similar_refs=kept)
    more = plugin.on_incident_opened(second, make.delivery("job-2"))
    plugin.on_incident_updated(
        make.with_refs(second, more), make.update(Change.NOTE, text="look"), make.delivery("job-3")
    )
    (message,) = slack.messages("security")
    assert len(slack.thread(message)) == 1


def test_a_similar_alert_waits_a_moment_for_the_first_message(make, slack: FakeSlack, plugin: Slack) -> None:
    second = make.incident(similar_to="INC-0")
    for attempt in (1, 2):
        with pytest.raises(TemporaryError, match="waits for the message of INC-0"):
            plugin.on_incident_opened(second, make.delivery(attempt=attempt))
    assert plugin.on_incident_opened(second, make.delivery(attempt=3)) is not None


@pytest.mark.parametrize(
    ("word", "error", "everything"),
    [
        ("channel_is_archived", PermanentError, False),
        ("no_service", TemporaryError, True),
        ("429", TemporaryError, False),
        ("500-after", UncertainError, False),
        ("close-after", UncertainError, False),
    ],
)
def test_the_troubles_of_a_webhook_are_sorted_too(make, slack: FakeSlack, word, error, everything) -> None:
    url = Secret(slack.webhook_url("security"))
    plugin = Slack(make.settings(slack, bot_token=None, webhook_url=url, security_channel=None))
    slack.faults.add(Fault(kind=word, method="webhook"))
    with pytest.raises(error) as refused:
        plugin.on_incident_opened(make.incident(), make.delivery())
    assert getattr(refused.value, "whole_destination", False) is everything
    assert url.reveal() not in str(refused.value)


def test_a_webhook_alone_posts_without_buttons(make, slack: FakeSlack) -> None:
    plugin = Slack(
        make.settings(slack, bot_token=None, webhook_url=Secret(slack.webhook_url("security")), security_channel=None)
    )
    incident = make.incident()
    assert plugin.on_incident_opened(incident, make.delivery()) is None
    ticket = make.ticket()
    plugin.on_ticket_created(attrs.evolve(incident, ticket=ticket), ticket, make.delivery("job-2"))
    opened, ticketed = slack.messages("security")
    assert opened.buttons == ticketed.buttons == {}
    assert ticket.url is not None
    assert ticket.url in ticketed.shown


def test_an_alert_without_ticket_offers_one_and_a_closed_incident_nothing_of_the_kind(
    make, slack: FakeSlack, plugin: Slack
) -> None:
    alert = make.incident(kind=Course.ALERT, severity=8)
    refs = plugin.on_incident_opened(alert, make.delivery())
    assert "soc_create" in slack.messages("security")[0].buttons
    closed = make.with_refs(alert, refs, status=Status.CLOSED)
    plugin.on_incident_updated(closed, make.update(Change.STATUS, old="Open", new="Closed"), make.delivery("job-2"))
    assert not {"soc_create", "soc_acknowledge", "soc_resolve"} & set(slack.messages("security")[0].buttons)


def test_who_brought_it_where_it_stands_is_named_and_nobody_for_what_was_overtaken(
    make, slack: FakeSlack, plugin: Slack
) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    resolved = make.with_refs(incident, refs, status=Status.RESOLVED)
    overtaken = make.update(Change.STATUS, old="Open", new="In Progress", actor="Ana Lee")
    more = plugin.on_incident_updated(resolved, overtaken, make.delivery("job-2"))
    assert "by Ana Lee" not in slack.messages("security")[0].shown
    newest = make.update(Change.STATUS, old="In Progress", new="Resolved", actor="Bo Chen")
    last = plugin.on_incident_updated(make.with_refs(resolved, more), newest, make.delivery("job-3"))
    assert "Resolved by Bo Chen" in slack.messages("security")[0].shown
    closed = make.with_refs(make.with_refs(resolved, more), last, status=Status.CLOSED)
    plugin.on_incident_updated(
        closed, make.update(Change.STATUS, old="Resolved", new="Closed", actor="", origin="soc"), make.delivery("job-4")
    )
    assert "by Bo Chen" not in slack.messages("security")[0].shown


def test_an_escalation_of_a_small_matter_is_heard_all_the_same(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident(severity=5)
    assert plugin.on_incident_opened(incident, make.delivery()) is None
    plugin.on_escalation(incident, EscalationStep(rung="breach", share=1.0), make.delivery("rung"))
    (message,) = slack.messages("security")
    assert "Escalation" in message.text


def test_an_older_state_never_overwrites_a_newer_one(make, slack: FakeSlack, plugin: Slack) -> None:
    incident = make.incident()
    refs = plugin.on_incident_opened(incident, make.delivery())
    newer = make.with_refs(incident, refs, count=9, version=5)
    plugin.on_incident_updated(newer, make.update(Change.COUNT), make.delivery("job-2"))
    older = make.with_refs(incident, refs, count=4, version=4)
    plugin.on_incident_updated(older, make.update(Change.COUNT), make.delivery("job-3"))
    assert "9 times" in slack.messages("security")[0].shown
