"""The next shift's page goes to Slack by a pipe: `soc handover --json | soc slack handover`."""

import json
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner
from soc_slack.plugin import Slack
from soc_slack.settings import Settings

from soc_core import Event, Secret
from soc_core.cli.handover import document, handover_of
from soc_core.testing.slack import FakeSlack


def piped(home, slack, text: str, *arguments: str):
    cli = click.Group()
    home.soc.plugins.object("slack").register_commands(cli=cli)
    return CliRunner().invoke(cli, ["slack", "handover", *arguments], input=text)


def page_of(home, hours: int = 8) -> str:
    return json.dumps({"schema": 1, **document(handover_of(home.soc.reports, timedelta(hours=hours)))})


def test_the_page_tells_what_is_late_at_risk_escalated_and_open(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    home.passes(3700, step=100)
    home.happens("8 Security Alert: <!channel> http://evil.example", source="<!here>")
    done = piped(home, slack, page_of(home), "--channel", slack.channel("general").id)
    assert done.exit_code == 0, done.output
    (message,) = slack.messages("general")
    assert message.text.startswith("Handover: 3 open, 1 overdue, 1 at risk before ")
    blocks = {block["text"]["text"].partition("\n")[0]: block["text"]["text"] for block in message.blocks[2:]}
    assert set(blocks) == {"*Overdue*", "*At risk before the shift ends*", "*Escalated*", "*Open*", "*Noisy rules*"}
    assert "*INC-1* [CRITICAL] Security Alert - sshd (Severity 9): <!date^" in blocks["*Overdue*"]
    assert "(1 min overdue)" in blocks["*Overdue*"]
    assert "<https://jira.example.org/browse/SEC-1|SEC-1>" in blocks["*Open*"]
    assert "50%" in blocks["*Escalated*"]
    assert "&lt;!here&gt;" in blocks["*Open*"]
    assert "<!here>" not in message.shown


def test_the_page_says_whom_incidents_are_about(slack: FakeSlack, house) -> None:
    home = house()
    at = home.clock.now()
    about = {"user": "<!channel>", "ip": "203.0.113.9"}
    home.soc.submit([Event(id="1", source="sshd", message="9 Security Alert: in", received=at, **about)])
    assert piped(home, slack, page_of(home)).exit_code == 0
    (message,) = slack.messages("security")
    said = "*INC-1* [CRITICAL] Security Alert - sshd (Severity 9), &lt;!channel&gt; from 203.0.113.9: Open"
    assert said in "".join(block["text"]["text"] for block in message.blocks)


def test_a_long_page_fits_and_counts_what_finds_no_room(slack: FakeSlack, house) -> None:
    home = house(storm={"limit": 1000})
    home.soc.submit([(f"<&>{n}" * 20, f"9 Security Alert: {n}") for n in range(120)])
    assert piped(home, slack, page_of(home)).exit_code == 0
    (message,) = slack.messages("security")
    assert " more" in message.blocks[-2]["text"]["text"]


def test_a_webhook_alone_takes_the_page_too(slack: FakeSlack, house) -> None:
    home = house()
    home.happens("9 Security Alert: root logged in")
    settings = Settings(webhook_url=Secret(slack.webhook_url("general")))
    cli = click.Group()
    Slack(settings).register_commands(cli=cli)
    done = CliRunner().invoke(cli, ["slack", "handover"], input=page_of(home))
    assert (done.exit_code, done.output) == (0, "posted to the webhook's channel\n")
    assert "INC-1" in slack.messages("general")[0].shown


@pytest.mark.parametrize("text", ["", "# Handover", "[]", "{}", '{"now": 3}', '{"now": "x", "until": "y"}'])
def test_what_is_no_page_is_refused_with_the_right_command(slack: FakeSlack, house, text: str) -> None:
    done = piped(house(), slack, text)
    assert done.exit_code == 2
    assert "soc handover --json | soc slack handover" in done.output


def test_slack_out_of_reach_is_told(slack: FakeSlack, house) -> None:
    home = house()
    slack.login = "token_revoked"
    done = piped(home, slack, page_of(home))
    assert done.exit_code == 4
    assert "token_revoked" in done.output
