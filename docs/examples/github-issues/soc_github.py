"""Makes the tickets of incidents in GitHub Issues: the incident's marker is a label, by which they are found again."""

import http.client
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, urlsplit

import attrs

from soc_core import (
    Incident,
    NotConfigured,
    PermanentError,
    Secret,
    SettingsError,
    TemporaryError,
    Ticket,
    UncertainError,
    hookimpl,
    printable,
    setting,
)

_LONGEST = 1 << 22
_PAUSE = timedelta(minutes=1)


class GitHub:
    """The plugin `github`. The core decides when to look before it creates."""

    search_lag = timedelta(seconds=5)  # issues are listed by label as soon as they are made; this is for caches

    @attrs.frozen(kw_only=True)
    class Settings:
        """The settings of `[plugins.github]`."""

        repository: str = attrs.field(default="", metadata=setting("OWNER/NAME", env="GITHUB_REPOSITORY"))
        token: Secret | None = attrs.field(default=None, metadata=setting("May write issues", env="GITHUB_TOKEN"))
        api: str = attrs.field(default="https://api.github.com", metadata=setting("Elsewhere for Enterprise Server"))
        timeout: timedelta = attrs.field(default=timedelta(seconds=10), metadata=setting("For one request"))

    def __init__(self, settings: Settings) -> None:
        if not settings.repository or not settings.token:
            raise NotConfigured("GITHUB_REPOSITORY and GITHUB_TOKEN are missing")
        if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", settings.repository) is None:
            raise SettingsError("GITHUB_REPOSITORY is written OWNER/NAME")
        self._client = Client(settings.api, settings.token, settings.timeout)
        self._issues = f"/repos/{settings.repository}/issues"

    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        """Make the issue."""
        return ticket(self._client.send("POST", self._issues, issue(incident)))

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        """The oldest open issue with the marker; doubles of it are closed."""
        query = f"?state=open&sort=created&direction=asc&labels={quote(incident.marker)}"
        found = self._client.send("GET", self._issues + query)
        if not isinstance(found, list):
            raise UncertainError("GitHub's list of issues is no list")
        tickets = [ticket(one) for one in found]
        for double in tickets[1:]:
            path = f"{self._issues}/{double.key.removeprefix('#')}"
            self._client.send("PATCH", path, {"state": "closed", "state_reason": "not_planned"})
        return attrs.evolve(tickets[0], retired=[one.key for one in tickets[1:]]) if tickets else None


def issue(incident: Incident) -> Mapping[str, object]:
    """What the issue says. All that a log can have a say in stands in a fence, where GitHub interprets nothing."""
    rows = {
        "source": incident.source,
        "label": incident.label,
        "host": incident.host,
        "user": incident.user,
        "address": incident.ip,
        "reason": incident.reason,
        "message": incident.message,
    }
    lines = [f"{name}: {printable(value)}" for name, value in rows.items() if value]
    lines += [f"- {printable(action)}" for action in incident.actions]
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    detected = f"{incident.detected_at:%Y-%m-%d %H:%M:%S} UTC"
    facts = f"**{incident.priority}**, severity {incident.severity:g}, {incident.id}, detected {detected}"
    return {
        "title": printable(incident.summary),  # GitHub shows titles as they are
        "body": f"{facts}\n\n{fence}text\n{text}\n{fence}\n",
        "labels": ["soc-automated", incident.marker],
    }


def ticket(found: object) -> Ticket:
    """The ticket that GitHub speaks of."""
    if not isinstance(found, dict) or not isinstance(found.get("number"), int):
        raise UncertainError("GitHub's answer names no issue")
    return Ticket(tracker="github", key=f"#{found['number']}", url=str(found.get("html_url") or "") or None)


class Client:
    """The way to GitHub: one request at a time, each answer sorted by what soc-core does next."""

    def __init__(self, api: str, token: Secret, timeout: timedelta) -> None:
        self._to, self._token, self._timeout = urlsplit(api), token, timeout.total_seconds()
        if self._to.scheme != "https" and self._to.hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError("api begins with https://; http:// is for this machine only")

    def send(self, method: str, path: str, body: object = None) -> object:
        """Send a request and read the answer."""
        kind = http.client.HTTPSConnection if self._to.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._to.hostname or "", self._to.port, timeout=self._timeout)
        try:
            connection.connect()
        except OSError as error:
            raise TemporaryError(f"GitHub is not reached: {error}", whole_destination=True) from error
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token.reveal()}",
            "User-Agent": "soc-github",
        }
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, self._to.path.rstrip("/") + path, data, headers)
            answer = connection.getresponse()
            text = answer.read(_LONGEST)
        except (OSError, http.client.HTTPException) as error:
            raise UncertainError(f"GitHub's answer to {method} was lost: {error}") from error
        finally:
            connection.close()
        if answer.status >= 300:
            raise refusal(answer.status, dict(answer.headers), method)
        try:
            found: object = json.loads(text)
        except ValueError as error:
            raise UncertainError(f"GitHub's answer to {method} is no JSON; is there a proxy?") from error
        return found


def refusal(status: int, given: Mapping[str, str], method: str) -> TemporaryError | UncertainError | PermanentError:
    """What a refusal means for soc-core; GitHub's limits come as 403 or 429."""
    told = f"GitHub answered {status} to {method}"
    headers = {name.lower(): value for name, value in given.items()}
    wait = headers.get("retry-after", "")
    if status == 429 or (status == 403 and (wait or headers.get("x-ratelimit-remaining") == "0")):
        pause = timedelta(seconds=int(wait)) if wait.isdigit() else _PAUSE
        return TemporaryError(told, retry_after=pause, whole_destination=True)
    if status in (401, 403):
        return TemporaryError(f"{told}: may GITHUB_TOKEN write issues?", retry_after=_PAUSE, whole_destination=True)
    return UncertainError(told) if status >= 500 else PermanentError(told)
