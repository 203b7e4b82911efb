"""`soc slack test`: posts one message and says in plain words what works and what does not."""

import click

from soc_core import DeliveryError, Grade
from soc_slack.checks import checks
from soc_slack.client import Client, Webhook
from soc_slack.messages import answer
from soc_slack.route import Route
from soc_slack.settings import Login, Settings

_FAILED = 4


def add_commands(cli: click.Group, login: Login, settings: Settings) -> None:
    """Add the group `slack`."""

    @cli.group(name="slack")
    def group() -> None:
        """Slack: try it out."""

    @group.command(name="test")
    @click.option("--channel", help="Another channel than the one for security.")
    @click.pass_context
    def test(ctx: click.Context, channel: str | None) -> None:
        """Check the set-up and post one test message."""
        client = Client(login, settings) if login.bot_token is not None else None
        for check in checks(login, settings, client):
            result = check.run()
            cure = f" - {result.cure}" if result.cure and result.grade is not Grade.OK else ""
            click.echo(f"{result.grade.upper():<5} {check.name}: {result.text}{cure}")
        try:
            where = send_trial(login, settings, client, channel)
        except DeliveryError as error:
            click.echo(f"FAIL  test message: {error}")
            ctx.exit(_FAILED)
        click.echo(f"OK    test message: posted to {where}")


def send_trial(login: Login, settings: Settings, client: Client | None, channel: str | None) -> str:
    """Post a test message; answers where."""
    shown = answer("This is a test of soc-core. Nothing happened.")
    if client is None:
        Webhook(login, settings).post(shown.text, shown.blocks)
        return "the webhook's channel"
    where = channel or Route.of(settings).all[0]
    place = client.post(where, shown.text, shown.blocks, key=None, thread=None, broadcast=False)
    return client.permalink(place)
