"""A small reader of JIRA's query language: as much of it as an integration for incidents needs."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from soc_core.testing.jira.site import Issue, Project, Refusal

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(>=|<=|!=|=|~|>|<|\(|\)|,)|([^\s"=<>!~(),]+))')
_SPAN = re.compile(r"-(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Test = Callable[[Issue], bool]


def matching(query: str, issues: Iterable[Issue], *, projects: Mapping[str, Project], now: datetime) -> list[Issue]:
    """The issues that a query finds, in its order; a query that JIRA would refuse is refused."""
    where, _, order = re.sub(r"\s+", " ", query.strip()).partition("ORDER BY ")
    reader = _Reader(_tokens(where), projects, now)
    test = reader.whole() if reader.tokens else None
    if test is None:
        raise Refusal(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    found = [issue for issue in issues if test(issue)]
    for part in reversed([part.split() for part in order.split(",") if part.strip()]):
        found.sort(key=_sort_key(part[0]), reverse=len(part) > 1 and part[1].upper() == "DESC")
    return found


def _tokens(text: str) -> list[tuple[str, bool]]:
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise Refusal(400, f"Error in the JQL Query: the character at {at} is not expected.")
        quoted, sign, word = token.groups()
        if quoted is not None:
            found.append((re.sub(r"\\(.)", r"\1", quoted), True))
        else:
            found.append((sign or word, False))
        at = token.end()
    return found


def _sort_key(name: str) -> Callable[[Issue], tuple[object, ...]]:
    if name == "key":
        return lambda issue: (issue.key.rpartition("-")[0], int(issue.key.rpartition("-")[2]))
    if name in ("updated", "created"):
        return lambda issue: (getattr(issue, name),)
    raise Refusal(400, f"Field '{name}' does not exist or you do not have permission to view it.")


class _Reader:
    """Reads `a AND (b OR c)` from left to right."""

    def __init__(self, tokens: list[tuple[str, bool]], projects: Mapping[str, Project], now: datetime) -> None:
        self.tokens = tokens
        self._projects = projects
        self._now = now

    def whole(self) -> Test:
        test = self._either()
        if self.tokens:
            raise Refusal(400, f"Error in the JQL Query: '{self.tokens[0][0]}' is not expected.")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._word("OR"):
            tests.append(self._both())
        return lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._word("AND"):
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        if self._word("("):
            test = self._either()
            self._expect(")")
            return test
        field = self._next()
        if self._word("in"):
            self._expect("(")
            values = [self._next()]
            while self._word(","):
                values.append(self._next())
            self._expect(")")
            tests = [self._clause(field, "=", value) for value in values]
            return lambda issue: any(test(issue) for test in tests)
        return self._clause(field, self._next(), self._next())

    def _clause(self, field: str, sign: str, value: str) -> Test:
        if field == "labels" and sign == "=":
            return lambda issue: value.lower() in (label.lower() for label in issue.labels)
        if field == "project" and sign == "=":
            if value not in self._projects:
                raise Refusal(400, f"The value '{value}' does not exist for the field 'project'.")
            return lambda issue: issue.project == value
        if field == "statusCategory" and (sign, value) == ("!=", "Done"):
            return lambda issue: self._projects[issue.project].workflow.status(issue.status).category != "done"
        if field in ("key", "issuekey") and sign == "=":
            return lambda issue: value in (issue.key, *issue.former_keys)
        if field == "text" and sign == "~":
            phrase = value.strip('"').lower()
            return lambda issue: phrase in f"{issue.fields}".lower()
        if field == "updated" and sign == ">=":
            span = _SPAN.fullmatch(value)
            if span is None:
                raise Refusal(400, f"Date value '{value}' for field 'updated' is invalid.")
            since = self._now - timedelta(**{_UNITS[span[2]]: int(span[1])})
            return lambda issue: (
                issue.updated.replace(second=0, microsecond=0) >= since.replace(second=0, microsecond=0)
            )
        raise Refusal(400, f"Field '{field}' does not exist or this search cannot use '{sign}' with it.")

    def _next(self) -> str:
        if not self.tokens:
            raise Refusal(400, "Error in the JQL Query: the query ends too early.")
        return self.tokens.pop(0)[0]

    def _word(self, word: str) -> bool:
        if self.tokens and not self.tokens[0][1] and self.tokens[0][0].upper() == word.upper():
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._word(word):
            raise Refusal(400, f"Error in the JQL Query: '{word}' is missing.")
