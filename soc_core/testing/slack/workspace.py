"""What the pretended Slack remembers: channels, messages, people, groups, open modals."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import attrs

Json = dict[str, object]
TEAM = "T0SOC00001"


class Refusal(Exception):
    """Slack says no: its word for the error and what else is in the answer."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@attrs.define(kw_only=True)
class User:
    """Somebody, or the program itself."""

    id: str
    name: str
    real_name: str = ""
    email: str = ""
    team: str = TEAM
    bot: bool = False
    deleted: bool = False
    presence: str = "active"
    dnd: tuple[float, float] | None = None


@attrs.define(kw_only=True)
class Message:
    """One message; `versions` holds what it said before each edit."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[object] = attrs.field(factory=list)
    thread_ts: str | None = None
    bot_id: str | None = None
    metadata: Json | None = None
    broadcast: bool = False
    versions: list[tuple[str, list[object]]] = attrs.field(factory=list)
    sent: Json = attrs.field(factory=dict)

    @property
    def edits(self) -> int:
        """How often it was edited."""
        return len(self.versions)

    @property
    def shown(self) -> str:
        """Every text in the message, as one text to search in."""
        return "\n".join([self.text, *texts_in(self.blocks)])

    @property
    def buttons(self) -> dict[str, Json]:
        """The buttons, by action id."""
        return {str(found["action_id"]): found for found in elements_in(self.blocks) if "action_id" in found}


@attrs.define(kw_only=True)
class Channel:
    """One channel."""

    id: str
    name: str
    private: bool = False
    archived: bool = False
    member: bool = True
    shared: bool = False
    messages: list[Message] = attrs.field(factory=list)


@attrs.define(kw_only=True)
class Workspace:
    """One workspace. Changes are made under `lock`."""

    now: Callable[[], datetime]
    bot: User
    users: dict[str, User]
    channels: dict[str, Channel]
    groups: dict[str, list[str]] = attrs.field(factory=dict)
    views: dict[str, Json] = attrs.field(factory=dict)
    whispers: list[Json] = attrs.field(factory=list)
    lock: threading.RLock = attrs.field(factory=threading.RLock)
    _last: int = 0
    _ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def stamp(self) -> str:
        """A time that no other message has."""
        with self.lock:
            self._last = max(int(self.now().timestamp() * 1_000_000), self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def fresh(self, letter: str) -> str:
        """An id that nothing else has."""
        return f"{letter}0{next(self._ids):07d}"

    def channel(self, key: object) -> Channel:
        """A channel by id or by name, with or without `#`."""
        for channel in self.channels.values():
            if key in (channel.id, channel.name, f"#{channel.name}"):
                return channel
        raise Refusal("channel_not_found")

    def message(self, channel: Channel, ts: object) -> Message:
        """A message by its time."""
        for message in channel.messages:
            if message.ts == ts:
                return message
        raise Refusal("message_not_found")


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def elements_in(value: object) -> Iterator[Json]:
    """Everything with an action id, however deep."""
    if isinstance(value, dict):
        if "action_id" in value:
            yield value
        for inner in value.values():
            yield from elements_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from elements_in(inner)


def texts_in(value: object) -> Iterator[str]:
    """Every text a person would read, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield str(value["text"])
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
