"""Writes comments once: each carries a tag by which it is known again, after a lost answer and when it comes back."""

import hashlib
import re
from http import HTTPStatus
from typing import Final

from soc_core import Delivery, Update
from soc_jira.adf import words_of
from soc_jira.answers import Refused
from soc_jira.client import Client
from soc_jira.description import note_text, remark
from soc_jira.document import Document, narrow
from soc_jira.fields import render
from soc_jira.reading import mapping, objects

_TAG: Final = re.compile(r"soc-core · [0-9a-f]{12}\s*\Z")
_LOOK_BACK = "100"


class Comments:
    """Writes to the comments of tickets."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def note(self, key: str, update: Update, delivery: Delivery) -> None:
        """Pass on what somebody wrote elsewhere."""
        self._write(key, note_text(update, tag=tag_of(delivery.key)), delivery)

    def remark(self, key: str, words: str, delivery: Delivery) -> None:
        """Write a sentence of our own."""
        self._write(key, remark(words, tag=tag_of(delivery.key)), delivery)

    def say(self, key: str, words: str, *, work: str) -> None:
        """Write a sentence of our own unless it stands there; `work` names what it belongs to."""
        if not self.stands(key, tag_of(work)):
            self._send(key, remark(words, tag=tag_of(work)))

    def stands(self, key: str, tag: str) -> bool:
        """Whether the comment with a tag is there already."""
        query = {"orderBy": "-created", "maxResults": _LOOK_BACK}
        found = mapping(self._client.get("issue/{key}/comment", query=query, key=key))
        return any(tag in words_of(comment.get("body")) for comment in objects(found.get("comments")))

    def _write(self, key: str, document: Document, delivery: Delivery) -> None:
        if is_repeat(delivery) and self.stands(key, tag_of(delivery.key)):
            return
        self._send(key, document)

    def _send(self, key: str, document: Document) -> None:
        body = render(document, self._client.version)
        try:
            self._client.send("POST", "issue/{key}/comment", {"body": body}, once=True, key=key)
        except Refused as error:
            plain = narrow(body) if isinstance(body, str) else body
            if error.status != HTTPStatus.BAD_REQUEST or plain == body:
                raise
            self._client.send("POST", "issue/{key}/comment", {"body": plain}, once=True, key=key)


def tag_of(work: str) -> str:
    """The last line of the comment that a piece of work writes."""
    return f"soc-core · {hashlib.sha256(work.encode()).hexdigest()[:12]}"


def is_ours(body: str) -> bool:
    """Whether a comment is one of our own, by its last line."""
    return _TAG.search(body) is not None


def is_repeat(delivery: Delivery) -> bool:
    """Whether an earlier attempt may have been carried out."""
    return delivery.attempt > 1 or delivery.uncertain_since is not None
