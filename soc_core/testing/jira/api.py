"""The pretended JIRA's REST interface: finds out which path does what, and says no as JIRA does."""

import re
from collections.abc import Callable, Mapping, Sequence

import attrs

from soc_core.testing.jira import views
from soc_core.testing.jira.screens import items_of, mapping
from soc_core.testing.jira.site import Issue, Json, Refusal, User
from soc_core.testing.jira.tracker import Tracker


@attrs.frozen(kw_only=True)
class Asked:
    """One request as the interface sees it; `user` is None for somebody who is not logged in."""

    method: str
    path: str
    version: str
    query: Mapping[str, str]
    body: object
    user: User | None
    raw: bytes = b""


@attrs.frozen(kw_only=True)
class Answer:
    """What comes back."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Api:
    """Answers requests out of a tracker.

    Args:
        routes: Which path does what: method, path, and what is done.
        base: Where the site says it is, for links.
        release: The version that Data Center states.
        denied: Permissions that the product's account lacks.
        hidden: Keys of issues that the product's account may not see any more.
        hidden_emails: Whether people keep their addresses to themselves, as on Cloud they may.
    """

    tracker: Tracker
    routes: "Sequence[Route]"
    base: str
    release: str
    title: str = "Fake JIRA"
    denied: set[str] = attrs.field(factory=set)
    hidden: set[str] = attrs.field(factory=set)
    hidden_emails: bool = False

    def answer(self, asked: Asked) -> Answer:
        """Do what is asked, or say why not."""
        with self.tracker.held():
            try:
                for method, pattern, act in self.routes:
                    if method == asked.method and (found := pattern.fullmatch(asked.path)):
                        return self._act(act, asked, found.groups())
            except Refusal as refusal:
                return Answer(status=refusal.status, body=refusal.body)
        return Answer(status=404, body={"errorMessages": ["No such path"], "errors": {}})

    def _act(self, act: "Act", asked: Asked, parts: tuple[str, ...]) -> Answer:
        if asked.user is None and asked.path != "serverInfo":
            if asked.path in ("search", "search/jql"):
                return Answer(body={"issues": [], "isLast": True} if self.tracker.cloud else {"issues": [], "total": 0})
            if asked.path == "myself":
                raise Refusal(401, "Client must be authenticated to access this resource.")
            raise Refusal(404, "Issue does not exist or you do not have permission to see it.")
        self.may_see(*parts)
        return act(self, asked, *parts)

    def may_see(self, *keys: str) -> None:
        """Refuse if one of them is hidden; Cloud does not even say that it is there."""
        if self.hidden.intersection(keys):
            status = 404 if self.tracker.cloud else 403
            raise Refusal(status, "Issue does not exist or you do not have permission to see it.")

    def viewer(self, asked: Asked) -> User:
        """Who asks; routes are only reached by somebody who is logged in."""
        if asked.user is None:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        return asked.user

    def need(self, permission: str, status: int = 403) -> None:
        """Refuse if the account lacks a permission."""
        if permission in self.denied:
            raise Refusal(status, f"You do not have the permission {permission}.")

    def shown(self, asked: Asked, issue: Issue) -> Json:
        """An issue as it was asked for: fields, properties, history."""
        shown = views.issue(self.tracker, issue, self.viewer(asked), asked.version, self.base)
        wanted, expand = names(asked, "fields"), names(asked, "expand")
        if wanted and not {"*all", "*navigable"} & wanted:
            shown["fields"] = {name: value for name, value in mapping(shown["fields"]).items() if name in wanted}
        if properties := names(asked, "properties"):
            shown["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
        if "changelog" in expand:
            entries = [views.history(self.tracker, entry, self.viewer(asked)) for entry in issue.histories]
            entries = entries[::-1] if self.tracker.cloud else entries
            shown["changelog"] = {"histories": entries, "total": len(entries), "maxResults": len(entries), "startAt": 0}
        return shown


Act = Callable[..., Answer]
Route = tuple[str, re.Pattern[str], Act]


def names(asked: Asked, name: str) -> set[str]:
    """A list in the query or the body, such as `fields`."""
    value = asked.query.get(name) or mapping(asked.body).get(name) or ""
    return set(value.split(",")) - {""} if isinstance(value, str) else {str(item) for item in items_of(value)}
