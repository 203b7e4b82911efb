"""People in the pretended Slack: they press buttons, fill in modals, and write in threads."""

import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from soc_core.testing.slack.api import Api
from soc_core.testing.slack.sockets import Sockets
from soc_core.testing.slack.workspace import TEAM, Json, Message, User, Workspace


@attrs.frozen(kw_only=True)
class Posted:
    """A signed request on its way to the program's public address."""

    kind: str
    headers: Mapping[str, str]
    body: bytes


@attrs.frozen(kw_only=True)
class Answer:
    """What came of a press, a submission or a reply: a warning sign for the person if not acknowledged."""

    acknowledged: bool
    seconds: float
    body: Json | None = None
    status: int | None = None


class Line(Protocol):
    """How payloads reach the program."""

    api: Api
    sockets: Sockets
    workspace: Workspace
    outlet: Callable[[Posted], tuple[int, bytes]] | None

    def sign(self, kind: str, body: bytes, content_type: str) -> Posted:
        """Make a signed request of a body."""


@attrs.frozen(kw_only=True)
class Member:
    """Somebody with Slack open."""

    line: Line
    user: User

    def presses(self, message: Message, action: str, *, choice: str | None = None) -> Answer:
        """Presses a button of a message, or chooses an entry of its menu."""
        return self.sends(self.press(message, action, choice=choice))

    def press(self, message: Message, action: str, *, choice: str | None = None) -> Json:
        """The payload of a press, unsent: for those who replay it."""
        found = message.buttons.get(action)
        if found is None:
            raise LookupError(f"there is no {action} on this message, only {', '.join(message.buttons)}")
        stamp = self.line.workspace.stamp()
        done: Json = {"action_id": action, "block_id": "actions", "type": found["type"], "action_ts": stamp}
        if choice is not None:
            done["selected_option"] = {"value": choice}
        elif "value" in found:
            done["value"] = found["value"]
        return {
            "type": "block_actions",
            "api_app_id": "A0SOC00001",
            "team": {"id": TEAM, "domain": "soc"},
            "user": {"id": self.user.id, "username": self.user.name, "team_id": self.user.team},
            "trigger_id": self.line.api.trigger(),
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": False,
                **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            },
            "channel": {"id": message.channel, "name": "channel"},
            "message": {"ts": message.ts, "text": message.text, "blocks": message.blocks, "bot_id": message.bot_id},
            "response_url": "https://hooks.slack.com/actions/T0SOC00001/1/secret",
            "actions": [done],
        }

    def view(self) -> Json:
        """The modal that was opened last."""
        return list(self.line.workspace.views.values())[-1]

    def submits(self, view: Json, **values: str) -> Answer:
        """Fills in a modal (by action id) and sends it."""
        return self.sends(self.submission(view, **values))

    def submission(self, view: Json, **values: str) -> Json:
        """The payload of a filled-in modal, unsent."""
        state: dict[str, Json] = {}
        blocks = view["blocks"]
        for block in blocks if isinstance(blocks, list) else []:
            element = block.get("element")
            if element and element["action_id"] in values:
                given = {"type": element["type"], "value": values[element["action_id"]]}
                state[block["block_id"]] = {element["action_id"]: given}
        return {
            "type": "view_submission",
            "api_app_id": "A0SOC00001",
            "team": {"id": TEAM, "domain": "soc"},
            "user": {"id": self.user.id, "username": self.user.name, "team_id": self.user.team},
            "view": {**view, "state": {"values": state}, "team_id": TEAM},
        }

    def replies(self, message: Message, text: str, **more: object) -> Answer:
        """Writes in the thread of a message; `more` changes the event, such as its subtype."""
        return self.sends(self.reply(message, text, **more), kind="events_api")

    def reply(self, message: Message, text: str, **more: object) -> Json:
        """Writes in a thread and answers the event about it, unsent."""
        workspace = self.line.workspace
        with workspace.lock:
            thread = message.thread_ts or message.ts
            written = Message(
                channel=message.channel, ts=workspace.stamp(), user=self.user.id, text=text, thread_ts=thread
            )
            workspace.channels[message.channel].messages.append(written)
        event: Json = {
            "type": "message",
            "user": self.user.id,
            "text": text,
            "ts": written.ts,
            "event_ts": written.ts,
            "channel": message.channel,
            "channel_type": "channel",
            "thread_ts": thread,
            "team": self.user.team,
            **more,
        }
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": "A0SOC00001",
            "event": event,
            "event_id": workspace.fresh("Ev"),
            "event_time": int(float(written.ts)),
        }

    def sends(self, payload: Json, *, kind: str = "interactive") -> Answer:
        """Hands a payload to the program: over a socket if one is open, else as a signed request."""
        began = time.monotonic()
        if self.line.outlet is None:
            acknowledged, body = self.line.sockets.send(kind, payload)
            return Answer(acknowledged=acknowledged, seconds=time.monotonic() - began, body=body)
        if kind == "interactive":
            raw = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
            posted = self.line.sign(kind, raw, "application/x-www-form-urlencoded")
        else:
            posted = self.line.sign(kind, json.dumps(payload).encode(), "application/json")
        status, answer = self.line.outlet(posted)
        seconds = time.monotonic() - began
        body = json.loads(answer) if answer.startswith(b"{") else None
        return Answer(acknowledged=status == 200 and seconds < 3, seconds=seconds, body=body, status=status)
