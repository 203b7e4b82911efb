"""Answers that trickle in are given up in time, and so hold no worker; those that come in pieces are read whole."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from soc_jira.client import Client
from soc_jira.settings import Login

from soc_core import Secret, TemporaryError

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
INFO = b'{"deploymentType": "Server", "version": "9.12.0", "baseUrl": "https://jira.example.org"}'


@contextmanager
def answering(pieces: list[bytes], *, every: float) -> Iterator[str]:
    """A server that sends one piece after the other, each after a while."""
    gone = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                if gone.wait(every):
                    return
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        gone.set()
        thread.join(10)


def client(url: str, seconds: float) -> Client:
    login = Login(server=url, project="SEC", username=None, token=Secret("token"))
    return Client(login, timeout=timedelta(seconds=seconds))


@pytest.mark.parametrize("status", [b"200 OK", b"500 Internal Server Error", b"404 Not Found"])
def test_an_answer_that_trickles_is_given_up(status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: 1000\r\n\r\n"
    with answering([head, *[b" "] * 600], every=0.05) as url:
        began = time.monotonic()
        with pytest.raises(TemporaryError):
            client(url, 0.5).site()
        assert time.monotonic() - began < 10  # the server would go on for 30


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_in_pieces_is_read_whole(chunked: bool, packed: bool) -> None:
    body, head = (gzip.compress(INFO), HEAD + b"Content-Encoding: gzip\r\n") if packed else (INFO, HEAD)
    parts = [body[start : start + 30] for start in range(0, len(body), 30)]
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        pieces = [head, *(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]
    else:
        pieces = [head + b"Content-Length: %d\r\n\r\n" % len(body), *parts]
    with answering(pieces, every=0.01) as url:
        assert client(url, 30).site().version == "9.12.0"
