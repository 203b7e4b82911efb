"""The pretended JIRA's connections: reading requests, and answering whole, cut, or not at all."""

import json
import re
import urllib.parse
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Protocol

from soc_core.testing.jira.api import Answer, Asked
from soc_core.testing.jira.site import User
from soc_core.testing.jira.tracker import Tracker
from soc_core.testing.wire import Connection

_API = re.compile(r"/rest/api/(2|3|latest)/(.*)")


class Site(Protocol):
    """Who answers."""

    cloud: bool
    context: str
    tracker: Tracker

    def who(self, header: str) -> User | None:
        """Whose login an `Authorization` header is."""

    def respond(self, handler: "Handler") -> None:
        """Read the request from the handler and send an answer through it."""


class Handler(Connection):
    """One connection to the site that a subclass names."""

    site: Site

    def asked(self) -> tuple[Asked, str]:
        """The request, and the media type of its body."""
        raw, site = self.body(), self.site
        url = urllib.parse.urlsplit(self.path)
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        found = _API.fullmatch(url.path.removeprefix(site.context)) if url.path.startswith(site.context) else None
        body = json.loads(raw) if raw and kind == "application/json" else (raw or None)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        user = site.who(self.headers.get("Authorization") or "")
        version = found[1] if found else ""
        known = version in ("2", "3") if site.cloud else version in ("2", "latest")
        return Asked(
            method=self.command,
            path=urllib.parse.unquote(found[2]) if found and known else "?" + url.path,
            version=version,
            query=query,
            body=body,
            user=user,
            raw=raw,
        ), kind

    def answer_request(self) -> None:
        """Let the site answer."""
        self.site.respond(self)

    # The names are the standard library's.
    do_GET = answer_request  # noqa: N815
    do_POST = answer_request  # noqa: N815
    do_PUT = answer_request  # noqa: N815
    do_DELETE = answer_request  # noqa: N815

    def send(self, answer: Answer, *, cut: bool = False) -> None:
        """Answer with JSON; `cut` promises more than is sent."""
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.write(answer.status, "application/json;charset=UTF-8", self._dated(answer.headers), body, cut=cut)

    def send_page(self, page: str) -> None:
        """Answer with a page meant for people."""
        self.write(200, "text/html", self._dated({}), page.encode())

    def _dated(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {"Date": format_datetime(self.site.tracker.now(), usegmt=True), **headers}
