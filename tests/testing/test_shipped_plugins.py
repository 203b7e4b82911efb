"""The plugins that ship with soc-core keep the contract that everybody else's are held to."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from soc_escalation.plugin import Escalation
from soc_jira.plugin import Jira
from soc_sla.plugin import Sla
from soc_slack.plugin import Slack

from soc_core import Secret
from soc_core.builtin.local import Local
from soc_core.builtin.rules import Rules
from soc_core.builtin.triggers import Triggers
from soc_core.testing.contract import Outside, plugin_contract
from soc_core.testing.jira import FakeJira
from soc_core.testing.slack.workspace import Message

_QUOTED = re.compile(r"\{noformat\}.*?\{noformat\}", re.DOTALL)  # where Data Center interprets nothing


def interpreted(message: Message) -> str:
    """The texts of a message in which Slack looks for mentions and links."""

    def marked(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from [value["text"]] if value.get("type") == "mrkdwn" else ()
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from marked(one)

    return "\n".join([message.text, *marked(message.blocks)])


@pytest.mark.parametrize("plugin", [Sla, Escalation, Triggers, Local, Rules])
def test_those_that_only_answer_questions(plugin):
    plugin_contract(plugin)


@pytest.mark.parametrize("flavour", ["cloud", "dc-9.12"])
def test_jira(flavour):
    with FakeJira(flavour=flavour) as site:

        def plugin(url):
            login = (
                {"username": site.username, "api_token": Secret(site.token)}
                if site.cloud
                else {"personal_access_token": Secret(site.token)}
            )
            timeout = timedelta(seconds=2)
            return Jira(Jira.Settings(server_url=url, project_key="SEC", timeout=timeout, **login))

        outside = Outside(
            url=site.url,
            plugin=plugin,
            texts=lambda: [
                _QUOTED.sub("", site.text(issue.fields["description"]))
                for issue in site.issues
                if issue.resolution is None
            ],
            secrets=(site.token,),
            name="jira",
            sends=r"^POST .*/issue$",
            refusal=(400, b'{"errorMessages": [], "errors": {"summary": "is not to our liking"}}'),
            alive=() if site.cloud else ("[~ana]",),  # the document format of Cloud knows text from mark-up
        )
        plugin_contract(Jira, outside)
        assert site.issues


def test_slack(fake_slack):
    security = fake_slack.channel("security").id
    outside = Outside(
        url=fake_slack.url.removesuffix("/"),
        plugin=lambda url: Slack(
            Slack.Settings(
                bot_token=Secret(fake_slack.bot_token),
                security_channel=security,
                api_url=f"{url}/",
                timeout=timedelta(seconds=2),
            )
        ),
        texts=lambda: [interpreted(message) for message in fake_slack.messages("security")],
        secrets=(fake_slack.bot_token,),
        name="slack",
        sends="chat.postMessage",
        refusal=(200, b'{"ok": false, "error": "no_permission"}'),
        stranger=(200, b'{"ok": false, "error": "invalid_auth"}'),
        alive=("<!channel>", "<@U0ANA00001>", "<https://evil.example|harmless>"),
    )
    plugin_contract(Slack, outside)
    assert fake_slack.messages("security")
