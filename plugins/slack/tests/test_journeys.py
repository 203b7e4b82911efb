"""The whole way: a log line, the message in Slack, the ticket in the same message, and presses that come back."""

from soc_core.testing.slack import FakeSlack


def test_a_critical_event_is_told_at_once_and_gets_its_ticket_in_the_same_message(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    assert "ticket SEC-1" in message.text
    assert "soc_view" in message.buttons


def test_while_the_tracker_is_down_the_message_says_ticket_pending(slack: FakeSlack, house) -> None:
    home = house()
    home.tracker.down = True
    home.happens("9 Security Alert: root logged in")
    (message,) = slack.messages("security")
    assert "ticket pending" in message.text
    home.tracker.down = False
    home.passes(10)
    (message,) = slack.messages("security")
    assert "ticket SEC-1" in message.text


def test_a_ticket_that_is_gone_is_not_called_pending_and_comes_back(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    home.soc.inbox("tracker").ticket_gone("INC-1", "SEC-1 was deleted")
    home.passes(5)
    (message,) = slack.messages("security")
    assert "ticket gone (was SEC-1)" in message.text
    assert "Ticket\ngone (was SEC-1)" in message.shown
    home.soc.inbox("tracker").ticket_moved("INC-1", "SEC-1", "https://jira.example.org/browse/SEC-1")
    home.passes(5)
    (message,) = slack.messages("security")
    assert "ticket SEC-1" in message.text


def test_similar_alerts_within_five_minutes_share_one_thread(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    home.happens("9 Security Alert: admin logged in")
    home.passes(400, step=50)
    home.happens("9 Security Alert: operator logged in")
    first, later = slack.messages("security")
    (reply,) = slack.thread(first)
    assert "admin logged in" in reply.shown
    assert "operator logged in" in later.shown
    assert "ticket SEC-2" in reply.text


def test_the_whole_story_runs_by_itself_without_an_open_port(make, slack: FakeSlack, house) -> None:
    home = house()
    home.soc.start()
    assert slack.sockets.wait(1)
    home.soc.submit([("sshd", "9 Security Alert: root logged in")])
    assert make.until(lambda: "ticket SEC-1" in "".join(m.text for m in slack.messages("security")))
    ana = slack.person("ana")
    assert ana.presses(slack.messages("security")[0], "soc_acknowledge").acknowledged
    assert make.until(lambda: "Acknowledged by ana" in slack.messages("security")[0].shown)
    assert ana.replies(slack.messages("security")[0], "looking at it").acknowledged
    assert make.until(lambda: home.soc.reports.notes(home.incidents[0].id))
    assert ana.presses(slack.messages("security")[0], "soc_resolve").acknowledged
    assert make.until(lambda: "Resolved by ana" in slack.messages("security")[0].shown)
    assert len(slack.messages("security")) == 1
    assert home.soc.stop() == ()
