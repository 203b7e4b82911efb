"""`soc slack test`: posts one message and says in plain words what works and what does not."""

import json
import sys
from collections.abc import Mapping

import click

from soc_core import CheckResult, DeliveryError, Grade
from soc_slack.checks import checks
from soc_slack.client import Client, Webhook
from soc_slack.escape import printable
from soc_slack.messages import answer
from soc_slack.route import Route
from soc_slack.settings import Login, Settings

_FAILED = 4
_WORDS = {Grade.OK: "PASS", Grade.WARN: "WARN", Grade.FAIL: "FAIL"}


def add_commands(cli: click.Group, login: Login, settings: Settings) -> None:
    """Add the group `slack`."""

    @cli.group(name="slack")
    def group() -> None:
        """Slack: try it out."""

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


def send_trial(login: Login, settings: Settings, client: Client | None, channel: str | None) -> str:
    """Post a test message; answers where."""
    shown = answer("This is a test of soc-core. Nothing happened.")
    if client is None:
        Webhook(login, settings).post(shown.text, shown.blocks)
        return "the webhook's channel"
    where = channel or Route.of(settings).all[0]
    place = client.post(where, shown.text, shown.blocks, key=None, thread=None, broadcast=False)
    return client.permalink(place)


def _document(results: Mapping[str, CheckResult]) -> str:
    rows = [{"name": n, "result": _WORDS[r.grade], "text": r.text, "cure": r.cure} for n, r in results.items()]
    ok = all(result.grade is not Grade.FAIL for result in results.values())
    return json.dumps({"schema": 1, "ok": ok, "checks": rows})


def _line(name: str, result: CheckResult) -> str:
    cure = f" - {result.cure}" if result.cure and result.grade is not Grade.OK else ""
    return f"{_WORDS[result.grade]:<5} {name}: {printable(result.text)}{cure}"
