"""How the pretended Slack shows messages, channels and people in its answers."""

from soc_core.testing.slack.workspace import TEAM, Channel, Json, Message, User


def page(found: list[Message], args: Json) -> Json:
    """One page of messages."""
    start, limit = int(str(args.get("cursor") or 0)), int(str(args.get("limit") or 100))
    wanted = str(args.get("include_all_metadata") or "0").lower() in ("1", "true")
    messages = [message_view(message, with_metadata=wanted) for message in found[start : start + limit]]
    more = start + limit < len(found)
    answer: Json = {"messages": messages, "has_more": more}
    if more:
        answer["response_metadata"] = {"next_cursor": str(start + limit)}
    return answer


def message_view(message: Message, *, with_metadata: bool = False) -> Json:
    """A message."""
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


def channel_view(channel: Channel) -> Json:
    """A channel."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_member": channel.member,
        "is_ext_shared": channel.shared,
    }


def user_view(user: User, with_email: bool) -> Json:
    """Somebody."""
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
