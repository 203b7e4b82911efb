"""Keeps an open ear to Slack without a public address: notices when it goes deaf, and opens a new one beside the old.

Slack asks for a new connection every few hours, networks drop them without a word, and the library keeps believing
that it is connected. So the answers to our pings are watched here.
"""

import threading
from collections.abc import Callable
from typing import Protocol

import attrs

from soc_core import DeliveryError, Stop, StoreError, get_logger
from soc_slack.connection import PING_EVERY, Acknowledge
from soc_slack.inbound import Inbound
from soc_slack.places import Json

DEAF_AFTER = 3.5 * PING_EVERY
_LOOK_EVERY = 0.25
_LONGEST_PAUSE = 15.0
_GRACE = 10.0


class Ear(Protocol):
    """One connection."""

    leaving: threading.Event

    def connect(self) -> None:
        """Open it, or raise `DeliveryError`."""

    def is_connected(self) -> bool:
        """Whether it believes so itself."""

    def last_sign(self) -> float | None:
        """Changes with every answer to a ping."""

    def close(self) -> None:
        """Close it when nothing is being answered any more."""


@attrs.define
class _Watch:
    """An ear, and when it last gave a sign."""

    ear: Ear
    heard_at: float
    sign: float | None = None

    def is_well(self, now: float) -> bool:
        sign = self.ear.last_sign()
        if sign != self.sign:
            self.sign, self.heard_at = sign, now
        return self.ear.is_connected() and not self.ear.leaving.is_set() and now - self.heard_at < DEAF_AFTER


@attrs.frozen(kw_only=True)
class Listening:
    """The service that keeps listening until it is told to stop."""

    open_ear: Callable[[], Ear]
    monotonic: Callable[[], float]

    def run(self, stop: Stop) -> None:
        """Keep one good connection all the time."""
        watch: _Watch | None = None
        pause = 0.5
        closing: list[threading.Thread] = []
        while not stop.is_set():
            if watch is not None and watch.is_well(self.monotonic()):
                stop.wait(_LOOK_EVERY)
                continue
            ear = self.open_ear()
            try:
                ear.connect()
            except DeliveryError as error:
                get_logger().warning("slack.socket_failed", error=str(error), again_in=pause)
                closing.append(_retired(ear, stop, grace=0))
                stop.wait(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
                continue
            get_logger().info("slack.socket_open", renewed=watch is not None)
            if watch is not None:
                closing.append(_retired(watch.ear, stop))
            closing = [thread for thread in closing if thread.is_alive()]
            watch, pause = _Watch(ear=ear, heard_at=self.monotonic()), 0.5
        if watch is not None:
            watch.ear.close()
        for thread in closing:
            thread.join(5)


@attrs.frozen(kw_only=True)
class Listener:
    """Hands what was heard to the house, acknowledges, and then does what can wait."""

    inbound: Inbound

    def __call__(self, kind: str, payload: Json, acknowledge: Acknowledge) -> None:
        """Take one envelope."""
        try:
            reply = self.inbound.handle(kind, payload)
        except StoreError as error:
            get_logger().error("slack.not_stored", kind=kind, error=str(error))
            return  # not acknowledged: Slack shows it to the person, or sends it again
        except Exception:
            get_logger().exception("slack.not_handled", kind=kind)  # the library's thread would swallow it
            raise
        acknowledge(reply.body)
        if reply.later is not None:
            afterwards(reply.later)


def afterwards(later: Callable[[], None]) -> None:
    """Do what can wait; if Slack does not play along, it is only logged, as what was asked for is stored."""
    try:
        later()
    except DeliveryError as error:
        get_logger().warning("slack.answer_failed", error=str(error))


def _retired(ear: Ear, stop: Stop, *, grace: float = _GRACE) -> threading.Thread:
    """Close an ear in a while: what was handed to it just before is still acknowledged through it."""

    def close() -> None:
        stop.wait(grace)
        ear.close()

    thread = threading.Thread(target=close, name="soc:slack:closing", daemon=True)
    thread.start()
    return thread
