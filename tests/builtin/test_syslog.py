"""The syslog listener on real sockets: what is sent arrives, what does not is counted, and strangers are kept out."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from soc_core import SettingsError, StoreError
from soc_core.app import Soc
from soc_core.builtin import syslog
from soc_core.builtin.syslog import Syslog, SyslogSettings

LINE = b"<38>Mar  2 11:59:58 web1 sshd[812]: Accepted password for root from 203.0.113.9 port 22 ssh2"
NEW = b"<38>1 2026-03-02T11:59:58Z web1 sshd 812 - - Accepted password for root from 203.0.113.9 port 22 ssh2"


class Inbox:
    """Keeps what is handed in, and tells who waits for it."""

    def __init__(self):
        self.lines, self.counted = [], Counter()
        self.news = threading.Condition()
        self.going = threading.Event()
        self.going.set()
        self.broken = 0

    def submit_lines(self, lines, **how):
        assert self.going.wait(60)
        with self.news:
            if self.broken:
                self.broken -= 1
                raise StoreError("the disk is full")
            self.lines += lines.split(b"\n")
            self.news.notify_all()
        return 0

    def count(self, what, number=1):
        with self.news:
            self.counted[what] += number
            self.news.notify_all()

    def until(self, condition):
        with self.news:
            assert self.news.wait_for(condition, timeout=60), (self.lines[-3:], self.counted)


def free(kind):
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def listening(inbox, **chosen):
    """A listener in a thread of its own; answers its port."""
    [(way, _)] = [(way, port) for way, port in chosen.items() if way in ("udp", "tcp", "tls")]
    port = free(socket.SOCK_DGRAM if way == "udp" else socket.SOCK_STREAM)
    settings = SyslogSettings(**{**chosen, way: f"127.0.0.1:{port}"})
    [service] = Syslog(settings).register_services(inbox, None)
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        yield port
    finally:
        inbox.going.set()
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def connected(port):
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            threading.Event().wait(0.05)  # it is not bound yet
    raise AssertionError("nobody listens")


def test_datagrams_arrive_one_line_each():
    inbox = Inbox()
    with listening(inbox, udp=True) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while not inbox.lines:  # the first ones may come before it listens
            sender.sendto(LINE + b"\n", ("127.0.0.1", port))
            with inbox.news:
                inbox.news.wait(0.1)
        known = len(inbox.lines)
        for sent in (NEW, b"<13>two\nlines", b"", b"\0\n", b"\xff\xfe"):
            sender.sendto(sent, ("127.0.0.1", port))
        inbox.until(lambda: b"\xff\xfe" in inbox.lines)
    assert [line for line in inbox.lines[known:] if line != LINE] == [NEW, b"<13>two lines", b"\xff\xfe"]


def test_what_the_system_drops_while_the_store_is_behind_is_counted(monkeypatch):
    monkeypatch.setattr(syslog, "_BUFFER", 4096)
    inbox, sent = Inbox(), []
    with listening(inbox, udp=True) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def send(text):
            sender.sendto(text, ("127.0.0.1", port))
            sent.append(text)

        while not inbox.lines:
            send(b"first")
            with inbox.news:
                inbox.news.wait(0.1)
        send(b"second")
        inbox.until(lambda: inbox.lines[-1] == b"second")  # whatever went before it has come, or never will
        before = len(sent) - len(inbox.lines) - inbox.counted["dropped"]  # sent while nobody listened yet
        inbox.going.clear()
        for number in range(5000):
            send(b"%d" % number)
        inbox.going.set()
        inbox.until(lambda: send(b"last") or b"last" in inbox.lines)  # it tells of those dropped before it
        inbox.until(lambda: len(inbox.lines) + inbox.counted["dropped"] == len(sent) - before)
    assert 0 < inbox.counted["dropped"] < 5000


def test_streams_are_followed_in_both_framings_side_by_side():
    inbox = Inbox()
    with listening(inbox, tcp=True) as port, connected(port) as one, connected(port) as two:
        one.sendall(b"%d %s%d %s" % (len(LINE), LINE, len(NEW), NEW))
        two.sendall(LINE + b"\n" + NEW[:20])
        two.sendall(NEW[20:] + b"\n<13>no end")
        two.shutdown(socket.SHUT_WR)
        inbox.until(lambda: len(inbox.lines) == 5)
    assert Counter(inbox.lines) == {LINE: 2, NEW: 2, b"<13>no end": 1}
    assert inbox.counted == {"lines": 5, "dropped": 0, "torn": 0, "refused": 0}


def test_a_stream_that_makes_no_sense_is_ended_and_the_others_go_on():
    inbox = Inbox()
    with listening(inbox, tcp=True) as port, connected(port) as bad, connected(port) as good:
        bad.sendall(b"999999 <34>never that long")
        assert bad.recv(1) == b""
        good.sendall(LINE + b"\n")
        inbox.until(lambda: inbox.lines == [LINE])
    assert inbox.counted["torn"] == 1


def test_while_the_store_cannot_be_used_the_sender_waits_and_nothing_is_lost():
    inbox = Inbox()
    inbox.broken = 1
    with listening(inbox, tcp=True) as port, connected(port) as sender:
        sender.sendall(LINE + b"\n" + NEW + b"\n")
        inbox.until(lambda: inbox.counted["lines"] == 2)
    assert inbox.lines == [LINE, NEW]


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_who_is_not_named_may_not_send(way):
    inbox = Inbox()
    with listening(inbox, **{way: True}, senders=["192.0.2.0/24"]) as port:
        if way == "tcp":
            with connected(port) as stranger:
                assert stranger.recv(1) == b""
        else:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:

                def refused():
                    stranger.sendto(LINE, ("127.0.0.1", port))
                    return inbox.counted["refused"]

                with inbox.news:
                    while not refused():
                        inbox.news.wait(0.1)
        inbox.until(lambda: inbox.counted["refused"])
    assert inbox.lines == []


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    files = {"certificate": place / "cert.pem", "key": place / "key.pem"}
    made = subprocess.run(
        [*words.split(), "-out", files["certificate"], "-keyout", files["key"]], capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return files


def test_tls_is_spoken_with_those_whose_certificate_is_known(pair):
    inbox = Inbox()
    trusting = ssl.create_default_context(cafile=pair["certificate"])
    known = ssl.create_default_context(cafile=pair["certificate"])
    known.load_cert_chain(pair["certificate"], pair["key"])
    with listening(inbox, tls=True, **pair, clients=pair["certificate"]) as port:
        with connected(port) as plain:
            plain.sendall(LINE + b"\n" * 20)
            inbox.until(lambda: inbox.counted["refused"] == 1)
        with connected(port) as raw, trusting.wrap_socket(raw, server_hostname="127.0.0.1") as nobody:
            with suppress(OSError):
                nobody.sendall(LINE + b"\n")
            with pytest.raises(OSError, match=r"(?i)certificate|reset|eof|closed"):
                nobody.recv(1)
        with connected(port) as raw, known.wrap_socket(raw, server_hostname="127.0.0.1") as sender:
            sender.sendall(b"%d %s" % (len(LINE), LINE))
            inbox.until(lambda: inbox.lines == [LINE])
    assert inbox.counted["refused"] == 2


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"udp": "0.0.0.0:514"}, "senders"),
        ({"tcp": "[::]:514"}, "senders"),
        ({"tls": "0.0.0.0:6514", "certificate": Path("c"), "key": Path("k")}, "senders"),
        ({"tls": "127.0.0.1:6514"}, "certificate"),
        ({"udp": "5514"}, "no place to listen"),
        ({"udp": "127.0.0.1:99999"}, "no place to listen"),
        ({"senders": ["router7"]}, "no address"),
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(wrong, text):
    with pytest.raises(ValueError, match=text):
        SyslogSettings(**wrong)
    SyslogSettings(tls="0.0.0.0:6514", certificate=Path("c"), key=Path("k"), clients=Path("a"))
    SyslogSettings(udp="0.0.0.0:514", senders=["10.0.0.0/8"])


def test_a_line_that_is_sent_becomes_an_incident_and_metrics_count_it(tmp_path):
    port = free(socket.SOCK_STREAM)
    overrides = {
        "store": f"sqlite:///{tmp_path / 'soc.db'}",
        "plugins": {"disable": ["jira", "slack"], "syslog": {"tcp": f"127.0.0.1:{port}"}},
    }
    with Soc.open(overrides=overrides, env={}) as soc:
        soc.start()
        with connected(port) as sender:
            sender.sendall(LINE + b"\n" + NEW + b"\n")
            while soc.reports.counted()["syslog.lines"] < 2:
                os.sched_yield()
        [incident] = soc.reports.incidents()
    assert (incident.source, incident.count) == ("sshd", 2)
    assert soc.reports.counted()["syslog.dropped"] == 0


def test_settings_of_the_file_say_what_is_wrong(tmp_path):
    (tmp_path / "soc.toml").write_text('[plugins.syslog]\nudp = "0.0.0.0:514"\n')
    with pytest.raises(SettingsError, match=r"soc\.toml:2: plugins\.syslog\.udp .*senders"):
        Soc.open(config=tmp_path / "soc.toml", env={}, overrides={"store": "sqlite://"})
