"""People who work in the pretended JIRA's own pages: what they do there, the product must notice."""

import attrs

from soc_core.testing.jira.site import User
from soc_core.testing.jira.tracker import Tracker


@attrs.frozen(kw_only=True)
class Human:
    """Somebody with a browser."""

    tracker: Tracker
    user: User

    def moves(self, key: str, status: str, resolution: str | None = None) -> None:
        """Takes the transition that leads to a status."""
        with self.tracker.held():
            issue = self.tracker.issue(key)
            workflow = self.tracker.projects[issue.project].workflow
            way = next(way for way in workflow.leaving(issue.status) if way.to == status)
            given = resolution or ("Done" if way.resolution == "required" else None)
            fields = {} if given is None else {"resolution": {"name": given}}
            self.tracker.transit(self.user, issue, {"transition": {"id": way.id}, "fields": fields})

    def assigns(self, key: str, name: str | None) -> None:
        """Gives an issue to somebody, or to nobody."""
        with self.tracker.held():
            found = [user for user in self.tracker.users.values() if user.name == name]
            value = None
            if found:
                value = {"accountId": found[0].id} if self.tracker.cloud else {"name": found[0].name}
            self.tracker.edit(self.user, self.tracker.issue(key), {"fields": {"assignee": value}})

    def sets_priority(self, key: str, priority: str) -> None:
        """Chooses another priority."""
        self.tracker.edit(self.user, self.tracker.issue(key), {"fields": {"priority": {"name": priority}}})

    def comments(self, key: str, text: str) -> None:
        """Writes a comment."""
        self.tracker.comment(self.user, self.tracker.issue(key), text)

    def unlabels(self, key: str, label: str) -> None:
        """Takes a label away."""
        self.tracker.edit(self.user, self.tracker.issue(key), {"update": {"labels": [{"remove": label}]}})

    def deletes(self, key: str) -> None:
        """Deletes an issue."""
        self.tracker.delete(self.user, self.tracker.issue(key))

    def moves_to_project(self, key: str, project: str) -> None:
        """Moves an issue to another project."""
        self.tracker.move(self.user, self.tracker.issue(key), project)

    def links_duplicate(self, key: str, other: str) -> None:
        """Says that an issue duplicates another one."""
        with self.tracker.held():
            issue = self.tracker.issue(key)
            issue.links.append(("Duplicate", other))
            self.tracker.touch(self.user, issue)
