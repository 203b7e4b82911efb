"""What `soc doctor` asks about Slack: token, scopes, channels, the way in for buttons, the clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from types import MappingProxyType

from soc_core import Check, CheckResult, DeliveryError, Grade, Reports, Secret
from soc_slack.cards import span
from soc_slack.client import Client
from soc_slack.people import People
from soc_slack.route import Route
from soc_slack.settings import Login, Settings

# Any one of the scopes on the left will do.
FEATURES: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        ("chat:write",): "post and edit messages",
        ("channels:history", "groups:history"): "find its own messages after a lost answer, and hear thread replies",
        ("channels:read", "groups:read"): "check channels and resolve their names",
        ("users:read",): "know people and their presence",
        ("users:read.email",): "map people by e-mail address",
    }
)
WITH_GROUP: Mapping[tuple[str, ...], str] = MappingProxyType(
    {("dnd:read",): "respect do-not-disturb", ("usergroups:read",): "read the on-call group"}
)
_TOLERANCE = timedelta(seconds=30)
_WINDOW = timedelta(minutes=5)


def checks(login: Login, settings: Settings, client: Client | None, people: People | None = None) -> Sequence[Check]:
    """The lines that fit the way Slack is set up; with `people`, also about the clock and who is unmapped."""
    if client is None:
        text = "posting by webhook only: no buttons, no edits"
        result = CheckResult(grade=Grade.WARN, text=text, cure="set SLACK_BOT_TOKEN for the whole of it")
        return [Check(name="mode", run=lambda: result)]
    channels = Route.of(settings).all
    found = [
        Check(name="token", run=_guarded(lambda: _token(client)), online=True),
        Check(name="scopes", run=_guarded(lambda: _scopes(client, settings)), online=True),
        Check(name="buttons", run=_guarded(lambda: _way_in(client, settings.app_token, settings)), online=True),
    ]
    if people is not None and people.reports is not None:
        found.append(Check(name="clock", run=_guarded(partial(_clock, client, people.reports)), online=True))
        if settings.on_call_group:
            on_call = partial(_on_call, client, people, settings.on_call_group)
            found.append(Check(name="people", run=_guarded(on_call), online=True))
    return found + [
        Check(name=f"channel {name}", run=_guarded(partial(_channel, client, name)), online=True) for name in channels
    ]


def _guarded(look: Callable[[], CheckResult]) -> Callable[[], CheckResult]:
    def run() -> CheckResult:
        try:
            return look()
        except DeliveryError as error:
            return CheckResult(grade=Grade.FAIL, text=str(error), cure="see docs/plugins/slack.md")

    return run


def _token(client: Client) -> CheckResult:
    me = client.identity(fresh=True)
    return CheckResult(grade=Grade.OK, text=f"{me.name} in {me.team_name}")


def _scopes(client: Client, settings: Settings) -> CheckResult:
    granted = client.identity().scopes
    if not granted:
        return CheckResult(grade=Grade.WARN, text="Slack does not say which scopes the token has")
    wanted = {**FEATURES, **(WITH_GROUP if settings.on_call_group else {})}
    missing = {scopes: feature for scopes, feature in wanted.items() if not granted & set(scopes)}
    if not missing:
        return CheckResult(grade=Grade.OK, text=f"{len(granted)} scopes")
    words = "; ".join(f"{' or '.join(scopes)} (to {feature})" for scopes, feature in missing.items())
    grade = Grade.FAIL if ("chat:write",) in missing else Grade.WARN
    return CheckResult(
        grade=grade, text=f"missing: {words}", cure="add them in the app's settings and install it again"
    )


def _clock(client: Client, reports: Reports) -> CheckResult:
    theirs = client.identity(fresh=True).at
    if theirs is None:
        return CheckResult(grade=Grade.OK, text="Slack does not tell the time")
    apart = abs(reports.now() - theirs)
    if apart <= _TOLERANCE:
        return CheckResult(grade=Grade.OK, text="agrees with Slack's")
    grade = Grade.WARN if apart < _WINDOW else Grade.FAIL
    text = f"{span(apart)} away from Slack's: signed requests are refused from 5 minutes on"
    return CheckResult(grade=grade, text=text, cure="let the machine keep its time by NTP")


def _on_call(client: Client, people: People, group: str) -> CheckResult:
    members = client.group(group)
    unmapped = [user for user in members if people.person(user) is None]
    if not unmapped:
        return CheckResult(grade=Grade.OK, text=f"all {len(members)} of the on-call group are known")
    text = f"{len(unmapped)} of {len(members)} in the on-call group are unmapped: {', '.join(unmapped)}"
    return CheckResult(grade=Grade.WARN, text=text, cure='add slack = "U…" to them in [people]')


def _channel(client: Client, name: str) -> CheckResult:
    info = client.channel(name)
    if info is None:
        return CheckResult(grade=Grade.FAIL, text="not found", cure="use the channel's id, such as C0123456789")
    if info.get("is_archived"):
        return CheckResult(grade=Grade.FAIL, text="archived", cure="choose another channel")
    if not info.get("is_member"):
        return CheckResult(grade=Grade.FAIL, text="the app is not in it", cure="/invite the app in that channel")
    if info.get("is_ext_shared"):
        text = "shared with another organisation: they would read every alert"
        return CheckResult(grade=Grade.WARN, text=text, cure="choose a channel of your own")
    return CheckResult(grade=Grade.OK, text=f"#{info.get('name')}")


def _way_in(client: Client, app_token: Secret | None, settings: Settings) -> CheckResult:
    if app_token:
        client.connections_open(app_token)
        return CheckResult(grade=Grade.OK, text="over Socket Mode")
    if settings.signing_secret:
        return CheckResult(grade=Grade.OK, text=f"over HTTP at {settings.interactions_path} and {settings.events_path}")
    text = "none: messages have no buttons"
    return CheckResult(
        grade=Grade.WARN, text=text, cure="set SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET with `soc serve`"
    )
