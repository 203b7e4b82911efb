"""The Web API as a SOC needs it: messages, who is who, channels and groups, each method by the name of its purpose."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

from soc_core import DeliveryError, Secret, TemporaryError, UncertainError
from soc_slack.errors import NoAnswer
from soc_slack.library import translated, web_client
from soc_slack.places import Identity, Json, Place, is_channel_id, key_of, marked
from soc_slack.reading import dig, rows
from soc_slack.settings import Login, Settings

_PAGES = 25
_PAGE = 200
_OUTAGE = 3


class Client:
    """The Web API with a bot token. Construction does no I/O."""

    def __init__(self, login: Login, settings: Settings) -> None:
        token = None if login.bot_token is None else login.bot_token.reveal()
        self._web = web_client(login, settings, token)
        self._app = web_client(login, settings, None)
        self._ids: dict[str, str] = {}
        self._identity: Identity | None = None
        self._failures = 0
        self._lock = threading.Lock()

    # -- messages ---------------------------------------------------------------------------------------------------

    def post(
        self, channel: str, text: str, blocks: Sequence[Json], *, key: str | None, thread: str | None, broadcast: bool
    ) -> Place:
        """Post a message; `key` goes into its metadata, by which it is found again."""
        answer = self.call(
            "chat.postMessage",
            {
                "channel": channel,
                "text": text,
                "unfurl_links": False,
                "unfurl_media": False,
                **({"blocks": list(blocks)} if blocks else {}),
                **({} if key is None else {"metadata": marked(key)}),
                **({} if thread is None else {"thread_ts": thread}),
                **({"reply_broadcast": True} if broadcast and thread is not None else {}),
            },
        )
        place = Place(channel=str(answer.get("channel")), ts=str(answer.get("ts")))
        self._ids[channel] = place.channel
        return place

    def update(self, place: Place, text: str, blocks: Sequence[Json]) -> None:
        """Edit a message. Text and blocks go together: text alone would take the buttons away."""
        try:
            self.call("chat.update", {"channel": place.channel, "ts": place.ts, "text": text, "blocks": list(blocks)})
        except UncertainError as error:
            # The same edit twice is one edit: simply do it again.
            raise self._failed(error) from error

    def find(self, channel: str, key: str, *, since: float, thread: str | None) -> list[Place]:
        """Our messages with that key, oldest first: in the channel since then, or in a thread."""
        found = [place for other, place in self.ours(channel, since=since, thread=thread) if other == key]
        return sorted(found, key=lambda place: place.ts)

    def ours(self, channel: str, *, since: float, thread: str | None = None) -> list[tuple[str, Place]]:
        """Our messages with their keys: in a channel, or in a thread."""
        ident = self.channel_id(channel)
        if ident is None:
            return []
        name = "conversations.history" if thread is None else "conversations.replies"
        args: Json = {"channel": ident, "limit": _PAGE, "include_all_metadata": True, "oldest": f"{since:.6f}"}
        pages = self._pages(name, args if thread is None else {**args, "ts": thread})
        return [
            (key, Place(channel=ident, ts=str(message.get("ts"))))
            for page in pages
            for message in rows(page.get("messages"))
            if (key := key_of(message)) is not None
        ]

    def delete(self, place: Place) -> None:
        """Take a message away."""
        self.call("chat.delete", {"channel": place.channel, "ts": place.ts})

    def whisper(self, channel: str, user: str, text: str, blocks: Sequence[Json], thread: str | None = None) -> None:
        """Show a message to one person only."""
        args: Json = {"channel": channel, "user": user, "text": text, "blocks": list(blocks)}
        self.call("chat.postEphemeral", args if thread is None else {**args, "thread_ts": thread})

    def open_view(self, trigger: str, view: Json) -> None:
        """Open a modal for somebody who just pressed a button."""
        self.call("views.open", {"trigger_id": trigger, "view": view})

    # -- reading ----------------------------------------------------------------------------------------------------

    def identity(self, *, fresh: bool = False) -> Identity:
        """Who we are; asked once."""
        with self._lock:
            if self._identity is None or fresh:
                answer, headers = self._ask("auth.test", {})
                told = {name.lower(): value for name, value in headers.items()}
                scopes = told.get("x-oauth-scopes", "")
                self._identity = Identity(
                    team=str(answer.get("team_id", "")),
                    team_name=str(answer.get("team", "")),
                    user=str(answer.get("user_id", "")),
                    bot=str(answer.get("bot_id", "")),
                    name=str(answer.get("user", "")),
                    url=str(answer.get("url", "https://slack.com/")),
                    scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
                    at=_time(told.get("date", "")),
                )
            return self._identity

    @property
    def knows_itself(self) -> bool:
        """Whether we know who we are without asking."""
        return self._identity is not None

    def recall_itself(self) -> None:
        """Ask who we are, if that is not known."""
        self.identity()

    def is_of_another(self, user: str) -> bool:
        """Whether something of a member is surely not ours; asks nobody."""
        me = self._identity
        return bool(user) and me is not None and user != me.user

    def team(self) -> str:
        """The id of our own workspace."""
        return self.identity().team

    def permalink(self, place: Place) -> str:
        """The address of a message; this form is stable and costs no call."""
        return f"{self.identity().url}archives/{place.channel}/p{place.ts.replace('.', '')}"

    def known(self, channel: str) -> str:
        """The id of a channel if it is known already, else its name; asks nobody."""
        return self._ids.get(channel, channel)

    def channel_id(self, channel: str) -> str | None:
        """The id of a channel given by id or name; names are resolved once."""
        if channel in self._ids:
            return self._ids[channel]
        if is_channel_id(channel):
            return channel
        args: Json = {"limit": _PAGE, "exclude_archived": False, "types": "public_channel,private_channel"}
        for page in self._pages("conversations.list", args):
            for row in rows(page.get("channels")):
                if row.get("name") == channel.lstrip("#"):
                    self._ids[channel] = str(row["id"])
                    return self._ids[channel]
        return None

    def channel(self, channel: str) -> Mapping[str, object] | None:
        """What Slack knows of a channel."""
        ident = self.channel_id(channel)
        if ident is None:
            return None
        found = self.call("conversations.info", {"channel": ident}).get("channel")
        return found if isinstance(found, Mapping) else None

    def email(self, user: str) -> str | None:
        """The e-mail address of a member."""
        return dig(self.call("users.info", {"user": user}), "user", "profile", "email") or None

    def member(self, email: str) -> str | None:
        """The member id that belongs to an e-mail address."""
        return dig(self.call("users.lookupByEmail", {"email": email}), "user", "id") or None

    def group(self, group: str) -> tuple[str, ...]:
        """The members of a user group."""
        users = self.call("usergroups.users.list", {"usergroup": group}).get("users")
        return tuple(str(user) for user in users) if isinstance(users, list) else ()

    def is_active(self, user: str) -> bool:
        """Whether somebody's presence is active."""
        return self.call("users.getPresence", {"user": user}).get("presence") == "active"

    def do_not_disturb(self, users: Sequence[str]) -> dict[str, tuple[float, float]]:
        """From when until when each one must not be disturbed; at most 50 people at once."""
        found = self.call("dnd.teamInfo", {"users": ",".join(users)}).get("users")
        spans = {}
        for user, span in (found if isinstance(found, Mapping) else {}).items():
            if span.get("dnd_enabled"):
                spans[str(user)] = (float(span["next_dnd_start_ts"]), float(span["next_dnd_end_ts"]))
        return spans

    def connections_open(self, app_token: Secret) -> None:
        """Try the app-level token."""
        self._ask("apps.connections.open", {"token": app_token.reveal()}, as_app=True)

    def call(self, method: str, args: Json) -> Json:
        """Call a method.

        Raises:
            DeliveryError: Sorted by what to do next.
        """
        return self._ask(method, args)[0]

    # -- private ----------------------------------------------------------------------------------------------------

    def _pages(self, method: str, args: Json) -> Iterator[Json]:
        cursor = ""
        for _ in range(_PAGES):
            page = self.call(method, {**args, "cursor": cursor} if cursor else args)
            yield page
            cursor = dig(page, "response_metadata", "next_cursor")
            if not cursor:
                return

    def _ask(self, method: str, args: Json, *, as_app: bool = False) -> tuple[Json, Mapping[str, str]]:
        # Posts and views are JSON; the reading methods take forms only.
        json_body = method.startswith(("chat.", "views."))
        try:
            with translated(method):
                answer = (self._app if as_app else self._web).api_call(
                    method, json=args if json_body else None, params=None if json_body else args
                )
        except DeliveryError as error:
            self._failures = self._failures + 1 if isinstance(error, NoAnswer) else 0
            if json_body or not isinstance(error, UncertainError):
                raise
            raise self._failed(error) from error  # nothing was asked for but to be told something
        self._failures = 0
        body = answer.data
        return dict(body) if isinstance(body, dict) else {}, answer.headers

    def _failed(self, error: UncertainError) -> TemporaryError:
        # One lost answer is bad luck for one job; several in a row are an outage, and every job would meet it.
        return TemporaryError(str(error), whole_destination=self._failures >= _OUTAGE)


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
