"""What can be set about Slack: the tokens, the channels by severity, and how patient we are."""

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

import attrs

from soc_core import NotConfigured, Secret, checked_url, setting

_NOBODY: Mapping[str, str] = MappingProxyType({})


def _checked_secret(url: Secret) -> Secret:
    checked_url(url.reveal())
    return url


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.slack]`."""

    bot_token: Secret | None = attrs.field(
        default=None, metadata=setting("Bot token, xoxb-...; posts and edits messages", env="SLACK_BOT_TOKEN")
    )
    app_token: Secret | None = attrs.field(
        default=None,
        metadata=setting("App-level token, xapp-...; buttons answer without a public address", env="SLACK_APP_TOKEN"),
    )
    signing_secret: Secret | None = attrs.field(
        default=None,
        metadata=setting(
            "Proves that a request came from Slack; without it they are refused", env="SLACK_SIGNING_SECRET"
        ),
    )
    webhook_url: Secret | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(_checked_secret),
        metadata=setting("Incoming webhook: posts only, no buttons; used without a bot token", env="SLACK_WEBHOOK_URL"),
    )
    security_channel: str | None = attrs.field(
        default=None, metadata=setting("Channel for severity 8 and above", env="SLACK_SECURITY_CHANNEL")
    )
    system_channel: str | None = attrs.field(
        default=None, metadata=setting("Channel for severity 6 to 8", env="SLACK_SYSTEM_CHANNEL")
    )
    incident_channel: str | None = attrs.field(
        default=None,
        metadata=setting("Channel for tickets made, status changes, breaches", env="SLACK_INCIDENT_CHANNEL"),
    )
    general_channel: str | None = attrs.field(
        default=None,
        metadata=setting("Channel for severity below 6; leave it out to be spared", env="SLACK_GENERAL_CHANNEL"),
    )
    api_url: str = attrs.field(
        default="https://slack.com/api",
        converter=checked_url,
        metadata=setting("Where the Web API is, for GovSlack, gateways and tests", env="SLACK_API_URL"),
    )
    proxy: str | None = attrs.field(default=None, metadata=setting("HTTP proxy; the environment's is used if left out"))
    ca_file: str | None = attrs.field(default=None, metadata=setting("File with further certificate authorities"))
    timeout: timedelta = attrs.field(default=timedelta(seconds=10), metadata=setting("For one request"))
    groups: Mapping[str, str] = attrs.field(
        default=_NOBODY,
        metadata=setting('Slack user groups that an escalation mentions for a role, as { manager = "S012ABC" }'),
    )
    roles_that_act: tuple[str, ...] = attrs.field(
        default=(),
        metadata=setting("Only people with one of these roles may press buttons; empty is every mapped person"),
    )
    on_call_group: str | None = attrs.field(
        default=None, metadata=setting("User group whose presence says who is available, such as S012ABC")
    )
    presence_every: timedelta = attrs.field(
        default=timedelta(minutes=1), metadata=setting("How often presence and do-not-disturb are asked")
    )
    countdown_every: timedelta = attrs.field(
        default=timedelta(minutes=5), metadata=setting("How often the time left on live messages is brought up to date")
    )
    late: timedelta = attrs.field(
        default=timedelta(minutes=10),
        metadata=setting("News older than this goes into the live message only, not into the thread as well"),
    )
    interactions_path: str = attrs.field(
        default="/slack/interactions", metadata=setting("Where button presses arrive over HTTP")
    )
    events_path: str = attrs.field(default="/slack/events", metadata=setting("Where thread replies arrive over HTTP"))


@attrs.frozen(kw_only=True)
class Login:
    """How we get into Slack: by a bot token, or by an incoming webhook alone."""

    api_url: str
    bot_token: Secret | None = None
    webhook_url: Secret | None = None


def login_of(settings: Settings) -> Login:
    """The login; `NotConfigured` says what is missing."""
    if settings.bot_token:
        channels = (
            settings.security_channel,
            settings.system_channel,
            settings.incident_channel,
            settings.general_channel,
        )
        if not any(channels):
            raise NotConfigured("Slack has a bot token but no channel: set SLACK_SECURITY_CHANNEL")
        return Login(api_url=settings.api_url, bot_token=settings.bot_token)
    if settings.webhook_url:
        return Login(api_url=settings.api_url, webhook_url=settings.webhook_url)
    raise NotConfigured("SLACK_BOT_TOKEN (or SLACK_WEBHOOK_URL, to post only) is missing")


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
