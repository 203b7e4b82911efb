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
