"""Which method of the Web API does what, and which scopes allow it."""

from collections.abc import Mapping

from soc_core.testing.slack import chat, conversations, modals, people
from soc_core.testing.slack.api import Method

METHODS: Mapping[str, Method] = {
    "auth.test": (people.auth_test, ()),
    "chat.delete": (chat.delete, ("chat:write",)),
    "chat.getPermalink": (chat.permalink, ()),
    "chat.postEphemeral": (chat.whisper, ("chat:write",)),
    "chat.postMessage": (chat.post, ("chat:write",)),
    "chat.update": (chat.update, ("chat:write",)),
    "conversations.history": (conversations.history, ("channels:history", "groups:history")),
    "conversations.info": (conversations.info, ("channels:read", "groups:read")),
    "conversations.join": (conversations.join, ("channels:join",)),
    "conversations.list": (conversations.channels, ("channels:read", "groups:read")),
    "conversations.replies": (conversations.replies, ("channels:history", "groups:history")),
    "dnd.teamInfo": (people.do_not_disturb, ("dnd:read",)),
    "reactions.add": (chat.react, ("reactions:write",)),
    "usergroups.users.list": (people.group, ("usergroups:read",)),
    "users.getPresence": (people.presence, ("users:read",)),
    "users.info": (people.user_info, ("users:read",)),
    "users.lookupByEmail": (people.by_email, ("users:read.email",)),
    "views.open": (modals.open_view, ()),
    "views.update": (modals.update_view, ()),
}
