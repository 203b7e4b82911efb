"""Keeps everything going that goes on by itself: delivery workers, the ticker, and the plugins' services."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import attrs

from soc_core.logs import get_logger
from soc_core.ports import Service, Stop, TimeSource

_RESTART_AFTER = 5.0


@attrs.frozen(kw_only=True)
class Loop:
    """Something called again and again: at once while it answers True, else after `pause` seconds or a wake-up."""

    name: str
    step: Callable[[], bool]
    pause: float = 1.0


class Passes:
    """The services that work in passes, and when the next pass of each is due by the house's clock."""

    def __init__(self, services: Sequence[tuple[str, Service]], clock: TimeSource) -> None:
        self._clock = clock
        self._due: dict[str, datetime] = {}
        self._services = {f"{plugin}.{service.name}": service for plugin, service in services if service.every}
        self._under_way = {name: threading.Lock() for name in self._services}

    @property
    def names(self) -> tuple[str, ...]:
        """Every service that works in passes, as `plugin.service`."""
        return tuple(self._services)

    def run_due(self, name: str, stop: Stop) -> bool:
        """Make one pass if it is due and no other thread is at it; answers whether it was made."""
        if not self._under_way[name].acquire(blocking=False):
            return False
        try:
            service, now = self._services[name], self._clock.now()
            if now < self._due.get(name, now):
                return False
            self._due[name] = now + (service.every or timedelta(0))
            service.run(stop)
            return True
        finally:
            self._under_way[name].release()


class Runner:
    """Threads for loops and services; one that fails is named, and goes on after a while."""

    def __init__(
        self,
        *,
        loops: Sequence[Loop],
        services: Sequence[tuple[str, Service]],
        clock: TimeSource,
        on_error: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self._passes = Passes(services, clock)
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._rounds = 0
        self._on_error = on_error or _log
        lasting = [(f"{plugin}.{service.name}", service) for plugin, service in services if not service.every]
        self._threads = [
            *(self._thread(loop.name, self._going_round, loop) for loop in loops),
            *(self._thread(name, self._passing, name) for name in self._passes.names),
            *(self._thread(name, self._lasting, name, service) for name, service in lasting),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something is due now: do not wait for the end of the pause."""
        with self._changed:
            self._rounds += 1
            self._changed.notify_all()

    def stop(self, timeout: timedelta = timedelta(seconds=10)) -> tuple[str, ...]:
        """End; what is being delivered is finished first. Answers the names of those that did not end in time."""
        self._stop.set()
        self.wake()
        deadline = timeout.total_seconds()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(deadline)
        return tuple(thread.name for thread in self._threads if thread.is_alive())

    def _thread(self, name: str, target: Callable[..., None], *arguments: object) -> threading.Thread:
        return threading.Thread(name=f"soc:{name}", target=target, args=arguments, daemon=True)

    def _going_round(self, loop: Loop) -> None:
        while not self._stop.is_set():
            seen = self._rounds
            if self._guarded(loop.name, loop.step):
                self.wake()  # what was done may have made work for the others
            else:
                with self._changed:
                    if self._rounds == seen and not self._stop.is_set():
                        self._changed.wait(loop.pause)

    def _passing(self, name: str) -> None:
        while not self._stop.is_set():
            self._guarded(name, lambda: self._passes.run_due(name, self._stop))
            self._stop.wait(0.5)

    def _lasting(self, name: str, service: Service) -> None:
        def run() -> bool:
            service.run(self._stop)
            return True

        while not self._stop.is_set():
            self._guarded(name, run)
            self._stop.wait(_RESTART_AFTER)

    def _guarded(self, name: str, step: Callable[[], bool]) -> bool:
        try:
            return step()
        # A service belongs to a plugin and a loop touches the store: whatever they raise, the others go on and this
        # one is tried again.
        except Exception as error:  # noqa: BLE001
            self._on_error(name, error)
            return False


def _log(name: str, error: Exception) -> None:
    get_logger().error("runner.failed", name=name, error=f"{type(error).__name__}: {error}")
