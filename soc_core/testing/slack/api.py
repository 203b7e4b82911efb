"""The Web API methods of the pretended Slack that a security team's program calls."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

import attrs

from soc_core.testing.slack import limits
from soc_core.testing.slack.workspace import TEAM, Channel, Json, Message, Refusal, User, Workspace, mapping

_TRIGGER_LIFE = timedelta(seconds=3)
_SCOPES: Mapping[str, tuple[str, ...]] = {
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.join": ("channels:join",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.replies": ("channels:history", "groups:history"),
    "dnd.teamInfo": ("dnd:read",),
    "reactions.add": ("reactions:write",),
    "usergroups.users.list": ("usergroups:read",),
    "users.getPresence": ("users:read",),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
}


@attrs.define(kw_only=True)
class Api:
    """Answers calls. What is refused raises `Refusal`; what is answered was done.

    Args:
        scopes: What the bot token may do.
        address: Where Socket Mode connections go, known once the server runs.
        triggers: When each trigger was handed out; one opens one modal.
    """

    workspace: Workspace
    scopes: set[str]
    address: str = ""
    tickets: set[str] = attrs.field(factory=set)
    triggers: dict[str, float] = attrs.field(factory=dict)
    reactions: list[tuple[str, str, str]] = attrs.field(factory=list)

    def call(self, method: str, args: Json) -> Json:
        """Answer one call made with the bot token."""
        handlers: Mapping[str, Callable[[Json], Json]] = {
            "auth.test": self._auth_test,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._whisper,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.info": self._channel_info,
            "conversations.join": self._join,
            "conversations.list": self._channels,
            "conversations.replies": self._replies,
            "dnd.teamInfo": self._dnd,
            "reactions.add": self._react,
            "usergroups.users.list": self._group,
            "users.getPresence": self._presence,
            "users.info": self._user_info,
            "users.lookupByEmail": self._by_email,
            "views.open": self._open_view,
            "views.update": self._update_view,
        }
        if method not in handlers:
            raise Refusal("unknown_method")
        wanted = _SCOPES.get(method, ())
        if wanted and not self.scopes & set(wanted):
            raise Refusal("missing_scope", needed=wanted[0], provided=",".join(sorted(self.scopes)))
        with self.workspace.lock:
            return {"ok": True, **handlers[method](args)}

    def connect(self) -> Json:
        """`apps.connections.open`: one address, good for one connection."""
        ticket = self.workspace.fresh("ticket-")
        self.tickets.add(ticket)
        return {"ok": True, "url": f"{self.address}?ticket={ticket}"}

    def trigger(self) -> str:
        """A trigger id that opens one modal within three seconds."""
        trigger = self.workspace.fresh("trigger.")
        self.triggers[trigger] = self.workspace.now().timestamp()
        return trigger

    def webhook(self, channel: Channel, body: Json) -> None:
        """An incoming webhook posts; the refusals are plain words."""
        text, blocks = body.get("text"), body.get("blocks")
        if not text and not blocks:
            raise Refusal("no_text")
        if blocks is not None and limits.faults_in(blocks):
            raise Refusal("invalid_blocks")
        if channel.archived:
            raise Refusal("channel_is_archived")
        with self.workspace.lock:
            channel.messages.append(self._message(channel, body))

    # -- chat -----------------------------------------------------------------------------------------------------

    def _post(self, args: Json) -> Json:
        channel = self._open_channel(args)
        _check_text(args, most=None)
        _check_metadata(args)
        thread = args.get("thread_ts")
        if thread is not None and not any(message.ts == thread for message in channel.messages):
            raise Refusal("thread_not_found")
        message = self._message(channel, args)
        channel.messages.append(message)
        return {"channel": channel.id, "ts": message.ts, "message": _view(message, with_metadata=True)}

    def _message(self, channel: Channel, args: Json) -> Message:
        blocks = args.get("blocks")
        thread = args.get("thread_ts")
        parent = next((m for m in channel.messages if m.ts == thread), None)
        return Message(
            channel=channel.id,
            ts=self.workspace.stamp(),
            user=self.workspace.bot.id,
            bot_id="B0SOC00001",
            text=str(args.get("text") or ""),
            blocks=list(blocks) if isinstance(blocks, list) else [],
            # A reply to a reply lands in the thread of the parent.
            thread_ts=None if parent is None else (parent.thread_ts or parent.ts),
            metadata=dict(mapping(args["metadata"])) if args.get("metadata") else None,
            broadcast=bool(args.get("reply_broadcast")),
            sent=dict(args),
        )

    def _update(self, args: Json) -> Json:
        channel = self._open_channel(args)
        message = self.workspace.message(channel, args.get("ts"))
        if message.bot_id is None:
            raise Refusal("cant_update_message")
        _check_text(args, most=4000)
        _check_metadata(args)
        message.versions.append((message.text, message.blocks))
        if "text" in args or "blocks" in args:
            blocks = args.get("blocks")
            message.text = str(args.get("text") or "")
            # Text without blocks takes the blocks away.
            message.blocks = list(blocks) if isinstance(blocks, list) else []
        if "metadata" in args:
            message.metadata = dict(mapping(args["metadata"])) or None
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": _view(message)}

    def _delete(self, args: Json) -> Json:
        channel = self.workspace.channel(args.get("channel"))
        message = self.workspace.message(channel, args.get("ts"))
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _whisper(self, args: Json) -> Json:
        channel = self._open_channel(args)
        _check_text(args, most=None)
        user = self._user(args.get("user"), "user_not_in_channel")
        ts = self.workspace.stamp()
        self.workspace.whispers.append({**args, "channel": channel.id, "user": user.id, "ts": ts})
        return {"message_ts": ts}

    def _permalink(self, args: Json) -> Json:
        channel = self.workspace.channel(args.get("channel"))
        message = self.workspace.message(channel, args.get("message_ts"))
        link = f"https://soc.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        return {"channel": channel.id, "permalink": link}

    # -- conversations --------------------------------------------------------------------------------------------

    def _history(self, args: Json) -> Json:
        channel = self.workspace.channel(args.get("channel"))
        if args["channel"] != channel.id:
            raise Refusal("channel_not_found")  # names will not do here
        if not channel.member:
            raise Refusal("not_in_channel")
        oldest = float(str(args.get("oldest") or 0))
        found = [m for m in channel.messages if (m.thread_ts is None or m.broadcast) and float(m.ts) > oldest]
        return _page(found[::-1], args)

    def _replies(self, args: Json) -> Json:
        channel = self.workspace.channel(args.get("channel"))
        parent = args.get("ts")
        if not any(message.ts == parent for message in channel.messages):
            raise Refusal("thread_not_found")
        oldest = float(str(args.get("oldest") or 0))
        found = [m for m in channel.messages if m.ts == parent or (m.thread_ts == parent and float(m.ts) > oldest)]
        return _page(found, args)

    def _channel_info(self, args: Json) -> Json:
        return {"channel": _channel_view(self._channel_by_id(args))}

    def _join(self, args: Json) -> Json:
        channel = self._channel_by_id(args)
        if channel.archived:
            raise Refusal("is_archived")
        if channel.private:
            raise Refusal("method_not_supported_for_channel_type")
        channel.member = True
        return {"channel": _channel_view(channel)}

    def _channels(self, args: Json) -> Json:
        ordered = list(self.workspace.channels.values())
        start, limit = int(str(args.get("cursor") or 0)), int(str(args.get("limit") or 100))
        more = str(start + limit) if start + limit < len(ordered) else ""
        found = [_channel_view(channel) for channel in ordered[start : start + limit]]
        return {"channels": found, "response_metadata": {"next_cursor": more}}

    def _channel_by_id(self, args: Json) -> Channel:
        if args.get("channel") not in self.workspace.channels:
            raise Refusal("channel_not_found")
        return self.workspace.channels[str(args["channel"])]

    def _open_channel(self, args: Json) -> Channel:
        channel = self.workspace.channel(args.get("channel"))
        if channel.archived:
            raise Refusal("is_archived")
        if not channel.member:
            raise Refusal("not_in_channel")
        return channel

    # -- people ---------------------------------------------------------------------------------------------------

    def _auth_test(self, args: Json) -> Json:
        bot = self.workspace.bot
        return {
            "url": "https://soc.slack.com/",
            "team": "SOC",
            "user": bot.name,
            "team_id": TEAM,
            "user_id": bot.id,
            "bot_id": "B0SOC00001",
        }

    def _user(self, key: object, error: str) -> User:
        for user in self.workspace.users.values():
            if key == user.id:
                return user
        raise Refusal(error)

    def _user_info(self, args: Json) -> Json:
        return {"user": _user_view(self._user(args.get("user"), "user_not_found"), "users:read.email" in self.scopes)}

    def _by_email(self, args: Json) -> Json:
        for user in self.workspace.users.values():
            if user.email and user.email.casefold() == str(args.get("email")).casefold() and not user.deleted:
                return {"user": _user_view(user, with_email=True)}
        raise Refusal("users_not_found")

    def _presence(self, args: Json) -> Json:
        return {"presence": self._user(args.get("user"), "user_not_found").presence}

    def _dnd(self, args: Json) -> Json:
        users: Json = {}
        for key in str(args.get("users") or "").split(",")[:50]:
            user = self._user(key, "user_not_found")
            start, end = user.dnd or (1.0, 1.0)
            users[key] = {"dnd_enabled": user.dnd is not None, "next_dnd_start_ts": start, "next_dnd_end_ts": end}
        return {"users": users}

    def _group(self, args: Json) -> Json:
        if args.get("usergroup") not in self.workspace.groups:
            raise Refusal("no_such_subteam")
        return {"users": self.workspace.groups[str(args["usergroup"])]}

    def _react(self, args: Json) -> Json:
        channel = self._channel_by_id(args)
        self.workspace.message(channel, args.get("timestamp"))
        entry = (channel.id, str(args["timestamp"]), str(args["name"]))
        if entry in self.reactions:
            raise Refusal("already_reacted")
        self.reactions.append(entry)
        return {}

    # -- modals ---------------------------------------------------------------------------------------------------

    def _open_view(self, args: Json) -> Json:
        trigger = str(args.get("trigger_id"))
        given = self.triggers.pop(trigger, None)
        if given is None:
            raise Refusal("exchanged_trigger_id")
        if self.workspace.now().timestamp() - given > _TRIGGER_LIFE.total_seconds():
            raise Refusal("expired_trigger_id")
        view = _checked_view(args)
        view["id"] = self.workspace.fresh("V")
        view["hash"] = self.workspace.stamp()
        self.workspace.views[str(view["id"])] = view
        return {"view": view}

    def _update_view(self, args: Json) -> Json:
        key = str(args.get("view_id"))
        if key not in self.workspace.views:
            raise Refusal("not_found")
        view = {**_checked_view(args), "id": key, "hash": self.workspace.stamp()}
        self.workspace.views[key] = view
        return {"view": view}


def _checked_view(args: Json) -> Json:
    view = args.get("view")
    if isinstance(view, str):
        view = json.loads(view)
    found = limits.faults_in_view(view)
    if found or not isinstance(view, dict):
        messages = [f"[ERROR] {fault}" for fault in found]
        raise Refusal("invalid_arguments", response_metadata={"messages": messages})
    return dict(view)


def _check_text(args: Json, *, most: int | None) -> None:
    blocks = args.get("blocks")
    if blocks is not None:
        if found := limits.faults_in(blocks):
            messages = [f"[ERROR] {fault}" for fault in found]
            raise Refusal("invalid_blocks", errors=found, response_metadata={"messages": messages})
        if len(json.dumps(blocks)) > 100_000:
            raise Refusal("msg_blocks_too_long")
    text = str(args.get("text") or "")
    if not text and not blocks:
        raise Refusal("no_text")
    if most is not None and len(text) > most:
        raise Refusal("msg_too_long")


def _check_metadata(args: Json) -> None:
    metadata = args.get("metadata")
    if not metadata:
        return
    inner = mapping(metadata)
    if not re.fullmatch(r"[A-Za-z0-9_]+", str(inner.get("event_type", ""))):
        raise Refusal("invalid_metadata_format")
    if not isinstance(inner.get("event_payload"), Mapping):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(metadata)) > 8192:
        raise Refusal("metadata_too_large")


def _page(found: list[Message], args: Json) -> Json:
    start, limit = int(str(args.get("cursor") or 0)), int(str(args.get("limit") or 100))
    wanted = str(args.get("include_all_metadata") or "0").lower() in ("1", "true")
    messages = [_view(message, with_metadata=wanted) for message in found[start : start + limit]]
    more = start + limit < len(found)
    answer: Json = {"messages": messages, "has_more": more}
    if more:
        answer["response_metadata"] = {"next_cursor": str(start + limit)}
    return answer


def _view(message: Message, *, with_metadata: bool = False) -> Json:
    shown: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.bot_id is not None:
        shown |= {"bot_id": message.bot_id, "app_id": "A0SOC00001", "team": TEAM}
    if message.thread_ts is not None:
        shown["thread_ts"] = message.thread_ts
    if with_metadata and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def _channel_view(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.member,
        "is_ext_shared": channel.shared,
    }


def _user_view(user: User, with_email: bool) -> Json:
    profile: Json = {"real_name": user.real_name, "display_name": user.name}
    if with_email:
        profile["email"] = user.email
    return {
        "id": user.id,
        "name": user.name,
        "team_id": user.team,
        "deleted": user.deleted,
        "is_bot": user.bot,
        "profile": profile,
    }
