"""Takes log lines in over syslog: UDP, TCP and TLS, in the forms of RFC 5424 and RFC 3164.

Syslog has no answers, so nobody who sends learns that a line is stored. Over TCP and TLS reading waits while the store
is behind, and the sender keeps the rest; over UDP the system drops what does not fit its buffer, and that is counted.
"""

import ipaddress
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import attrs

from soc_core import Inbox, Reports, Service, Stop, StoreError, get_logger, hookimpl, setting
from soc_core.builtin.framing import Framer, Torn, one_line

_BUFFER = 8 << 20
_AT_ONCE = 1000
_MOST_SENDERS = 200
_LOOK_UP = 0.5  # seconds between looks whether to stop
_SO_RXQ_OVFL = 40  # Linux: each datagram says how many were dropped before it


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"{text!r} is no place to listen such as 127.0.0.1:5514 or [::1]:5514")
    return host.strip("[]"), int(port)


def _networks(texts: Sequence[str]) -> tuple[str, ...]:
    for one in texts:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise ValueError(f"senders: {one!r} is no address such as 10.0.0.7 or 10.0.0.0/24") from error
    return tuple(texts)


@attrs.frozen(kw_only=True)
class SyslogSettings:
    """The settings of `[plugins.syslog]`; without a place to listen the plugin does nothing."""

    udp: str | None = attrs.field(default=None, metadata=setting("Where to listen for datagrams: 127.0.0.1:5514"))
    tcp: str | None = attrs.field(default=None, metadata=setting("Where to listen for streams: 127.0.0.1:5514"))
    tls: str | None = attrs.field(default=None, metadata=setting("Where to listen for TLS: 0.0.0.0:6514"))
    certificate: Path | None = attrs.field(
        default=None, metadata=setting("For TLS: a certificate with its chain (PEM)")
    )
    key: Path | None = attrs.field(default=None, metadata=setting("For TLS: the certificate's private key (PEM)"))
    clients: Path | None = attrs.field(
        default=None, metadata=setting("For TLS: who signs the certificates that senders must show (PEM)")
    )
    senders: tuple[str, ...] = attrs.field(
        default=(),
        converter=_networks,
        metadata=setting("Addresses or networks of those who may send; needed to listen for other machines"),
    )

    def __attrs_post_init__(self) -> None:
        for name in ("udp", "tcp", "tls"):
            where = getattr(self, name)
            proven = self.senders or (name == "tls" and self.clients)
            if where is not None and not proven and not _is_own(_place(where)[0]):
                raise ValueError(f"{name} is for other machines too: say in senders which of them may send")
        if self.tls is not None and (self.certificate is None or self.key is None):
            raise ValueError("tls needs a certificate and its key")

    def admits(self, address: str) -> bool:
        """Whether somebody at this address may send."""
        sender = ipaddress.ip_address(address.partition("%")[0])
        sender = getattr(sender, "ipv4_mapped", None) or sender
        if not self.senders:
            return True
        return any(sender in ipaddress.ip_network(one, strict=False) for one in self.senders)


class Syslog:
    """The plugin `syslog`."""

    Settings = SyslogSettings

    def __init__(self, settings: SyslogSettings | None = None) -> None:
        self._settings = settings or SyslogSettings()

    @hookimpl
    def register_services(self, inbox: Inbox, reports: Reports) -> Sequence[Service]:
        """One listener for each place."""
        chosen = self._settings
        listener = Listener(chosen, inbox)
        ways: dict[str, tuple[str | None, Callable[[str, Stop], None]]] = {
            "udp": (chosen.udp, listener.datagrams),
            "tcp": (chosen.tcp, partial(listener.streams, tls=False)),
            "tls": (chosen.tls, partial(listener.streams, tls=True)),
        }
        found = [Service(name=name, run=partial(run, where)) for name, (where, run) in ways.items() if where]
        if found:
            for what in ("lines", "dropped", "torn", "refused"):
                inbox.count(what, 0)
        return found


class Listener:
    """Takes in what comes to one place, until told to stop."""

    def __init__(self, settings: SyslogSettings, inbox: Inbox) -> None:
        self._settings = settings
        self._inbox = inbox

    def datagrams(self, where: str, stop: Stop) -> None:
        """One message in each datagram."""
        with _bound(where, socket.SOCK_DGRAM) as ear:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            with suppress(OSError):
                ear.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
            ear.settimeout(_LOOK_UP)
            dropped = 0
            while not stop.is_set():
                lines: list[bytes] = []
                with suppress(TimeoutError, BlockingIOError):
                    while len(lines) < _AT_ONCE:
                        data, extra, _, sender = ear.recvmsg(65_535, 64)
                        ear.settimeout(0)  # what is there already; then it is stored
                        dropped = self._count_dropped(extra, dropped)
                        if not self._settings.admits(sender[0]):
                            self._inbox.count("refused")
                        elif line := one_line(data):
                            lines.append(line)
                ear.settimeout(_LOOK_UP)
                self._store(lines, stop)

    def streams(self, where: str, stop: Stop, *, tls: bool) -> None:
        """Any number of messages from each of several senders."""
        context = self._context() if tls else None
        senders: set[threading.Thread] = set()
        with _bound(where, socket.SOCK_STREAM) as ear:
            ear.listen()
            ear.settimeout(_LOOK_UP)
            while not stop.is_set():
                try:
                    stream, (address, *_) = ear.accept()
                except TimeoutError:
                    continue
                senders = {one for one in senders if one.is_alive()}
                if len(senders) >= _MOST_SENDERS or not self._settings.admits(address):
                    self._inbox.count("refused")
                    stream.close()
                    continue
                thread = threading.Thread(target=self._hear, args=(stream, context, stop), daemon=True)
                senders.add(thread)
                thread.start()
        for one in senders:
            one.join()

    def _hear(self, stream: socket.socket, context: ssl.SSLContext | None, stop: Stop) -> None:
        framer, told = Framer(), 0
        with stream:
            stream.settimeout(10)  # for the handshake
            try:
                plain = stream if context is None else context.wrap_socket(stream, server_side=True)
            except (OSError, ssl.SSLError):
                self._inbox.count("refused")
                return
            with plain:
                plain.settimeout(_LOOK_UP)
                while not stop.is_set():
                    try:
                        data = plain.recv(65_536)
                        lines = framer.feed(data) if data else framer.finish()
                    except TimeoutError:
                        continue
                    except Torn as error:
                        get_logger().warning("syslog.torn", reason=str(error))
                        data, lines = b"", []
                    except OSError:  # the sender is gone, or speaks no TLS any more
                        data, lines = b"", framer.finish()
                    self._inbox.count("torn", framer.torn - told)
                    told = framer.torn
                    self._store(lines, stop)
                    if not data:
                        return

    def _store(self, lines: list[bytes], stop: Stop) -> None:
        """Hand lines in; while the store cannot be used, wait for it."""
        while lines:
            try:
                self._inbox.submit_lines(b"\n".join(lines), format="syslog")
            except StoreError as error:
                get_logger().error("syslog.waits", reason=str(error))
                if stop.wait(1):
                    self._inbox.count("dropped", len(lines))
                    return
            else:
                self._inbox.count("lines", len(lines))
                return

    def _count_dropped(self, extra: list[tuple[int, int, bytes]], before: int) -> int:
        for level, kind, data in extra:
            if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
                (now,) = struct.unpack("I", data[:4])
                self._inbox.count("dropped", (now - before) % (1 << 32))
                return int(now)
        return before

    def _context(self) -> ssl.SSLContext:
        chosen = self._settings
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if chosen.certificate is not None:
            context.load_cert_chain(chosen.certificate, chosen.key)
        if chosen.clients is not None:
            context.load_verify_locations(chosen.clients)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _bound(where: str, kind: socket.SocketKind) -> socket.socket:
    host, port = _place(where)
    ear = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        if kind is socket.SOCK_STREAM:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.bind((host, port))
    except OSError:
        ear.close()
        raise
    return ear


def _is_own(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
