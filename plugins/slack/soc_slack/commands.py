"""`soc slack test` says in plain words what works and what does not; `soc slack handover` posts the shift's page."""

import json
import sys
from collections.abc import Mapping

import click

from soc_core import CheckResult, DeliveryError, Grade
from soc_slack.cards import Shown
from soc_slack.checks import checks
from soc_slack.client import Client
from soc_slack.escape import printable
from soc_slack.handover import page
from soc_slack.messages import answer
from soc_slack.route import Route
from soc_slack.settings import Login, Settings
from soc_slack.webhook import Webhook

_FAILED = 4
_WORDS = {Grade.OK: "PASS", Grade.WARN: "WARN", Grade.FAIL: "FAIL"}


def add_commands(cli: click.Group, login: Login, settings: Settings) -> None:
    """Add the group `slack`."""

    @cli.group(name="slack")
    def group() -> None:
        """Slack: try it out, and tell it something."""

    @group.command(name="test")
    @click.option("--channel", help="Another channel than the one for security.")
    @click.option("--json", "as_json", is_flag=True, help="One JSON document.")
    @click.pass_context
    def test(ctx: click.Context, channel: str | None, as_json: bool) -> None:
        """Check the set-up and post one test message; ends with 4 if it cannot be posted."""
        client = Client(login, settings) if login.bot_token is not None else None
        results = {check.name: check.run() for check in checks(login, settings, client)}
        try:
            where = send_trial(login, settings, client, channel)
            results["test message"] = CheckResult(grade=Grade.OK, text=f"posted to {where}")
        except DeliveryError as error:
            results["test message"] = CheckResult(grade=Grade.FAIL, text=str(error), cure="see the lines above")
        if as_json or not sys.stdout.isatty():
            click.echo(_document(results))
        else:
            click.echo("\n".join(_line(name, result) for name, result in results.items()))
        ctx.exit(_FAILED if results["test message"].grade is Grade.FAIL else 0)

    @group.command(name="handover")
    @click.option("--channel", help="Another channel than the one for incidents.")
    @click.pass_context
    def handover(ctx: click.Context, channel: str | None) -> None:
        """Post the page for the next shift: `soc handover --json | soc slack handover`."""
        try:
            shown = page(json.load(sys.stdin))
        except ValueError as error:
            raise click.UsageError(
                "this is no page for the next shift; write: soc handover --json | soc slack handover"
            ) from error
        client = Client(login, settings) if login.bot_token is not None else None
        route = Route.of(settings)
        try:
            where = send(login, settings, client, channel or route.incidents or next(iter(route.all), ""), shown)
        except DeliveryError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(_FAILED)
        click.echo(f"posted to {where}", err=True)


def send_trial(login: Login, settings: Settings, client: Client | None, channel: str | None) -> str:
    """Post a test message; answers where."""
    where = channel or next(iter(Route.of(settings).all), "")
    return send(login, settings, client, where, answer("This is a test of soc-core. Nothing happened."))


def send(login: Login, settings: Settings, client: Client | None, channel: str, shown: Shown) -> str:
    """Post something that is about no single incident; answers where."""
    if client is None:
        Webhook(login, settings).post(shown.text, shown.blocks)
        return "the webhook's channel"
    place = client.post(channel, shown.text, shown.blocks, key=None, thread=None, broadcast=False)
    return client.permalink(place)


def _document(results: Mapping[str, CheckResult]) -> str:
    rows = [{"name": n, "result": _WORDS[r.grade], "text": r.text, "cure": r.cure} for n, r in results.items()]
    ok = all(result.grade is not Grade.FAIL for result in results.values())
    return json.dumps({"schema": 1, "ok": ok, "checks": rows})


def _line(name: str, result: CheckResult) -> str:
    cure = f" - {result.cure}" if result.cure and result.grade is not Grade.OK else ""
    return f"{_WORDS[result.grade]:<5} {name}: {printable(result.text)}{cure}"
