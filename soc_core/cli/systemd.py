"""Tells systemd how the service stands (`Type=notify`), over its socket; does nothing where nobody listens."""

import contextlib
import os
import socket
import time


def ready() -> None:
    """It serves."""
    _tell("READY=1\nSTATUS=Serving")


def alive() -> None:
    """It still moves, for `WatchdogSec`."""
    _tell("WATCHDOG=1")


def reloading() -> None:
    """It reads its settings anew."""
    _tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    """It finishes what it does."""
    _tell("STOPPING=1\nSTATUS=Finishing what is being delivered")


def _tell(text: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(text.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
