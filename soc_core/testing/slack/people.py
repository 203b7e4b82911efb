"""What the pretended Slack tells of people: who they are, whether they are there."""

from soc_core.testing.slack.api import Api
from soc_core.testing.slack.shapes import user_view
from soc_core.testing.slack.workspace import TEAM, Json, Refusal


def auth_test(api: Api, args: Json) -> Json:
    """Whose login it is."""
    bot = api.workspace.bot
    return {
        "url": "https://soc.slack.com/",
        "team": "SOC",
        "user": bot.name,
        "team_id": TEAM,
        "user_id": bot.id,
        "bot_id": "B0SOC00001",
    }


def user_info(api: Api, args: Json) -> Json:
    """Somebody by id."""
    return {"user": user_view(api.user(args.get("user"), "user_not_found"), "users:read.email" in api.scopes)}


def by_email(api: Api, args: Json) -> Json:
    """Somebody by address."""
    for user in api.workspace.users.values():
        if user.email and user.email.casefold() == str(args.get("email")).casefold() and not user.deleted:
            return {"user": user_view(user, with_email=True)}
    raise Refusal("users_not_found")


def presence(api: Api, args: Json) -> Json:
    """Whether somebody is there."""
    return {"presence": api.user(args.get("user"), "user_not_found").presence}


def do_not_disturb(api: Api, args: Json) -> Json:
    """Who does not want to be disturbed, and until when."""
    users: Json = {}
    for key in str(args.get("users") or "").split(",")[:50]:
        user = api.user(key, "user_not_found")
        start, end = user.dnd or (1.0, 1.0)
        users[key] = {"dnd_enabled": user.dnd is not None, "next_dnd_start_ts": start, "next_dnd_end_ts": end}
    return {"users": users}


def group(api: Api, args: Json) -> Json:
    """Who belongs to a user group."""
    if args.get("usergroup") not in api.workspace.groups:
        raise Refusal("no_such_subteam")
    return {"users": api.workspace.groups[str(args["usergroup"])]}
