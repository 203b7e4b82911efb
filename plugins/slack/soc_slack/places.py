"""Where a message stands, who we are in Slack, and the key by which our own messages are found again."""

import re
from collections.abc import Mapping
from datetime import datetime

import attrs

from soc_slack.reading import dig

Json = dict[str, object]
EVENT_TYPE = "soc_incident"


@attrs.frozen(kw_only=True)
class Place:
    """Where a message stands: its channel's id and its time, which together name it."""

    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.ts}"

    @classmethod
    def of(cls, text: str) -> "Place":
        """The place kept as `C123:1700000000.000100`."""
        channel, _, ts = text.partition(":")
        return cls(channel=channel, ts=ts)


@attrs.frozen(kw_only=True)
class Identity:
    """Who we are in Slack, what the token may do, and what time Slack said it was."""

    team: str
    team_name: str
    user: str
    bot: str
    name: str
    url: str
    scopes: frozenset[str]
    at: datetime | None


def marked(key: str) -> Json:
    """The metadata of a message. Everybody in the workspace can read it, so it holds nothing but an opaque key."""
    return {"event_type": EVENT_TYPE, "event_payload": {"key": key}}


def key_of(message: Mapping[str, object]) -> str | None:
    """The key of a message of ours."""
    return dig(message, "metadata", "event_payload", "key") or None


def is_channel_id(channel: str) -> bool:
    """Whether a channel is given by its id rather than by its name."""
    return re.fullmatch(r"[CGD][A-Z0-9]{6,}", channel) is not None
