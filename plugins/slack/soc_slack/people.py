"""Who is who: a member of Slack and a person of the team, whichever of the two we meet first."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from soc_core import EscalationStep, PermanentError, Person, Reports, TemporaryError
from soc_slack.errors import LacksScope

_REMEMBERED = 5000


class Directory(Protocol):
    """What Slack knows of people."""

    def team(self) -> str:
        """The id of our own workspace."""

    def email(self, user: str) -> str | None:
        """The e-mail address of a member."""

    def member(self, email: str) -> str | None:
        """The member with an e-mail address."""


class People:
    """Finds the person behind a Slack id, and the Slack id of a person. The team's own table wins over e-mail."""

    def __init__(self, directory: Directory | None, groups: Mapping[str, str]) -> None:
        self.reports: Reports | None = None
        self._directory = directory
        self._groups = groups
        self._emails: OrderedDict[str, str] = OrderedDict()
        self._members: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def person(self, user: str, team: str = "") -> Person | None:
        """Somebody of the team by their Slack id; the e-mail address counts only in our own workspace (`team`).

        Raises:
            TemporaryError: Slack does not tell at this moment who it is.
        """
        if self.reports is None:
            return None
        found = self.reports.person(slack=user)
        if found is not None or self._directory is None or not self._is_ours(self._directory, team):
            return found
        email = self._remembered(self._emails, user, self._directory.email)
        return None if not email else self.reports.person(email=email)

    def mentions(self, step: EscalationStep, *, patient: bool = False) -> tuple[list[str], list[str]]:
        """Slack's marks for those whom a rung concerns, and the names of those whom Slack does not know.

        Raises:
            TemporaryError: Slack does not tell at this moment who they are, and the caller is patient.
        """
        marks = [f"<!subteam^{self._groups[role]}>" for role in step.notify if role in self._groups]
        unmapped = []
        for person in step.people:
            try:
                user = self.user(person)
            except TemporaryError:
                if patient:
                    raise
                user = None
            if user is None:
                unmapped.append(person.name)
            else:
                marks.append(f"<@{user}>")
        if not step.people and not marks:
            unmapped += step.notify
        return list(dict.fromkeys(marks)), unmapped

    def user(self, person: Person) -> str | None:
        """The Slack id of a person; raises `TemporaryError` while Slack does not tell it."""
        if person.slack is not None or person.email is None or self._directory is None:
            return person.slack
        return self._remembered(self._members, person.email, self._directory.member)

    def _is_ours(self, directory: "Directory", team: str) -> bool:
        return not team or team == directory.team()

    # Only what was found is remembered: who is unknown today may be known tomorrow.
    def _remembered(self, memory: OrderedDict[str, str], key: str, ask: "Ask") -> str | None:
        with self._lock:
            if key in memory:
                return memory[key]
        try:
            answer = ask(key)
        except (PermanentError, LacksScope):
            return None
        if answer is not None:
            with self._lock:
                memory[key] = answer
                while len(memory) > _REMEMBERED:
                    memory.popitem(last=False)
        return answer


class Ask(Protocol):
    """A question to Slack about one person."""

    def __call__(self, key: str, /) -> str | None:
        """The answer, or None."""
