"""Proves, one thing after the other, that JIRA can be used: each failure is one sentence with its cure."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from soc_core import Check, CheckResult, DeliveryError, Grade, Priority, Status
from soc_jira.answers import Forbidden, LoginLost, Missing
from soc_jira.client import Client
from soc_jira.fields import priority_name
from soc_jira.history import instant
from soc_jira.project import Directory
from soc_jira.reading import mapping, text
from soc_jira.settings import Settings
from soc_jira.workflow import targets

PERMISSIONS: Final = {
    "BROWSE_PROJECTS": "see tickets",
    "CREATE_ISSUES": "create tickets",
    "EDIT_ISSUES": "edit tickets",
    "ASSIGN_ISSUES": "assign tickets",
    "TRANSITION_ISSUES": "move tickets through the workflow",
    "ADD_COMMENTS": "comment",
    "LINK_ISSUES": "link tickets",
    "RESOLVE_ISSUES": "resolve tickets",
}
_SKEW: Final = timedelta(minutes=1)
_WISHED: Final = ("description", "labels", "priority", "duedate")


@attrs.frozen(kw_only=True)
class Examination:
    """Asks JIRA about itself, for `soc doctor`, `soc jira test` and the guide's manager."""

    client: Client
    directory: Directory
    settings: Settings
    project: str

    def checks(self, now: Callable[[], datetime]) -> Sequence[Check]:
        """All checks, in an order in which each rests on those before it."""
        broken: list[str] = []
        steps: Sequence[tuple[str, Callable[[], CheckResult]]] = (
            ("reachable", self.reachable),
            ("login", self.login),
            ("project", self.project_exists),
            ("issue type and fields", self.fields),
            ("priorities", self.priorities),
            ("components", self.components),
            ("permissions", self.permitted),
            ("workflow", self.workflow),
            ("webhook", self.webhook),
            ("clock", lambda: self.clock(now())),
        )
        return [
            Check(name=name, run=_guarded(name, act, broken, number < 3), online=name != "webhook")
            for number, (name, act) in enumerate(steps)
        ]

    def reachable(self) -> CheckResult:
        """Reachability, TLS, kind and version."""
        try:
            site = self.client.site()
        except LoginLost:  # who refuses us is there
            return _ok("JIRA answers, but not to us")
        kind = "Cloud" if site.cloud else f"Data Center {site.version}"
        return _ok(f"{site.title or 'JIRA'} at {site.url} is {kind}; version {self.client.version} of its interface")

    def login(self) -> CheckResult:
        """Who we are."""
        self.client.prove_login()
        account = self.directory.account()
        return _ok(f"we are {account.name}, whose time zone is {account.zone.key}")

    def project_exists(self) -> CheckResult:
        """The project, as far as we may see it."""
        found = mapping(self.client.get("project/{project}", project=self.project))
        return _ok(f"the project is {text(found, 'key')}, {text(found, 'name')}")

    def fields(self) -> CheckResult:
        """The issue type, and what its create screen has."""
        self.directory.forget()
        project = self.directory.project()
        given = {"project", "issuetype", "summary", "reporter", *_WISHED, *self.settings.fields}
        unknown = [field for field in project.fields.values() if field.required and field.id not in given]
        if unknown:
            names = ", ".join(f"{field.name} ({field.id})" for field in unknown)
            return _fail(
                f"no ticket can be made: {project.type} wants {names}", "Give them values in [plugins.jira.fields]"
            )
        absent = [name for name in _WISHED if not project.takes(name)]
        if self.settings.due_field and not project.takes(self.settings.due_field):
            absent.append(self.settings.due_field)
        if absent:
            return _warn(
                f"tickets are of type {project.type}, but its create screen lacks {', '.join(absent)}",
                "Put these fields on the create screen; until then their values stand in the description",
            )
        return _ok(f"tickets are of type {project.type}, with every field we fill in")

    def priorities(self) -> CheckResult:
        """How our priorities are called there."""
        project = self.directory.project()
        if not project.takes("priority"):
            return _warn("the create screen has no priority", "Put the field on the screen")
        words = {one: priority_name(one, project, self.settings) for one in Priority}
        allowed = project.allowed("priority") or ()
        strange = [word for word in self.settings.priorities.values() if allowed and word not in allowed]
        if strange:
            return _fail(
                f"the project has no priority {', '.join(strange)}; it has {', '.join(allowed)}",
                "Correct [plugins.jira] priorities",
            )
        return _ok("priorities: " + ", ".join(f"{ours} is {theirs}" for ours, theirs in words.items()))

    def components(self) -> CheckResult:
        """Whether the components of the settings exist."""
        allowed = self.directory.project().allowed("components")
        strange = [name for name in self.settings.components if allowed is not None and name not in allowed]
        if strange:
            return _warn(
                f"the project has no component {', '.join(strange)}: it is left out",
                "Create it in the project's settings, or correct JIRA_COMPONENTS",
            )
        return _ok(f"components: {', '.join(self.settings.components) or 'none wanted'}")

    def permitted(self) -> CheckResult:
        """Every permission we need, by name."""
        lacking = [name for name, held in self.permissions().items() if not held]
        if lacking:
            words = ", ".join(f"{PERMISSIONS[name]} ({name})" for name in lacking)
            return _fail(
                f"permission denied: the account may not {words} in {self.project}",
                "Add the account to a role that has these permissions in the project's permission scheme",
            )
        return _ok(f"all {len(PERMISSIONS)} permissions are there")

    def permissions(self) -> dict[str, bool]:
        """Which of the permissions we need are there."""
        query = {"projectKey": self.project, "permissions": ",".join(PERMISSIONS)}
        found = mapping(mapping(self.client.get("mypermissions", query=query)), "permissions")
        return {name: mapping(found.get(name)).get("havePermission") is True for name in PERMISSIONS}

    def workflow(self) -> CheckResult:
        """Which statuses of the project stand for ours."""
        steps = self.directory.steps()
        names = {step.name for step in steps} | {step.id for step in steps}
        if strange := [word for word in self.settings.statuses if word not in names]:
            return _fail(
                f"the project has no status {', '.join(strange)}; it has {', '.join(step.name for step in steps)}",
                "Correct [plugins.jira] statuses",
            )
        found = {status: targets(status, steps, self.settings.statuses) for status in Status}
        if lost := [status for status, goal in found.items() if not goal]:
            return _warn(
                f"no status of the project stands for {', '.join(lost)}", "Name one in [plugins.jira] statuses"
            )
        return _ok("statuses: " + ", ".join(f"{status} is {goal[0].name}" for status, goal in found.items()))

    def webhook(self) -> CheckResult:
        """Whether webhooks can be proven."""
        if self.settings.webhook_secret:
            return _ok(f"webhooks are taken at {self.settings.webhook_path}")
        return _warn(
            f"no webhook secret: changes are seen every {self.settings.poll_every.total_seconds():g} s by polling",
            "For seconds instead, set JIRA_WEBHOOK_SECRET and add a webhook in JIRA",
        )

    def clock(self, now: datetime) -> CheckResult:
        """Whether JIRA and we agree about the time."""
        said = text(mapping(self.client.get("serverInfo")), "serverTime")
        if not said:
            return _ok("JIRA does not tell its time")
        apart = abs(instant(said) - now)
        if apart > _SKEW:
            return _warn(f"JIRA's clock and ours are {apart.total_seconds():.0f} s apart", "Check NTP on this machine")
        return _ok("JIRA's clock and ours agree")


def _guarded(
    name: str, act: Callable[[], CheckResult], broken: list[str], essential: bool
) -> Callable[[], CheckResult]:
    def run() -> CheckResult:
        if name == "reachable":
            broken.clear()
        if broken:
            return _warn(f"not looked at, because of: {broken[0]}", "Cure that first")
        try:
            return act()
        except DeliveryError as error:
            if essential:
                broken.append(name)
            return explained(error)

    return run


def explained(error: DeliveryError) -> CheckResult:
    """A failure in one sentence, with what cures it."""
    if isinstance(error, LoginLost):
        return _fail(
            "JIRA does not accept our login",
            "Make a new API token (Cloud, with JIRA_USERNAME) or personal access token (Data Center)",
        )
    if isinstance(error, Forbidden):
        return _fail(str(error), "Ask a JIRA administrator for the permission")
    if isinstance(error, Missing):
        return _fail(
            f"project not found, or not visible to us: {error}",
            "Check JIRA_PROJECT_KEY, and that the account may browse the project",
        )
    if "cannot be reached" in str(error):
        return _fail(f"not available: {error}", "Check JIRA_SERVER_URL, the network, the proxy and the certificate")
    return _fail(str(error), "Correct what the sentence names and look again")


def _ok(words: str) -> CheckResult:
    return CheckResult(grade=Grade.OK, text=words)


def _warn(words: str, cure: str) -> CheckResult:
    return CheckResult(grade=Grade.WARN, text=words, cure=cure)


def _fail(words: str, cure: str) -> CheckResult:
    return CheckResult(grade=Grade.FAIL, text=words, cure=cure)
