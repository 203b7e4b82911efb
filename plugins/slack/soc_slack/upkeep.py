"""What goes on beside the news: the time left on live messages, doubles that slipped through, who is at their desk."""

from datetime import UTC, datetime, timedelta

import attrs

from soc_core import DeliveryError, Inbox, PermanentError, Person, Reports, Stop, get_logger
from soc_slack.client import Client
from soc_slack.people import People
from soc_slack.places import Place
from soc_slack.timeline import Timeline, parent_of

_AT_ONCE = 15  # well within 50 edits a minute, beside the news
_BATCH = 50
_NEVER = datetime.max.replace(tzinfo=UTC)
_LOOK_BACK = timedelta(hours=1)


@attrs.frozen(kw_only=True)
class Countdown:
    """Keeps the time left on live messages fresh: each has its turn, those that are due first at the front."""

    timeline: Timeline
    reports: Reports
    every: timedelta
    fresh_at: dict[str, datetime] = attrs.field(factory=dict, init=False)

    def run(self, stop: Stop) -> None:
        """One pass."""
        now, fresh_at = self.reports.now(), self.fresh_at
        running = {i.id: i for i in self.reports.incidents() if parent_of(i) is not None and "resolution" in i.clocks}
        for done in fresh_at.keys() - running.keys():
            del fresh_at[done]
        old = [i for i in running.values() if now - fresh_at.get(i.id, i.opened_at) >= self.every]
        for incident in sorted(old, key=lambda i: i.clocks["resolution"].due_at() or _NEVER)[:_AT_ONCE]:
            if stop.is_set():
                return
            fresh_at[incident.id] = now
            newest = self.reports.incident(incident.id)
            if newest is None or not newest.status.active:
                continue
            try:
                self.timeline.count_down(newest)
            except PermanentError:
                continue  # the next news about it posts a new message
            except DeliveryError as error:
                get_logger().info("slack.countdown_waits", error=str(error))
                return


@attrs.frozen(kw_only=True)
class Sweep:
    """Takes away the younger of two equal messages: a worker that slept through its lease may have posted late."""

    client: Client
    channels: tuple[str, ...]
    reports: Reports

    def run(self, stop: Stop) -> None:
        """One pass over the last hour."""
        kept = {str(parent_of(incident)) for incident in self.reports.incidents(active=False)}
        since = (self.reports.now() - _LOOK_BACK).timestamp()
        for channel in self.channels:
            if stop.is_set():
                return
            try:
                ours = self.client.ours(channel, since=since)
                for double in _doubles(ours, kept):
                    get_logger().warning("slack.double_removed", place=str(double))
                    self.client.delete(double)
            except DeliveryError as error:
                get_logger().info("slack.sweep_waits", channel=channel, error=str(error))


@attrs.frozen(kw_only=True)
class Presence:
    """Hints who is available: members of the on-call group who are active and may be disturbed."""

    client: Client
    people: People
    inbox: Inbox
    reports: Reports
    group: str
    every: timedelta

    def run(self, stop: Stop) -> None:
        """One pass."""
        now = self.reports.now()
        try:
            members = self.client.group(self.group)
            spans: dict[str, tuple[float, float]] = {}
            for start in range(0, len(members), _BATCH):
                spans |= self.client.do_not_disturb(members[start : start + _BATCH])
            for user in members:
                person = self._person(user)
                if person is None:
                    get_logger().info("slack.unmapped", user=user)
                    continue
                begins, ends = spans.get(user, (0.0, 0.0))
                quiet = begins <= now.timestamp() < ends
                available = not quiet and self.client.is_active(user)
                reason = "do not disturb in Slack" if quiet else "active in Slack" if available else "away in Slack"
                self.inbox.availability(person.name, available, reason, now + 3 * self.every)
        except DeliveryError as error:
            get_logger().info("slack.presence_waits", error=str(error))

    def _person(self, user: str) -> Person | None:
        try:
            return self.people.person(user)
        except DeliveryError:  # the others have their turn all the same
            return None


def _doubles(ours: list[tuple[str, Place]], kept: set[str]) -> list[Place]:
    by_key: dict[str, list[Place]] = {}
    for key, place in sorted(ours, key=lambda entry: entry[1].ts):
        by_key.setdefault(key, []).append(place)
    found = []
    for places in by_key.values():
        stays = next((place for place in places if str(place) in kept), places[0])
        found += [place for place in places if place is not stays]
    return found
