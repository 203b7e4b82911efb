"""What people do in Slack: presses, forms and thread replies become changes of incidents, checked and stored once.

The order is always: who is it and may they, store, acknowledge, and only then talk to Slack again.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping

import attrs

from soc_core import Change, ChangeRefused, DeliveryError, Inbox, Incident, Person, Reports, Status, Update, get_logger
from soc_slack import actions, messages
from soc_slack.cards import Shown
from soc_slack.client import Client
from soc_slack.people import People
from soc_slack.places import Json
from soc_slack.reading import dig, readable, rows
from soc_slack.timeline import REPLY, told_at

_REMEMBERED = 10_000
_ALL = 10_000
_SETTLED = 3600.0
_STRANGER = "You are not known here: ask for your Slack id to be put into the team's settings ([people])."
_NOT_ALLOWED = "Your role may not do this."
_NOT_TOLD = "Slack does not tell at the moment who you are, so nothing was done: please try again."
_SPOKEN = (None, "thread_broadcast", "file_share")


@attrs.frozen(kw_only=True)
class Reply:
    """What to acknowledge with, and what to do afterwards."""

    body: Json | None = None
    later: Callable[[], None] | None = None


@attrs.frozen(kw_only=True)
class Press:
    """One press of a button: by whom, where, on what."""

    action: str
    incident: str
    user: str
    team: str
    channel: str
    ts: str
    thread: str | None
    trigger: str
    at: str

    @property
    def id(self) -> str:
        """The same for every repetition of this very press, and for no other."""
        return f"press:{self.channel}:{self.ts}:{self.action}:{self.user}:{self.at}"


class Inbound:
    """Handles what arrives, over Socket Mode or HTTP alike."""

    def __init__(
        self, *, client: Client, people: People, inbox: Inbox, reports: Reports, roles: frozenset[str]
    ) -> None:
        self._client = client
        self._people = people
        self._inbox = inbox
        self._reports = reports
        self._roles = roles
        self._threads: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def handle(self, kind: str, payload: Json) -> Reply:
        """Take one payload in; what it asks for is durable when this returns."""
        if kind == "interactive" and payload.get("type") == "block_actions":
            return self._pressed(payload)
        if kind == "interactive" and payload.get("type") == "view_submission":
            return self._submitted(payload)
        if kind == "events_api" and dig(payload, "event", "type") == "message":
            return self._said(payload)
        return Reply()

    # -- buttons ----------------------------------------------------------------------------------------------------

    def _pressed(self, payload: Json) -> Reply:
        found = [press for press in _presses(payload) if press.action != actions.VIEW]
        replies = [self._press(press) for press in found]
        return next((reply for reply in replies if reply.later is not None), Reply())

    def _press(self, press: Press) -> Reply:
        person, refusal = self._allowed(press.user, press.team)
        if person is None:
            get_logger().warning("slack.press_refused", user=press.user, action=press.action, incident=press.incident)
            return self._whispered(press, messages.answer(refusal))
        incident = self._reports.incident(press.incident)
        if incident is None:
            return self._whispered(press, messages.answer(f"There is no incident {press.incident} any more."))
        if press.action == actions.NOTE:
            form = messages.note_form(incident.id, press.channel, press.ts)
            return Reply(later=lambda: self._open(press, form))
        if press.action == actions.WHY:
            told = messages.answer(f"Why {incident.id}?", self._reports.explanation(incident.id))
            return self._whispered(press, told)
        try:
            told_no = self._done(press, person, incident)
        except ChangeRefused as refused:
            return self._whispered(press, messages.answer(str(refused)))
        return Reply() if told_no is None else self._whispered(press, messages.answer(told_no))

    def _done(self, press: Press, person: Person, incident: Incident) -> str | None:
        """Carry it out; answers a sentence if there was nothing to do."""
        if press.action == actions.CREATE:
            if self._inbox.request_ticket(incident.id, person.name, "slack"):
                return None
            return f"{incident.id} has a ticket already, or it is on its way."
        update = _update_for(press, person, self._reports)
        if update is None:
            return None
        if already := _already(incident, update):
            return already
        self._inbox.change(incident.id, update)
        return None

    def _open(self, press: Press, form: Json) -> None:
        try:
            self._client.open_view(press.trigger, form)
        except DeliveryError:
            sorry = messages.answer("Slack did not open the form in time: press again, or reply in the thread.")
            self._client.whisper(press.channel, press.user, sorry.text, sorry.blocks, press.thread)
            raise

    # -- the note form ----------------------------------------------------------------------------------------------

    def _submitted(self, payload: Json) -> Reply:
        if dig(payload, "view", "callback_id") != actions.NOTE_FORM:
            return Reply()
        text = dig(payload, "view", "state", "values", actions.NOTE_BLOCK, actions.NOTE_INPUT, "value").strip()
        person, refusal = self._allowed(dig(payload, "user", "id"), dig(payload, "user", "team_id"))
        if person is None:
            return _form_fault(refusal)
        if not text:
            return _form_fault("Write something first.")
        incident = _kept(dig(payload, "view", "private_metadata"))
        ident = f"form:{dig(payload, 'view', 'id')}:{dig(payload, 'user', 'id')}"
        try:
            self._inbox.change(incident, self._note(person, text, ident))
        except ChangeRefused as refused:
            return _form_fault(str(refused))
        return Reply()

    # -- thread replies ---------------------------------------------------------------------------------------------

    def _said(self, payload: Json) -> Reply:
        user, channel = dig(payload, "event", "user"), dig(payload, "event", "channel")
        thread, ts = dig(payload, "event", "thread_ts"), dig(payload, "event", "ts")
        event = payload["event"]
        if not isinstance(event, Mapping) or event.get("subtype") not in _SPOKEN or event.get("bot_id"):
            return Reply()  # edits, joins and bots, ourselves among them
        if not (user and thread and ts) or thread == ts:
            return Reply()
        incident = self._incident_of(channel, thread, dig(payload, "event", "parent_user_id"))
        if incident is None:
            return Reply(later=None if self._client.knows_itself else self._client.recall_itself)
        person, refusal = self._allowed(user, dig(payload, "event", "team"))
        if person is None:
            words = f"This did not become a note of {incident}. {refusal}"
            return self._told_once(user, channel, thread, words, about=ts if refusal is _NOT_TOLD else thread)
        text = readable(dig(payload, "event", "text"), self._name_of)
        if not text.strip():
            return Reply()
        try:
            self._inbox.change(incident, self._note(person, text, f"{REPLY}{channel}:{ts}"))
        except ChangeRefused as refused:
            return self._told_once(user, channel, thread, str(refused), about=thread)
        return Reply()

    def _incident_of(self, channel: str, thread: str, parent: str) -> str | None:
        key = (channel, thread)
        with self._lock:
            if key in self._threads:
                return self._threads[key]
        # Most replies are about what is being worked on; the whole store is looked through for the rest only.
        found = told_at(key, self._reports.incidents()) or told_at(
            key, self._reports.incidents(active=False, limit=_ALL)
        )
        settled = self._reports.now().timestamp() - _seconds(thread) > _SETTLED
        if found is not None or settled or self._client.is_of_another(parent):
            # A young thread under a message of ours may be that of an incident whose place is not stored yet.
            with self._lock:
                self._threads[key] = found
                _bound(self._threads)
        return found

    # -- private ----------------------------------------------------------------------------------------------------

    def _allowed(self, user: str, team: str) -> tuple[Person | None, str]:
        try:
            person = self._people.person(user, team)
        except DeliveryError:
            return None, _NOT_TOLD
        if person is None:
            return None, _STRANGER
        if self._roles and not self._roles & person.roles:
            return None, _NOT_ALLOWED
        return person, ""

    def _note(self, person: Person, text: str, ident: str) -> Update:
        now = self._reports.now()
        return Update(change=Change.NOTE, origin="slack", at=now, actor=person.name, text=text, id=ident)

    def _name_of(self, user: str) -> str:
        person = self._reports.person(slack=user)
        return user if person is None else person.name

    def _whispered(self, press: Press, shown: Shown) -> Reply:
        return Reply(
            later=lambda: self._client.whisper(press.channel, press.user, shown.text, shown.blocks, press.thread)
        )

    def _told_once(self, user: str, channel: str, thread: str, words: str, *, about: str) -> Reply:
        with self._lock:
            if (user, about) in self._told:
                return Reply()
            self._told[(user, about)] = None
            _bound(self._told)
        shown = messages.answer(words)
        return Reply(later=lambda: self._client.whisper(channel, user, shown.text, shown.blocks, thread))


def _presses(payload: Json) -> list[Press]:
    return [
        Press(
            action=dig(action, "action_id"),
            incident=dig(action, "value"),
            user=dig(payload, "user", "id"),
            team=dig(payload, "user", "team_id"),
            channel=dig(payload, "container", "channel_id") or dig(payload, "channel", "id"),
            ts=dig(payload, "container", "message_ts"),
            thread=dig(payload, "container", "thread_ts") or None,
            trigger=dig(payload, "trigger_id"),
            at=dig(action, "action_ts"),
        )
        for action in rows(payload.get("actions"))
        if dig(action, "action_id").startswith("soc_")
    ]


def _update_for(press: Press, person: Person, reports: Reports) -> Update | None:
    change, new = {
        actions.ACKNOWLEDGE: (Change.ACKNOWLEDGED, ""),
        actions.INVESTIGATE: (Change.STATUS, Status.IN_PROGRESS.value),
        actions.RESOLVE: (Change.STATUS, Status.RESOLVED.value),
        actions.ASSIGN: (Change.ASSIGNEE, person.name),
        **{action: (Change.VERDICT, verdict) for action, verdict in actions.VERDICTS.items()},
    }.get(press.action, (None, ""))
    if change is None:
        return None
    return Update(change=change, origin="slack", at=reports.now(), actor=person.name, new=new, id=press.id)


def _already(incident: Incident, update: Update) -> str | None:
    if update.change is Change.ACKNOWLEDGED and incident.acknowledged_at is not None:
        return f"{incident.id} was acknowledged by {incident.acknowledged_by or 'somebody'}."
    if update.change is Change.STATUS and incident.status.value == update.new:
        return f"{incident.id} is {incident.status} already."
    if update.change is Change.ASSIGNEE and incident.assignee == update.new:
        return f"{incident.id} is yours already."
    return None


def _kept(metadata: str) -> str:
    try:
        return dig(json.loads(metadata), "incident")
    except (ValueError, RecursionError):
        return ""


def _seconds(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        return 0.0


def _form_fault(words: str) -> Reply:
    return Reply(body={"response_action": "errors", "errors": {actions.NOTE_BLOCK: words}})


def _bound(memory: OrderedDict[tuple[str, str], str | None] | OrderedDict[tuple[str, str], None]) -> None:
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
