"""What the pretended Slack does with messages: posted, changed, taken back, whispered, reacted to."""

import json
import re
from collections.abc import Mapping

from soc_core.testing.slack import limits
from soc_core.testing.slack.api import Api
from soc_core.testing.slack.shapes import message_view
from soc_core.testing.slack.workspace import Channel, Json, Message, Refusal, mapping


def post(api: Api, args: Json) -> Json:
    """Say something in a channel or a thread."""
    channel = api.open_channel(args)
    _check_text(args, most=None)
    _check_metadata(args)
    thread = args.get("thread_ts")
    if thread is not None and not any(message.ts == thread for message in channel.messages):
        raise Refusal("thread_not_found")
    message = _message(api, channel, args)
    channel.messages.append(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_view(message, with_metadata=True)}


def update(api: Api, args: Json) -> Json:
    """Say it differently."""
    channel = api.open_channel(args)
    message = api.workspace.message(channel, args.get("ts"))
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
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message_view(message)}


def delete(api: Api, args: Json) -> Json:
    """Take it back."""
    channel = api.workspace.channel(args.get("channel"))
    message = api.workspace.message(channel, args.get("ts"))
    channel.messages.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def whisper(api: Api, args: Json) -> Json:
    """Say something that one person sees."""
    channel = api.open_channel(args)
    _check_text(args, most=None)
    user = api.user(args.get("user"), "user_not_in_channel")
    ts = api.workspace.stamp()
    api.workspace.whispers.append({**args, "channel": channel.id, "user": user.id, "ts": ts})
    return {"message_ts": ts}


def permalink(api: Api, args: Json) -> Json:
    """The address of a message."""
    channel = api.workspace.channel(args.get("channel"))
    message = api.workspace.message(channel, args.get("message_ts"))
    link = f"https://soc.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def react(api: Api, args: Json) -> Json:
    """React to a message, once."""
    channel = api.channel_by_id(args)
    api.workspace.message(channel, args.get("timestamp"))
    entry = (channel.id, str(args["timestamp"]), str(args["name"]))
    if entry in api.reactions:
        raise Refusal("already_reacted")
    api.reactions.append(entry)
    return {}


def webhook(api: Api, channel: Channel, body: Json) -> None:
    """An incoming webhook posts; the refusals are plain words."""
    text, blocks = body.get("text"), body.get("blocks")
    if not text and not blocks:
        raise Refusal("no_text")
    if blocks is not None and limits.faults_in(blocks):
        raise Refusal("invalid_blocks")
    if channel.archived:
        raise Refusal("channel_is_archived")
    with api.workspace.lock:
        channel.messages.append(_message(api, channel, body))


def _message(api: Api, channel: Channel, args: Json) -> Message:
    blocks = args.get("blocks")
    thread = args.get("thread_ts")
    parent = next((m for m in channel.messages if m.ts == thread), None)
    return Message(
        channel=channel.id,
        ts=api.workspace.stamp(),
        user=api.workspace.bot.id,
        bot_id="B0SOC00001",
        text=str(args.get("text") or ""),
        blocks=list(blocks) if isinstance(blocks, list) else [],
        # A reply to a reply lands in the thread of the parent.
        thread_ts=None if parent is None else (parent.thread_ts or parent.ts),
        metadata=dict(mapping(args["metadata"])) if args.get("metadata") else None,
        broadcast=bool(args.get("reply_broadcast")),
        sent=dict(args),
    )


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
