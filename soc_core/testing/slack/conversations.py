"""What the pretended Slack tells of channels and of what was said in them."""

from soc_core.testing.slack.api import Api
from soc_core.testing.slack.shapes import channel_view, page
from soc_core.testing.slack.workspace import Json, Refusal


def history(api: Api, args: Json) -> Json:
    """What stands in a channel, newest first."""
    channel = api.workspace.channel(args.get("channel"))
    if args["channel"] != channel.id:
        raise Refusal("channel_not_found")  # names will not do here
    if not channel.member:
        raise Refusal("not_in_channel")
    oldest = float(str(args.get("oldest") or 0))
    found = [m for m in channel.messages if (m.thread_ts is None or m.broadcast) and float(m.ts) > oldest]
    return page(found[::-1], args)


def replies(api: Api, args: Json) -> Json:
    """What stands in a thread, oldest first."""
    channel = api.workspace.channel(args.get("channel"))
    parent = args.get("ts")
    if not any(message.ts == parent for message in channel.messages):
        raise Refusal("thread_not_found")
    oldest = float(str(args.get("oldest") or 0))
    found = [m for m in channel.messages if m.ts == parent or (m.thread_ts == parent and float(m.ts) > oldest)]
    return page(found, args)


def info(api: Api, args: Json) -> Json:
    """A channel."""
    return {"channel": channel_view(api.channel_by_id(args))}


def join(api: Api, args: Json) -> Json:
    """Enter a public channel."""
    channel = api.channel_by_id(args)
    if channel.archived:
        raise Refusal("is_archived")
    if channel.private:
        raise Refusal("method_not_supported_for_channel_type")
    channel.member = True
    return {"channel": channel_view(channel)}


def channels(api: Api, args: Json) -> Json:
    """All channels, page by page."""
    ordered = list(api.workspace.channels.values())
    start, limit = int(str(args.get("cursor") or 0)), int(str(args.get("limit") or 100))
    more = str(start + limit) if start + limit < len(ordered) else ""
    found = [channel_view(channel) for channel in ordered[start : start + limit]]
    return {"channels": found, "response_metadata": {"next_cursor": more}}
