"""`soc serve`: keep everything going: deliveries, clocks, plugins' services, and their HTTP endpoints."""

import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from soc_core.cli import screen
from soc_core.cli.session import current
from soc_core.cli.wording import count
from soc_core.errors import SettingsError, StoreError

if TYPE_CHECKING:  # the house brings SQLAlchemy along
    from soc_core.app import Soc
    from soc_core.web.ingest import Take


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; this machine only, for now.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any that is free."
)
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Run until stopped: deliveries, clocks, sync, HTTP endpoints.

    Log lines come in at /ingest and incidents are shown at /api/v1, each with a token of its own.

    SIGTERM or Ctrl-C stops it when what is being delivered is finished.
    """
    session = current(ctx)
    _refuse_strangers(host)
    try:
        import uvicorn  # noqa: PLC0415 - of the extra `serve`

        from soc_core.web import api, ingest, site  # noqa: PLC0415 - the same
    except ImportError as error:
        raise SettingsError(
            f"soc serve needs a package that is not installed ({error.name}): pip install 'soc-core[serve]'"
        ) from error
    with session.soc() as soc, _bound(host, port) as listener:
        endpoints = soc.endpoints()
        chosen = soc.settings.serve
        own = [
            ingest.route(_taking(soc), token=chosen.ingest_token, max_body=chosen.max_body),
            *api.routes(soc.reports, token=chosen.api_token),
        ]
        app = site(soc.calls, endpoints, ready=lambda: _ready(soc), own=own)
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        with _stopping(server):
            soc.start()
            if not session.quiet:
                address, bound = listener.getsockname()[:2]
                shown = f"[{address}]" if ":" in address else address
                screen.note(f"Listening on http://{shown}:{bound} ({count(len(endpoints), 'endpoint')} of plugins).")
                screen.note("Stop with Ctrl-C.")
            server.run(sockets=[listener])
        hanging = soc.stop()
    if hanging:
        screen.note(f"Did not end in time: {', '.join(hanging)}")
    elif not session.quiet:
        screen.note("Stopped. What is left to deliver stays in the store.")


def _refuse_strangers(host: str) -> None:
    """Webhooks are only taken from this machine until certificates and tokens can be set up."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"soc serve listens on this machine only, not on {host}: put a reverse proxy with TLS in front of it, "
            "and let that one listen outside"
        )


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()  # from here on callers wait instead of being refused
        except OSError as error:
            raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        yield listener
    finally:
        listener.close()


@contextmanager
def _stopping(server: "object") -> Iterator[None]:
    """SIGTERM and SIGINT stop the server; uvicorn raises them once more when it has ended, to nobody's harm."""

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True  # type: ignore[attr-defined]  # a uvicorn.Server, which is not always installed

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
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
        return str(error)
