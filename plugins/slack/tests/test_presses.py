"""Buttons, forms and thread replies, over Socket Mode and over HTTP: one effect each, and only for those who may."""

import json
import threading
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soc_slack.client import Client
from soc_slack.inbound import Inbound
from soc_slack.people import People
from soc_slack.settings import Settings, login_of

from soc_core import Course, Secret, Status, Verdict
from soc_core.testing.slack import FakeSlack, Fault


def test_acknowledge_is_answered_at_once_and_the_message_names_who_did_it(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    answer = slack.person("ana").presses(slack.messages("security")[0], "soc_acknowledge")
    assert answer.acknowledged
    wired.soc.work()
    (message,) = slack.messages("security")
    assert wired.incidents[0].acknowledged_by == "ana"
    assert "Acknowledged by ana" in message.shown
    assert "soc_acknowledge" not in message.buttons


def test_investigate_assign_resolve_and_verdict_change_the_incident(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    ana = slack.person("ana")
    for action in ("soc_investigate", "soc_assign", "soc_false_positive", "soc_resolve"):
        assert ana.presses(slack.messages("security")[0], action).acknowledged
        wired.soc.work()
    (incident,) = wired.incidents
    assert incident.status is Status.RESOLVED
    assert incident.assignee == "ana"
    assert incident.verdict is Verdict.FALSE_POSITIVE
    (message,) = slack.messages("security")
    assert "Resolved by ana" in message.shown
    assert "false positive by ana" in message.shown


def test_create_incident_pressed_five_times_by_two_people_makes_one_ticket(slack: FakeSlack, wired) -> None:
    wired.happens("7 Error: disk is failing")
    (message,) = slack.messages("system")
    for name in ("ana", "bo", "ana", "bo", "ana"):
        assert slack.person(name).presses(message, "soc_create").acknowledged
    wired.soc.work()
    (message,) = slack.messages("system")
    assert len(wired.tracker.made) == 1
    assert wired.incidents[0].kind is Course.TICKET
    assert "soc_create" not in message.buttons
    assert "soc_view" in message.buttons
    assert "Ticket asked for by ana" in message.shown


def test_create_incident_after_the_ticket_was_deleted_makes_one_new_ticket(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    tracker = wired.incidents[0].ticket.tracker
    wired.soc.inbox(tracker).ticket_gone("INC-1", "SEC-1 was deleted")
    wired.soc.work()
    assert wired.incidents[0].ticket is None
    (message,) = slack.messages("security")
    for name in ("ana", "bo", "ana", "bo", "ana"):
        assert slack.person(name).presses(message, "soc_create").acknowledged
    wired.soc.work()
    assert len(wired.tracker.made) == 2
    (message,) = slack.messages("security")
    assert "soc_create" not in message.buttons
    assert f"ticket {wired.incidents[0].ticket.key}" in message.text
    assert "Ticket asked for by ana" in message.shown


def test_create_incident_while_the_automatic_ticket_is_under_way_makes_one_ticket(slack: FakeSlack, wired) -> None:
    wired.tracker.hangs = True
    wired.soc.submit([("sshd", "9 Security Alert: root logged in")])
    at_work = threading.Thread(target=wired.soc.work)
    at_work.start()
    assert wired.tracker.hanging.wait(60)
    (message,) = slack.messages("security")
    answers = [slack.person(name).presses(message, "soc_create") for name in ("ana", "bo", "ana", "bo", "ana")]
    wired.tracker.let_go.set()
    at_work.join(60)
    assert all(answer.acknowledged for answer in answers)
    assert min(answer.seconds for answer in answers) < 1  # this machine may be slow once
    wired.soc.work()
    assert len(wired.tracker.made) == 1
    assert "ticket SEC-1" in slack.messages("security")[0].text


def test_the_same_press_delivered_again_has_no_second_effect(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    ana = slack.person("ana")
    message = slack.messages("security")[0]
    pressed = ana.press(message, "soc_investigate")
    assert ana.sends(pressed).acknowledged
    bo = slack.person("bo")
    back = bo.press(message, "soc_resolve")
    assert bo.sends(back).acknowledged
    wired.clock.advance(timedelta(seconds=1))
    assert ana.sends({**pressed, "trigger_id": "other"}).acknowledged
    assert wired.incidents[0].status is Status.RESOLVED


def test_view_ticket_is_acknowledged_and_does_nothing(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    before = wired.incidents
    assert slack.person("guest").presses(slack.messages("security")[0], "soc_view").acknowledged
    assert wired.incidents == before


def test_strangers_get_a_private_refusal_and_change_nothing(make, slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    before = wired.incidents
    assert slack.person("guest").presses(slack.messages("security")[0], "soc_acknowledge").acknowledged
    assert make.until(lambda: slack.whispers)
    assert slack.whispers[0]["user"] == "U0GUEST001"
    assert "not known here" in str(slack.whispers[0]["text"])
    assert wired.incidents == before


def test_somebody_of_another_workspace_is_not_believed_their_address(make, slack: FakeSlack, wired) -> None:
    slack.person("guest").user.email = "ana@example.org"
    wired.happens("9 Security Alert: root logged in")
    slack.person("guest").presses(slack.messages("security")[0], "soc_acknowledge")
    assert make.until(lambda: slack.whispers)
    assert wired.incidents[0].acknowledged_at is None


def test_only_the_roles_that_may_act_act(make, slack: FakeSlack, house) -> None:
    home = house(plugins={"disable": ["rules", "jira", "local"], "slack": {"roles_that_act": ["manager"]}})
    make.over_http(slack, home)
    home.happens("9 Security Alert: root logged in")
    slack.person("ana").presses(slack.messages("security")[0], "soc_acknowledge")
    assert home.incidents[0].acknowledged_at is None
    slack.person("bo").presses(slack.messages("security")[0], "soc_acknowledge")
    assert home.incidents[0].acknowledged_by == "bo"


def test_what_may_not_be_done_is_refused_in_private_words(make, slack: FakeSlack, wired) -> None:
    wired.happens("7 Error: disk is failing")
    message = slack.messages("system")[0]
    slack.person("ana").presses(message, "soc_acknowledge")
    slack.person("bo").presses(message, "soc_acknowledge")
    assert make.until(lambda: slack.whispers)
    assert "was acknowledged by ana" in str(slack.whispers[0]["text"])


def test_a_note_is_written_in_a_form_and_stands_in_the_thread(make, slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    ana = slack.person("ana")
    assert ana.presses(slack.messages("security")[0], "soc_note").acknowledged
    assert make.until(lambda: slack.workspace.views)
    view = ana.view()
    empty = ana.submits(view, note_text="   ")
    assert empty.body == {"response_action": "errors", "errors": {"note": "Write something first."}}
    assert ana.submits(view, note_text="The backup job, <not> an attack").acknowledged
    wired.clock.advance(timedelta(seconds=1))
    assert ana.submits(view, note_text="The backup job, <not> an attack").acknowledged
    wired.soc.work()
    (note,) = wired.soc.reports.notes(wired.incidents[0].id)
    assert (note.author, note.text) == ("ana", "The backup job, <not> an attack")
    (line,) = slack.thread(slack.messages("security")[0])
    assert "The backup job, <not> an attack" in line.shown


def test_why_tells_the_explanation_in_private(make, slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    slack.person("ana").presses(slack.messages("security")[0], "soc_why")
    assert make.until(lambda: slack.whispers)
    assert "as it says" in json.dumps(slack.whispers[0])


def test_a_thread_reply_becomes_a_note_once(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    ana = slack.person("ana")
    event = ana.reply(message, "seen before, <@U0BO000001> knows &lt;why&gt; <https://wiki.example.org|here>")
    for _ in range(3):
        assert ana.sends(event, kind="events_api").acknowledged
        wired.clock.advance(timedelta(minutes=1))
    wired.soc.work()
    (note,) = wired.soc.reports.notes(wired.incidents[0].id)
    assert note.text == "seen before, @U0BO000001 knows <why> here (https://wiki.example.org)"
    assert len(slack.thread(message)) == 1


def test_edits_bots_and_other_threads_are_no_notes(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    ana = slack.person("ana")
    ana.replies(message, "edited", subtype="message_changed")
    ana.replies(message, "a bot", bot_id="B0SOC00001")
    ana.replies(message, "elsewhere", thread_ts="1700000000.000001")
    ana.replies(message, "not in a thread", thread_ts=None)
    wired.soc.work()
    assert wired.soc.reports.notes(wired.incidents[0].id) == ()


def test_what_people_talk_about_among_themselves_is_looked_for_once(make, slack: FakeSlack) -> None:
    looked = []

    class Book(make.book):
        def incidents(self, **given):
            looked.append(given)
            return super().incidents(**given)

    book, chosen = Book(make.clock(make.now)), make.settings(slack)
    people = People(None, {})
    people.reports = book
    inbound = Inbound(
        client=Client(login_of(chosen), chosen), people=people, inbox=None, reports=book, roles=frozenset()
    )
    young = f"{make.now.timestamp() - 60:.6f}"
    event = {"type": "message", "user": "U0ANA00001", "channel": "C1", "thread_ts": young, "text": "on my way"}
    for number in range(20):
        ts = f"{make.now.timestamp() + number:.6f}"
        said = {"event": {**event, "ts": ts, "parent_user_id": "U0BO000001"}}
        if later := inbound.handle("events_api", said).later:
            later()
    assert len(looked) == 4  # what is open and what is done, until we know who we are
    assert len(slack.asked("auth.test")) == 1


def test_a_stranger_in_the_thread_is_told_once_that_it_is_no_note(make, slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    for text in ("hello", "anybody there?"):
        slack.person("guest").replies(message, text)
    assert make.until(lambda: slack.whispers)
    assert "did not become a note" in str(slack.whispers[0]["text"])
    assert wired.soc.reports.notes(wired.incidents[0].id) == ()


def test_odd_payloads_are_acknowledged_without_effect(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    before = wired.incidents
    odd = [
        {"type": "block_actions"},
        {"type": "block_actions", "actions": [None, {}, {"action_id": 7}, {"action_id": "soc_unknown"}], "user": []},
        {"type": "view_submission", "view": {"callback_id": "soc_note_form"}},
        {"type": "view_closed"},
        {"type": "shortcut", "callback_id": "x"},
    ]
    for payload in odd:
        assert slack.person("ana").sends(payload).acknowledged
    for event in ({"type": "event_callback"}, {"type": "event_callback", "event": {"type": "message"}}, {"event": 3}):
        assert slack.person("ana").sends(event, kind="events_api").acknowledged
    assert wired.incidents == before


def test_a_form_that_slack_did_not_open_is_told(make, slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    slack.faults.add(Fault(kind="expired_trigger_id", method="views.open"))
    assert slack.person("ana").presses(slack.messages("security")[0], "soc_note").acknowledged
    assert make.until(lambda: slack.whispers)
    assert "press again" in str(slack.whispers[0]["text"])


def test_a_press_is_acknowledged_at_once_while_slacks_own_methods_hang(slack: FakeSlack, wired) -> None:
    wired.happens("9 Security Alert: root logged in")
    slack.faults.add(Fault(kind="slow", method="*", seconds=4))
    ana, message = slack.person("ana"), slack.messages("security")[0]
    answers = [ana.presses(message, action) for action in ("soc_acknowledge", "soc_investigate", "soc_resolve")]
    assert all(answer.acknowledged for answer in answers)
    assert min(answer.seconds for answer in answers) < 1  # this machine may be slow once
    assert wired.incidents[0].acknowledged_by == "ana"


WORDS = """
type block_actions view_submission event_callback message actions action_id soc_note soc_create soc_acknowledge value
user id team_id container channel_id message_ts thread_ts trigger_id action_ts view callback_id soc_note_form state
values note note_text private_metadata event channel ts text subtype INC-1 U0ANA00001
"""
NAMES = st.sampled_from(WORDS.split())
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), NAMES, st.text(max_size=10)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["interactive", "events_api", "slash_commands"]),
    st.sampled_from(["block_actions", "view_submission", "event_callback", "view_closed"]),
    st.dictionaries(NAMES, JSON, max_size=8),
)
def test_no_payload_whatever_its_shape_breaks_the_way_in(make, book, kind, form, payload) -> None:
    incident = make.incident(id="INC-1")
    book.known = {incident.id: incident}
    changed = []

    class Inbox:
        def change(self, incident, update):
            changed.append(update)
            return True

        def request_ticket(self, incident, actor, origin):
            return True

    people = People(None, {})
    people.reports = book
    chosen = Settings(bot_token=Secret("xoxb-1"), security_channel="C1")
    client = Client(login_of(chosen), chosen)  # asks nobody here
    inbound = Inbound(client=client, people=people, inbox=Inbox(), reports=book, roles=frozenset())
    inbound.handle(kind, {**payload, "type": form})
    assert all(update.actor == "Ana Lee" for update in changed)
