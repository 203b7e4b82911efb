"""Tells an incident's story in Slack: one live message that is kept up to date, and the news in its thread."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from soc_core import (
    Change,
    Course,
    Delivery,
    DeliveryError,
    EscalationStep,
    Incident,
    Priority,
    Status,
    TemporaryError,
    Ticket,
    Update,
    get_logger,
)
from soc_slack import messages
from soc_slack.cards import GONE, Shown, card
from soc_slack.errors import Reroute, Vanished
from soc_slack.people import People
from soc_slack.places import Place
from soc_slack.poster import Errand, Poster
from soc_slack.route import Route

Refs = dict[str, str]
PARENT, THREAD, DIGEST = "parent", "thread", "shown"
_PUBLISHED = (Change.STATUS, Change.TICKET)  # what the incidents channel hears of
_FIRST_MAY_COME = 3  # tries during which a similar alert waits for the message it belongs under
_TRIES_FOR_NAMES = 4  # until an escalation goes out although Slack does not tell who somebody is
REPLY = "reply:"  # how the ids of notes begin that were written in the thread itself


@attrs.frozen(kw_only=True)
class Timeline:
    """What is said when, and where. While `now` knows no time, no time left is shown."""

    poster: Poster
    route: Route
    people: People
    now: Callable[[], datetime | None]
    buttons: bool
    late: timedelta

    def opened(self, incident: Incident, delivery: Delivery) -> Refs | None:
        """Show a new incident, at once."""
        errand = Errand(incident=incident, delivery=delivery)
        if parent_of(incident) is not None:
            return self._refreshed(errand)
        if not incident.status.active and self._is_late(incident.opened_at):
            return None  # over before we could tell: no old news
        return self._shown(errand)

    def ticketed(self, incident: Incident, ticket: Ticket, delivery: Delivery) -> Refs | None:
        """The live message gets its ticket."""
        errand = Errand(incident=incident, delivery=delivery)
        with errand.all_or_look():
            refs = self._refreshed(errand, publishes=True)
            self._publish(errand, f"Ticket {ticket.key} made")
        return refs

    def updated(self, incident: Incident, update: Update, delivery: Delivery) -> Refs | None:
        """Something changed: the live message shows the newest state, the thread tells the news."""
        did = _doing(incident, update)
        named = {f"slack:{name}": who for name, who in did.items()}
        newest = attrs.evolve(incident, refs={**incident.refs, **named})
        errand = Errand(incident=newest, delivery=delivery)
        publishes = update.change in _PUBLISHED and not self._is_late(update.at)
        line = self._line(incident, update)
        with errand.all_or_look():
            refs = self._refreshed(errand, line=line, broadcast=_is_alarming(update), publishes=publishes)
            if publishes:
                words = f"{update.change.capitalize()}: {update.old or '-'} → {update.new or 'gone'}"
                self._publish(errand, words)
            if update.change is Change.PRIORITY and _is_alarming(update):
                self._carry_over(errand)
        return {**did, **(refs or {})} or None

    def escalated(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> Refs | None:
        """A rung fired: whom it concerns is mentioned, once."""
        errand = Errand(incident=incident, delivery=delivery)
        if not incident.status.active:
            return None
        mentions, unmapped = self.people.mentions(step, patient=delivery.attempt < _TRIES_FOR_NAMES)
        line = messages.escalation(incident, step, mentions, unmapped)
        if parent_of(incident) is None and self.route.home(incident.severity) is None:
            # Not shown for its small severity, but now somebody has to hear of it.
            repeat = self.poster.wait_turn(errand, self.route.all[0])
            purpose = f"line:{delivery.key}"
            self.poster.post(errand, self.route.all[0], line, purpose=purpose, repeat=repeat)
            return None
        overdue = step.overdue is not None or (step.share is not None and step.share >= 1)
        with errand.all_or_look():
            refs = self._refreshed(errand, line=line, broadcast=overdue, publishes=overdue)
            if overdue:
                self._publish(errand, f"{step.clock.capitalize()} time missed")
        return refs

    def count_down(self, incident: Incident) -> None:
        """Bring the time left on a live message up to date."""
        place = parent_of(incident)
        if place is not None:
            self._edit(place, incident)

    # -- private ----------------------------------------------------------------------------------------------------

    def _shown(self, errand: Errand, *, again: bool = False) -> Refs | None:
        """Post the live message: in its channel, or in the thread of a similar incident of just before."""
        incident = errand.incident
        home = self.route.home(incident.severity)
        root = None if again else _root(incident.similar_refs)
        if root is not None and home is not None and self._is_there(home, root):
            # If the first one is gone, this one stands alone.
            with contextlib.suppress(Reroute, Vanished):
                return self._placed(errand, root.channel, under=root)
        elif root is None and incident.similar_to and errand.delivery.attempt < _FIRST_MAY_COME and not again:
            raise TemporaryError(
                f"{incident.id} waits for the message of {incident.similar_to}", retry_after=timedelta(seconds=2)
            )
        return None if home is None else self._placed(errand, home, again=again)

    def _placed(self, errand: Errand, channel: str, *, under: Place | None = None, again: bool = False) -> Refs:
        repeat = self.poster.wait_turn(errand, channel)
        purpose = f"{PARENT}:{errand.delivery.key}" if again else PARENT
        thread = None if under is None else under.ts
        shown = card(errand.incident, now=self.now(), buttons=self.buttons)
        place = self.poster.post(errand, channel, shown, purpose=purpose, thread=thread, repeat=repeat)
        return {
            PARENT: str(place),
            THREAD: "" if under is None else str(under),
            DIGEST: _digest(errand.incident, buttons=self.buttons),
        }

    def _refreshed(
        self, errand: Errand, *, line: Shown | None = None, broadcast: bool = False, publishes: bool = False
    ) -> Refs | None:
        """Edit the live message if it would look different, and say a line in its thread."""
        incident, place = errand.incident, parent_of(errand.incident)
        if place is None:
            # Alerts of middling severity that follow a similar one are not shown on purpose.
            wanted = incident.status.active and incident.kind is Course.TICKET
            return self._shown_with(errand, line, broadcast=broadcast) if wanted else None
        digest = _digest(incident, buttons=self.buttons)
        stale = incident.refs.get(f"slack:{DIGEST}") != digest
        news = self._news_channel(incident) if publishes else None
        posting = (place.channel if line is not None else None, news)
        repeat = self.poster.wait_turn(errand, *filter(None, posting), edits=stale)
        try:
            if stale:
                self._edit(place, incident)
            if line is not None:
                self._say(errand, line, thread_of(incident) or place, broadcast=broadcast, repeat=repeat)
        except (Reroute, Vanished) as error:
            get_logger().warning("slack.message_gone", incident=incident.id, error=str(error))
            if not incident.status.active:
                return None
            return self._shown_with(errand, line, broadcast=broadcast, again=True)
        return {DIGEST: digest} if stale else None

    def _shown_with(self, errand: Errand, line: Shown | None, *, broadcast: bool, again: bool = False) -> Refs | None:
        refs = self._shown(errand, again=again)
        if refs is not None and line is not None:
            under = Place.of(refs[THREAD] or refs[PARENT])
            self._say(errand, line, under, broadcast=broadcast, repeat=True)
        return refs

    def _edit(self, place: Place, incident: Incident) -> None:
        shown = card(incident, now=self.now(), buttons=self.buttons)
        self.poster.edit(place, shown, version=incident.version)

    def _say(self, errand: Errand, line: Shown, under: Place, *, broadcast: bool, repeat: bool) -> None:
        purpose = f"line:{errand.delivery.key}"
        self.poster.post(
            errand, under.channel, line, purpose=purpose, thread=under.ts, broadcast=broadcast, repeat=repeat
        )

    def _line(self, incident: Incident, update: Update) -> Shown | None:
        from_here = update.origin == "slack"
        if from_here and (update.change is not Change.NOTE or update.id.startswith(REPLY)):
            return None  # the live message says it, or it stands in the thread already
        if update.change is not Change.NOTE and self._is_late(update.at):
            return None  # old news: the live message shows what came of it
        return messages.thread_line(incident, update)

    def _publish(self, errand: Errand, words: str) -> None:
        """Tell the incidents channel, if there is one beside the channel of the live message."""
        if channel := self._news_channel(errand.incident):
            self._post_news(errand, channel, words)

    def _news_channel(self, incident: Incident) -> str | None:
        channel = self.route.incidents
        beside = incident.kind is Course.TICKET and channel != self.route.home(incident.severity)
        return channel if beside else None

    def _carry_over(self, errand: Errand) -> None:
        """A matter became worse than its channel is for: tell the channel that it would belong into now."""
        home, place = self.route.home(errand.incident.severity), parent_of(errand.incident)
        if home is not None and place is not None and not self._is_there(home, place):
            self._post_news(errand, home, f"Severity rose to {errand.incident.severity:g}")

    def _is_there(self, channel: str, place: Place) -> bool:
        """Whether a message stands in a channel that may be given by name; in doubt it does."""
        try:
            return self.poster.client.channel_id(channel) in (None, place.channel)
        except DeliveryError:
            return True

    def _post_news(self, errand: Errand, channel: str, words: str) -> None:
        repeat = errand.delivery.attempt > 1 or errand.delivery.uncertain_since is not None
        place = parent_of(errand.incident)
        said = messages.news(errand.incident, words, None if place is None else self.poster.client.permalink(place))
        self.poster.post(errand, channel, said, purpose=f"news:{errand.delivery.key}", repeat=repeat)

    def _is_late(self, at: datetime) -> bool:
        now = self.now()
        return now is not None and now - at > self.late


@attrs.frozen(kw_only=True)
class Herald:
    """The same story through an incoming webhook: short messages, as nothing can be edited."""

    post: Callable[[Shown], None]
    now: Callable[[], datetime | None]
    late: timedelta

    def opened(self, incident: Incident, delivery: Delivery) -> None:
        """Show a new incident."""
        self.post(card(incident, now=self.now(), buttons=False))

    def ticketed(self, incident: Incident, ticket: Ticket, delivery: Delivery) -> None:
        """Tell the ticket."""
        self.post(card(incident, now=self.now(), buttons=False))

    def updated(self, incident: Incident, update: Update, delivery: Delivery) -> None:
        """Tell how the work goes on."""
        now = self.now()
        if update.change is not Change.STATUS or (now is not None and now - update.at > self.late):
            return
        said = messages.thread_line(incident, update)
        if said is not None:
            self.post(said)

    def escalated(self, incident: Incident, step: EscalationStep, delivery: Delivery) -> None:
        """Tell that time runs out."""
        if incident.status.active:
            self.post(messages.escalation(incident, step, (), [person.name for person in step.people]))


def parent_of(incident: Incident) -> Place | None:
    """Where the live message of an incident stands."""
    kept = incident.refs.get(f"slack:{PARENT}")
    return None if kept is None else Place.of(kept)


def thread_of(incident: Incident) -> Place | None:
    """The message under which an incident's story is told."""
    return _root(incident.refs)


def told_at(place: tuple[str, str], incidents: Iterable[Incident]) -> str | None:
    """The incident whose own thread begins at a place, a channel and a time."""
    own = ((one.id, thread_of(one)) for one in incidents if thread_of(one) == parent_of(one))
    return next((name for name, root in own if root is not None and (root.channel, root.ts) == place), None)


def _doing(incident: Incident, update: Update) -> Refs:
    """Who brought the incident where it stands: the live message names them. Overtaken changes name nobody.

    A ticket that is gone is named too, so that nobody waits for it.
    """
    if update.change is Change.TICKET:
        return {GONE: update.old if incident.ticket is None else ""}
    stands = {Change.STATUS: incident.status, Change.VERDICT: incident.verdict, Change.PROMOTED: update.new}
    if update.change not in stands:
        return {}
    return {f"by_{update.change}": update.actor if stands[update.change] == update.new else ""}


def _is_alarming(update: Update) -> bool:
    """Whether a change should be seen by the whole channel: it began again, or it became urgent."""
    if update.change is Change.STATUS:
        return update.old in (Status.RESOLVED, Status.CLOSED) and update.new in (Status.OPEN, Status.IN_PROGRESS)
    return update.change is Change.PRIORITY and update.new == Priority.HIGHEST


def _root(refs: Mapping[str, str]) -> Place | None:
    kept = refs.get(f"slack:{THREAD}") or refs.get(f"slack:{PARENT}")
    return None if kept is None else Place.of(kept)


def _digest(incident: Incident, *, buttons: bool) -> str:
    return card(incident, now=None, buttons=buttons).digest
