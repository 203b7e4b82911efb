"""What can be set about JIRA: where it is, who we are there, and how the project's words map to the house's."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import attrs

from soc_core import NotConfigured, Secret, Status, checked_url, setting

TRACKER: Final = "jira"
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_NO_FIELDS: Mapping[str, object] = MappingProxyType({})
_TYPES = ("Security Incident", "Incident", "Task")


@attrs.frozen(kw_only=True)
class Settings:
    """The settings of `[plugins.jira]`."""

    server_url: str | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(checked_url),
        metadata=setting("Where JIRA is, with its context path", env="JIRA_SERVER_URL"),
    )
    username: str | None = attrs.field(
        default=None, metadata=setting("The account: an e-mail address on Cloud", env="JIRA_USERNAME")
    )
    api_token: Secret | None = attrs.field(
        default=None, metadata=setting("API token (Cloud) or password (Data Center)", env="JIRA_API_TOKEN")
    )
    personal_access_token: Secret | None = attrs.field(
        default=None, metadata=setting("Token of Data Center", env="JIRA_PERSONAL_ACCESS_TOKEN")
    )
    project_key: str | None = attrs.field(
        default=None, metadata=setting("The project that gets the tickets", env="JIRA_PROJECT_KEY")
    )
    components: tuple[str, ...] = attrs.field(
        default=(), metadata=setting("Components of every ticket", env="JIRA_COMPONENTS")
    )
    webhook_secret: Secret | None = attrs.field(
        default=None, metadata=setting("Signs the webhooks; without it they are refused", env="JIRA_WEBHOOK_SECRET")
    )
    webhook_secret_previous: Secret | None = attrs.field(
        default=None, metadata=setting("The webhook secret before the present one, while it is being changed")
    )
    webhook_path: str = attrs.field(default="/jira/webhook", metadata=setting("Where webhooks arrive"))
    timeout: timedelta = attrs.field(default=timedelta(seconds=10), metadata=setting("For one request"))
    rate: float = attrs.field(
        default=20.0,
        validator=attrs.validators.gt(0),
        metadata=setting("How many deliveries a second may begin"),
    )
    search_lag: timedelta | None = attrs.field(
        default=None, metadata=setting("How long search may lag behind writes; 120s on Cloud, 30s on Data Center")
    )
    poll_every: timedelta = attrs.field(
        default=timedelta(seconds=60), metadata=setting("How often JIRA is asked what people changed")
    )
    sweep_every: timedelta = attrs.field(
        default=timedelta(minutes=15), metadata=setting("How often deleted and moved tickets are looked for")
    )
    issue_types: tuple[str, ...] = attrs.field(
        default=_TYPES, metadata=setting("Issue types, best first; the first that the project has is used")
    )
    priorities: Mapping[str, str] = attrs.field(
        default=_NO_WORDS, metadata=setting('The project\'s words for our priorities, as { Highest = "P1" }')
    )
    statuses: Mapping[str, str] = attrs.field(
        default=_NO_WORDS, metadata=setting('What the project\'s statuses mean, as { Triage = "In Progress" }')
    )
    paths: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=dict, metadata=setting('The statuses to pass on the way, as { Closed = ["Triage", "Done"] }')
    )
    resolutions: Mapping[str, str] = attrs.field(
        default=_NO_WORDS, metadata=setting('The resolution for a status or verdict, as { Resolved = "Fixed" }')
    )
    verdicts: Mapping[str, str] = attrs.field(
        default=MappingProxyType({"False Positive": "false positive", "Benign": "benign"}),
        metadata=setting("What a resolution says about the incident"),
    )
    fields: Mapping[str, object] = attrs.field(
        default=_NO_FIELDS, metadata=setting("Further fields of every ticket, by field id")
    )
    due_field: str | None = attrs.field(
        default=None, metadata=setting("Id of a date-time field that shows when the incident is due")
    )
    api: str = attrs.field(
        default="auto",
        validator=attrs.validators.in_(("auto", "2", "3")),
        metadata=setting("Version of the REST interface: 3 on Cloud and 2 on Data Center by default"),
    )
    dashboard_url: str | None = attrs.field(
        default=None, metadata=setting("Our own page of an incident, with {id} in it; tickets link to it")
    )

    @statuses.validator
    def _known_statuses(self, attribute: "attrs.Attribute[Mapping[str, str]]", value: Mapping[str, str]) -> None:
        for theirs, ours in value.items():
            if ours not in tuple(Status):
                choice = ", ".join(Status)
                raise ValueError(f"statuses: {theirs} = {ours!r} is none of {choice}; the left side is JIRA's name")


@attrs.frozen(kw_only=True)
class Login:
    """Where JIRA is and how to log in there; made from complete settings only."""

    server: str
    project: str
    username: str | None
    token: Secret

    @property
    def bearer(self) -> bool:
        """Whether the token is sent alone."""
        return self.username is None


def login_of(settings: Settings) -> Login:
    """The login, or `NotConfigured` with what is missing."""
    token = settings.personal_access_token or settings.api_token
    missing = [
        name
        for name, value in (
            ("JIRA_SERVER_URL", settings.server_url),
            ("JIRA_PROJECT_KEY", settings.project_key),
            ("JIRA_API_TOKEN (Cloud) or JIRA_PERSONAL_ACCESS_TOKEN (Data Center)", token),
            ("JIRA_USERNAME", settings.personal_access_token or settings.username),
        )
        if not value
    ]
    if missing or settings.server_url is None or settings.project_key is None or token is None:
        raise NotConfigured(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    return Login(
        server=settings.server_url,
        project=settings.project_key,
        username=None if settings.personal_access_token else settings.username,
        token=token,
    )
