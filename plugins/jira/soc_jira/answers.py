"""What JIRA's answers mean for the caller: done, refused, not now, not us, or nobody knows."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import requests

from soc_core import PermanentError, TemporaryError, UncertainError
from soc_jira.reading import mapping, objects, strings

_NEVER_SENT: Final = ("NewConnectionError", "NameResolutionError", "SSLCertVerificationError")


class Refused(PermanentError):
    """JIRA said no to what was asked; `errors` has its words for each field."""

    def __init__(self, message: str, *, status: int, messages: tuple[str, ...], errors: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.messages = messages
        self.errors = errors


class Missing(Refused):
    """JIRA does not have it, or does not show it to us."""


class LoginLost(TemporaryError):
    """JIRA does not know us any more; everything waits until the token works again."""


class Forbidden(TemporaryError):
    """JIRA knows us and does not let us."""


class Blocked(Forbidden):
    """Not JIRA refused it but something in front of it, such as a firewall that takes log text for an attack."""


def json_of(answer: requests.Response, what: str) -> object:
    """What an answer holds; a page or half an answer says nothing about what was done."""
    if not answer.content:
        return None
    try:
        found: object = answer.json()
    except ValueError as error:
        raise UncertainError(f"JIRA's answer to {what} is no JSON; is there a proxy or login page?") from error
    return found


def items(answer: object, *names: str) -> list[Mapping[str, object]]:
    """The objects of the list that JIRA always answers with, under one of `names` if there are any."""
    given = mapping(answer)
    found = next((given[name] for name in names if name in given), None) if names else answer
    if not isinstance(found, list):
        raise not_jira(f"an answer without {names[0] if names else 'a list'}")
    return list(objects(found))


def not_jira(what: str) -> TemporaryError:
    """The error for an answer that JIRA does not give: it says neither that something is there nor that it is not."""
    return TemporaryError(f"JIRA cannot be reached: something in its place gave {what}", whole_destination=True)


def is_json(answer: requests.Response) -> bool:
    """Whether an answer holds JSON, as all of JIRA's refusals do that hold anything."""
    try:
        answer.json()
    except ValueError:
        return False
    return True


def refusal(answer: requests.Response, what: str) -> Refused:
    """A refusal with JIRA's own words, for each field where it names them."""
    try:
        body: Mapping[str, object] = mapping(answer.json())
    except ValueError:
        body = {}
    messages = strings(body.get("errorMessages")) or strings([body[name] for name in ("message",) if name in body])
    errors = {str(name): str(word) for name, word in mapping(body.get("errors")).items()}
    words = "; ".join((*messages, *(f"{name}: {word}" for name, word in errors.items()))) or "no reason given"
    kind = Missing if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) else Refused
    return kind(
        f"JIRA refused {what} ({answer.status_code}): {words[:500]}",
        status=answer.status_code,
        messages=messages,
        errors=errors,
    )


def reason(answer: requests.Response) -> str:
    """JIRA's own words alone."""
    return str(refusal(answer, "it")).partition(": ")[2]


def never_sent(error: BaseException) -> bool:
    """Whether a request surely did not leave: nobody there to connect to, no such name, a certificate we refuse."""
    seen, queue = set(), [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, requests.ConnectTimeout) or type(one).__name__ in _NEVER_SENT:
            return True
        queue += [inner for inner in (one.__cause__, one.__context__, *one.args) if isinstance(inner, BaseException)]
        if isinstance(reason := getattr(one, "reason", None), BaseException):
            queue.append(reason)
    return False
