"""The Web API of the pretended Slack: who may call what, and what all methods need."""

from collections.abc import Callable, Mapping

import attrs

from soc_core.testing.slack.workspace import Channel, Json, Refusal, User, Workspace


@attrs.define(kw_only=True)
class Api:
    """Answers calls. What is refused raises `Refusal`; what is answered was done.

    Args:
        methods: What each method does, and which scopes of the token allow it; any one of them will do.
        scopes: What the bot token may do.
        address: Where Socket Mode connections go, known once the server runs.
        triggers: When each trigger was handed out; one opens one modal.
    """

    workspace: Workspace
    methods: "Mapping[str, Method]"
    scopes: set[str]
    address: str = ""
    tickets: set[str] = attrs.field(factory=set)
    triggers: dict[str, float] = attrs.field(factory=dict)
    reactions: list[tuple[str, str, str]] = attrs.field(factory=list)

    def call(self, method: str, args: Json) -> Json:
        """Answer one call made with the bot token."""
        if method not in self.methods:
            raise Refusal("unknown_method")
        act, wanted = self.methods[method]
        if wanted and not self.scopes & set(wanted):
            raise Refusal("missing_scope", needed=wanted[0], provided=",".join(sorted(self.scopes)))
        with self.workspace.lock:
            return {"ok": True, **act(self, args)}

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

    def open_channel(self, args: Json) -> Channel:
        """The channel that is written to; refused where the program may not write."""
        channel = self.workspace.channel(args.get("channel"))
        if channel.archived:
            raise Refusal("is_archived")
        if not channel.member:
            raise Refusal("not_in_channel")
        return channel

    def channel_by_id(self, args: Json) -> Channel:
        """The channel of that id; names will not do."""
        if args.get("channel") not in self.workspace.channels:
            raise Refusal("channel_not_found")
        return self.workspace.channels[str(args["channel"])]

    def user(self, key: object, error: str) -> User:
        """Somebody by id, or the refusal that is due."""
        for user in self.workspace.users.values():
            if key == user.id:
                return user
        raise Refusal(error)


Act = Callable[[Api, Json], Json]
Method = tuple[Act, tuple[str, ...]]
