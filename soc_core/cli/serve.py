"""`soc serve`: keep everything going: deliveries, clocks, plugins' services, and their HTTP endpoints."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import attrs
import click

from soc_core.cli import screen, systemd
from soc_core.cli.session import Session, current
from soc_core.errors import SettingsError, SocError, StoreError
from soc_core.logs import get_logger
from soc_core.model.wording import count

if TYPE_CHECKING:  # the house brings SQLAlchemy along
    import ssl

    from starlette.types import ASGIApp

    from soc_core.app import Soc
    from soc_core.web.hosting import Hall
    from soc_core.web.ingest import Take


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; see [serve] for other machines.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any that is free."
)
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Run until stopped: deliveries, clocks, sync, HTTP endpoints.

    Log lines come in at /ingest and incidents are shown at /api/v1, each with a token of its own.

    SIGTERM or Ctrl-C stops it when what is being delivered is finished. SIGHUP has it read its settings anew; if they
    are wrong, it says so and goes on with those it has.
    """
    session = current(ctx)
    try:
        from soc_core.web import hosting  # noqa: PLC0415 - Starlette and uvicorn are of the extra `serve`
    except ImportError as error:
        raise SettingsError(
            f"soc serve needs a package that is not installed ({error.name}): pip install 'soc-core[serve]'"
        ) from error
    with _signals() as wishes:
        house = _House.open(session, host)
        with house.rest, hosting.bound(host, port) as listener:
            service = _Service(session=session, host=host, wishes=wishes, house=house, hall=hosting.Hall(house.app))
            hanging = service.run(listener)
    if hanging:
        screen.note(f"Did not end in time: {', '.join(hanging)}")
    elif not session.quiet:
        screen.note("Stopped. What is left to deliver stays in the store.")


@attrs.define
class _Wishes:
    """What signals have asked for."""

    stop: bool = False
    reload: bool = False


@attrs.frozen(kw_only=True)
class _House:
    """The house with its doors; on a reload another one opens beside it before this one closes."""

    soc: "Soc"
    app: "ASGIApp"
    doors: int
    rest: ExitStack

    @classmethod
    def open(cls, session: Session, host: str) -> "_House":
        """Open it, if it may listen there.

        Raises:
            SocError: Settings, plugins or the store are not fit for it.
        """
        from soc_core.web import api, hosting, ingest, site  # noqa: PLC0415 - of the extra `serve`

        with ExitStack() as opened:
            soc = opened.enter_context(session.soc())
            endpoints, chosen = soc.endpoints(), soc.settings.serve
            hosting.refuse_strangers(host, chosen, endpoints)
            hosting.certificate(chosen)
            own = [
                ingest.operation(_taking(soc), token=chosen.ingest_token, max_body=chosen.max_body),
                *api.Api(soc.reports, soc.change, reader=chosen.api_token, writers=chosen.writers).operations(),
            ]
            app = hosting.gate(site(soc.calls, endpoints, ready=lambda: _ready(soc), own=own), host, chosen)
            rest = opened.pop_all()
        return cls(soc=soc, app=app, doors=len(endpoints), rest=rest)


@attrs.define(kw_only=True)
class _Service:
    """The house that serves now, and how it gives way to one with other settings."""

    session: Session
    host: str
    wishes: _Wishes
    house: _House
    hall: "Hall"
    _reload: "asyncio.Task[None] | None" = None

    def run(self, listener: socket.socket) -> tuple[str, ...]:
        """Serve until stopped; answers what did not end in time."""
        from soc_core.web import hosting  # noqa: PLC0415 - of the extra `serve`

        chosen = self.house.soc.settings.serve
        server = hosting.server(self.hall, chosen)

        async def tick() -> None:
            systemd.alive()
            if self.wishes.stop:
                if self._reload is not None:
                    await self._reload
                server.should_exit = True
            elif self.wishes.reload and (self._reload is None or self._reload.done()):
                self.wishes.reload = False
                self._reload = asyncio.create_task(self._give_way(server.config.ssl))

        server.config.callback_notify = tick
        self.house.soc.start()
        if not self.session.quiet:
            address, port = listener.getsockname()[:2]
            scheme = "http" if chosen.certificate is None else "https"
            shown = f"[{address}]" if ":" in address else address
            screen.note(f"Listening on {scheme}://{shown}:{port} ({count(self.house.doors, 'endpoint')} of plugins).")
            screen.note("Stop with Ctrl-C.")
        systemd.ready()
        server.run(sockets=[listener])
        systemd.stopping()
        with self.house.rest:
            return self.house.soc.stop()

    async def _give_way(self, tls: "ssl.SSLContext | None") -> None:
        """Open a house with the settings as they are now; if they are good, it takes over without a gap."""
        from anyio import to_thread  # noqa: PLC0415 - of the extra `serve`

        from soc_core.web import hosting  # noqa: PLC0415 - the same

        systemd.reloading()
        fresh = await to_thread.run_sync(self._opened)
        if fresh is not None:
            old, self.house = self.house, fresh
            await to_thread.run_sync(old.soc.stop)  # its sockets must be free, and its place in pollers saved
            fresh.soc.start()
            hosting.renew(tls, fresh.soc.settings.serve)
            await self.hall.change(fresh.app)
            await to_thread.run_sync(old.rest.close)
            get_logger().warning("settings.reloaded")
        systemd.ready()

    def _opened(self) -> _House | None:
        try:
            return _House.open(self.session, self.host)
        except SocError as error:
            get_logger().error("settings.refused", reason=str(error), cure="correct them and reload; the old ones stay")
            self.house.soc.counters.add("core.reload_refused")
            return None


@contextmanager
def _signals() -> Iterator[_Wishes]:
    """SIGTERM and SIGINT stop the service, SIGHUP has it reload; uvicorn raises the first two once more at its end."""
    wishes = _Wishes()

    def stop(number: int, frame: FrameType | None) -> None:
        wishes.stop = True

    def reload(number: int, frame: FrameType | None) -> None:
        wishes.reload = True

    wanted = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGHUP: reload}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _taking(soc: "Soc") -> "Take":
    def take(lines: bytes, log_format: str, source: str | None) -> dict[str, int]:
        result = soc.process_block(lines, name="ingest", format=log_format, source=source)
        return {
            "lines": result.lines,
            "processed": result.processed,
            "quarantined": result.quarantined,
            "repeated": result.outcome.repeated,
            "incidents_opened": len(result.outcome.opened),
            "joined": result.outcome.joined,
        }

    return take


def _ready(soc: "Soc") -> str | None:
    """Why no work can be taken, or None."""
    try:
        with soc.database.read():
            return None
    except StoreError as error:
        get_logger().error("serve.not_ready", reason=str(error))
        return "the store cannot be used\n"  # strangers may ask, and need not know where it lies
