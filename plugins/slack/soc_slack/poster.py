"""Sends each message once: waits its turn, looks before repeating, goes elsewhere or says it plainly if it must."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from soc_core import Delivery, Incident, PermanentError, TemporaryError, UncertainError, get_logger
from soc_slack.cards import Shown
from soc_slack.client import Client
from soc_slack.errors import LacksScope, Repair, Reroute, Vanished
from soc_slack.messages import plainly
from soc_slack.pace import POSTS, UPDATES, Pace
from soc_slack.places import Place

_STRIPES = 64
_REMEMBERED = 500
_MARGIN = timedelta(minutes=5)  # Slack's clock is not ours


class Fallbacks(Protocol):
    """Knows where to go when a channel cannot be used."""

    def others(self, channel: str) -> Sequence[str]:
        """The channels to try instead."""


@attrs.frozen(kw_only=True)
class Errand:
    """For which incident a message is sent, and what is known of earlier tries."""

    incident: Incident
    delivery: Delivery
    posted: list[Place] = attrs.field(factory=list, init=False)

    @contextlib.contextmanager
    def all_or_look(self) -> Iterator[None]:
        """If the rest of an errand has to wait when part of it is out, the next try must look before it posts."""
        try:
            yield
        except TemporaryError as error:
            # The core forgets the tries of those who were told when to come back, but never that one is uncertain.
            if not self.posted or self.delivery.uncertain_since is not None:
                raise
            raise UncertainError(f"part of it is posted: {error}") from error

    def key(self, purpose: str) -> str:
        """What the message is found by again: it says nothing to anybody."""
        return hashlib.sha256(f"{self.incident.marker}:{purpose}".encode()).hexdigest()[:24]

    @property
    def since(self) -> datetime:
        """Nothing about this incident can be older."""
        return self.incident.opened_at - _MARGIN


class Newest:
    """Which state of its incident each message shows; the countdown and the news may come at the same time."""

    def __init__(self) -> None:
        self._shown: list[dict[Place, int]] = [{} for _ in range(_STRIPES)]
        self._locks = [threading.Lock() for _ in range(_STRIPES)]

    @contextlib.contextmanager
    def held(self, place: Place) -> Iterator[dict[Place, int]]:
        """One edit of a message at a time."""
        stripe = hash(place) % _STRIPES
        with self._locks[stripe]:
            shown = self._shown[stripe]
            yield shown
            while len(shown) > _REMEMBERED:
                del shown[next(iter(shown))]


@attrs.frozen(kw_only=True)
class Poster:
    """Posts and edits with a bot token."""

    client: Client
    pace: Pace
    fallbacks: Fallbacks
    newest: Newest = attrs.field(factory=Newest)

    def wait_turn(self, errand: Errand, *channels: str, edits: bool = False) -> bool:
        """Wait outside until the calls are allowed; answers whether an earlier try may have got through.

        Raises:
            TemporaryError: Not yet; nothing was done.
        """
        delivery = errand.delivery
        keys = [f"{POSTS}:{self.client.known(channel)}" for channel in channels] + ([UPDATES] if edits else [])
        repeat = delivery.uncertain_since is not None or (
            delivery.attempt > 1 and not self.pace.untouched(delivery.key, delivery.attempt)
        )
        urgent = errand.incident.priority.rank == 0
        wait = self.pace.wait(keys, turn=delivery.key, attempt=delivery.attempt, urgent=urgent)
        if wait > 0:
            where = " and ".join(channels) or "Slack"
            raise TemporaryError(f"{errand.incident.id} waits its turn in {where}", retry_after=timedelta(seconds=wait))
        self.pace.done(delivery.key)
        return repeat

    def post(
        self,
        errand: Errand,
        channel: str,
        shown: Shown,
        *,
        purpose: str,
        thread: str | None = None,
        broadcast: bool = False,
        repeat: bool = False,
    ) -> Place:
        """Post a message that is not there yet; `repeat` says that it may be."""
        key = errand.key(purpose)
        place = self._found(errand, channel, key, thread) if repeat else None
        try:
            place = place or self._send(channel, shown, key=key, thread=thread, broadcast=broadcast)
        except Reroute as error:
            if thread is not None:
                raise  # a thread is only where it is
            place = self._elsewhere(errand, channel, shown, key=key, repeat=repeat, because=error)
        errand.posted.append(place)
        return place

    def edit(self, place: Place, shown: Shown, *, version: int) -> None:
        """Edit a message, unless a newer state of the incident is shown there already."""
        with self.newest.held(place) as newest:
            if version < newest.get(place, 0):
                return
            try:
                self._edit(place, shown)
            except Repair as error:
                get_logger().warning("slack.blocks_refused", place=str(place), error=str(error))
                self._edit(place, plainly(shown))
            newest[place] = version

    # -- private ----------------------------------------------------------------------------------------------------

    def _found(self, errand: Errand, channel: str, key: str, thread: str | None) -> Place | None:
        """The message of an earlier try; if there are two, the younger goes."""
        try:
            found = self.client.find(channel, key, since=errand.since.timestamp(), thread=thread)
        except (Reroute, Vanished):
            return None
        except LacksScope as error:
            # Twice is better than never: without the right to look, an alert goes out all the same.
            get_logger().error("slack.cannot_look", incident=errand.incident.id, error=str(error))
            return None
        for double in found[1:]:
            get_logger().warning("slack.double_removed", incident=errand.incident.id, place=str(double))
            with contextlib.suppress(PermanentError):
                self.client.delete(double)
        return found[0] if found else None

    def _send(self, channel: str, shown: Shown, *, key: str, thread: str | None, broadcast: bool) -> Place:
        try:
            return self._call(channel, shown, key=key, thread=thread, broadcast=broadcast)
        except Repair as error:
            get_logger().warning("slack.blocks_refused", channel=channel, error=str(error))
        try:
            return self._call(channel, plainly(shown), key=key, thread=thread, broadcast=broadcast)
        except Repair as error:
            get_logger().warning("slack.metadata_refused", channel=channel, error=str(error))
        return self._call(channel, plainly(shown), key=None, thread=thread, broadcast=broadcast)

    def _call(self, channel: str, shown: Shown, *, key: str | None, thread: str | None, broadcast: bool) -> Place:
        try:
            return self.client.post(channel, shown.text, shown.blocks, key=key, thread=thread, broadcast=broadcast)
        except TemporaryError as error:
            if error.retry_after is not None and not error.whole_destination:
                self.pace.close(f"{POSTS}:{self.client.known(channel)}", error.retry_after.total_seconds())
            raise

    def _edit(self, place: Place, shown: Shown) -> None:
        try:
            self.client.update(place, shown.text, shown.blocks)
        except TemporaryError as error:
            if error.retry_after is not None and not error.whole_destination:
                self.pace.close(UPDATES, error.retry_after.total_seconds())
            raise

    def _elsewhere(
        self, errand: Errand, channel: str, shown: Shown, *, key: str, repeat: bool, because: Reroute
    ) -> Place:
        for other in self.fallbacks.others(channel):
            found = self._found(errand, other, key, None) if repeat else None
            if found is not None:
                return found
            try:
                place = self._send(other, shown, key=key, thread=None, broadcast=False)
            except Reroute:
                continue
            get_logger().error(
                "slack.rerouted", incident=errand.incident.id, channel=channel, to=other, error=str(because)
            )
            return place
        raise PermanentError(f"no channel takes the message for {errand.incident.id}: {because}") from because
