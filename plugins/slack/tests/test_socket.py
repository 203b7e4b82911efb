"""Socket Mode keeps its ear open: after a refresh, a drop or deafness no press is lost or doubled."""

import threading

from soc_core.testing.slack import FakeSlack, Fault


def presses_land(make, slack: FakeSlack, home, count: int = 3) -> None:
    """Every acknowledged press has its effect, once."""
    ana = slack.person("ana")
    for number in range(count):
        name = f"{slack.sockets.opened}-{number}-{len(slack.messages('security'))}"
        home.happens(f"9 Security Alert: case {name}", source=name)
        message = slack.messages("security")[-1]
        assert ana.presses(message, "soc_acknowledge").acknowledged
        incident = home.soc.reports.incident(str(message.buttons["soc_acknowledge"]["value"]))
        assert incident.acknowledged_by == "ana"
        audit = [e for e in home.soc.reports.timeline(incident.id) if e.what == "incident.acknowledged"]
        assert len(audit) == 1


def test_a_refresh_opens_the_new_connection_before_the_old_one_closes(make, slack: FakeSlack, house) -> None:
    home = house()
    with make.listening(slack, home):
        slack.sockets.refresh()
        presses_land(make, slack, home)
        assert slack.sockets.wait(1, opened=2)
        presses_land(make, slack, home)


def test_a_dropped_connection_is_replaced_within_fifteen_seconds(make, slack: FakeSlack, house) -> None:
    home = house()
    with make.listening(slack, home):
        slack.sockets.drop()
        assert slack.sockets.wait(1, opened=2, timeout=15)
        presses_land(make, slack, home)


def test_a_deaf_connection_is_noticed_and_replaced(make, slack: FakeSlack, house) -> None:
    home = house()
    with make.listening(slack, home):
        slack.sockets.go_deaf()
        assert slack.sockets.wait(1, opened=2)
        presses_land(make, slack, home, count=1)


def test_it_keeps_trying_while_slack_gives_no_connection(make, slack: FakeSlack, house) -> None:
    home = house()
    fault = slack.faults.add(Fault(kind="internal_error", method="apps.connections.open", times=2))
    with make.listening(slack, home):
        assert fault.happened == 2
        presses_land(make, slack, home, count=1)


def test_two_houses_share_the_presses_and_each_has_one_effect(make, slack: FakeSlack, house) -> None:
    tracker = house().tracker
    one, two = house(tracker=tracker), house(tracker=tracker)
    with make.listening(slack, one), make.listening(slack, two):
        assert slack.sockets.wait(2)
        one.happens("7 Error: disk is failing")
        pressed = slack.person("ana").press(slack.messages("system")[0], "soc_create")
        answers = []

        def press() -> None:
            answers.append(slack.person("ana").sends(pressed))

        threads = [threading.Thread(target=press) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert all(answer.acknowledged for answer in answers)
        one.soc.work()
    assert len(tracker.made) == 1


def test_a_press_is_acknowledged_in_under_a_second_while_the_tracker_hangs(make, slack: FakeSlack, house) -> None:
    home = house()
    home.tracker.hangs = True
    with make.listening(slack, home):
        home.soc.submit([("sshd", "9 Security Alert: root logged in")])
        at_work = threading.Thread(target=home.soc.work)
        at_work.start()
        assert home.tracker.hanging.wait(60)
        ana, message = slack.person("ana"), slack.messages("security")[0]
        answers = [ana.presses(message, action) for action in ("soc_acknowledge", "soc_investigate", "soc_resolve")]
        home.tracker.let_go.set()
        at_work.join(60)
    assert all(answer.acknowledged for answer in answers)
    assert min(answer.seconds for answer in answers) < 1  # this machine may be slow once
