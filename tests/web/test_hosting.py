"""Who may come in from where: strangers, the slow, the loud, and those who say they are somebody else."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress

import pytest
import requests
from structlog.testing import capture_logs

from soc_core import Endpoint, HttpResponse, Secret, SettingsError
from soc_core.settings.serving import ServeSettings
from soc_core.web import hosting, site
from tests.web.conftest import TOKENS, Client, operations

PROXY = ServeSettings(trusted_proxies=("192.0.2.1", "198.51.100.0/24"))


def door(**more):
    return ("doors", Endpoint(path="/door", handler=lambda request: HttpResponse(body=b"in"), methods=["GET"], **more))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A certificate for this machine, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    files = [place / "cert.pem", place / "key.pem"]
    subprocess.run([*words.split(), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


@contextmanager
def hosted(soc, chosen, *, host="127.0.0.1"):
    app = site(soc.calls, [door()], ready=lambda: None, own=operations(soc))
    server = hosting.server(hosting.gate(app, host, chosen), chosen)
    with hosting.bound("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.dup()]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.10"])
def test_this_machine_may_always_ask(host):
    hosting.refuse_strangers(host, ServeSettings(), [door(open=True)])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.9", "soc.example.org"])
def test_others_may_not_without_tls_or_a_proxy_that_is_trusted(host):
    tokens = ServeSettings(ingest_token=Secret("a"), api_token=Secret("b"))
    with pytest.raises(SettingsError, match=r"certificate.*trusted_proxies"):
        hosting.refuse_strangers(host, tokens, [])


@pytest.mark.parametrize("trusted", [PROXY, ServeSettings(certificate="a.pem", key="b.pem")], ids=["proxy", "TLS"])
def test_others_may_with_one_of_them_unless_a_door_stands_open_to_all(trusted):
    hosting.refuse_strangers("0.0.0.0", trusted, [door()])
    with pytest.raises(SettingsError, match=r"/door of the plugin doors is open to all"):
        hosting.refuse_strangers("0.0.0.0", trusted, [door(), door(open=True)])


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"certificate": "a.pem"}, "belong together"),
        ({"key": "a.pem"}, "belong together"),
        ({"trusted_proxies": ("proxy.example.org",)}, "no address"),
        ({"writers": {"ana": Secret("")}}, "writers"),
        ({"writers": {"ana": Secret("x"), "bo": Secret("x")}}, "writers"),
        ({"writers": {"ana": Secret("x")}, "api_token": Secret("x")}, "writers"),
    ],
)
def test_settings_that_would_let_the_wrong_in_are_refused(wrong, text):
    with pytest.raises(ValueError, match=text):
        ServeSettings(**wrong)


def test_a_certificate_that_cannot_be_read_is_named(tmp_path):
    chosen = ServeSettings(certificate=tmp_path / "none.pem", key=tmp_path / "none.pem")
    with pytest.raises(SettingsError, match=r"none\.pem"):
        hosting.certificate(chosen)


def test_tls_is_spoken_and_nothing_else_then(soc, pair):
    with hosted(soc, ServeSettings(certificate=pair[0], key=pair[1])) as port, Client("", "") as client:
        client.headers["connection"] = "close"  # or the server waits half a minute for a farewell at its end
        answer = client.get(f"https://127.0.0.1:{port}/healthz", verify=str(pair[0]))
        assert (answer.text, answer.headers.get("server")) == ("alive\n", None)
        with pytest.raises(requests.ConnectionError):
            client.get(f"http://127.0.0.1:{port}/healthz")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain, old.wrap_socket(plain) as wrapped:
            assert wrapped.version() == "TLSv1.2"


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("192.0.2.1", 200),
        ("::ffff:192.0.2.1", 200),
        ("198.51.100.77", 200),
        ("192.0.2.2", 403),
        ("2001:db8::1", 403),
        ("fe80::1%eth0", 403),
    ],
)
@pytest.mark.anyio
async def test_behind_a_proxy_without_tls_nobody_comes_round_it(peer, status):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    told = []

    async def send(message):
        told.append(message)

    scope = {"type": "http", "client": (peer, 4711), "headers": [(b"x-forwarded-for", b"127.0.0.1")]}
    await hosting.OnlyFrom(app, PROXY.trusted_proxies)(scope, None, send)
    assert told[0]["status"] == status


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.parametrize(
    ("chosen", "seen"),
    [
        (ServeSettings(), "127.0.0.1"),
        (PROXY, "127.0.0.1"),
        (ServeSettings(trusted_proxies=["127.0.0.1"]), "192.0.2.66"),
    ],
    ids=["no proxy", "another proxy", "this proxy"],
)
def test_only_a_trusted_proxy_says_who_the_caller_is(soc, chosen, seen):
    with hosted(soc, chosen) as port, Client(f"http://127.0.0.1:{port}", "wrong") as client, capture_logs() as logs:
        client.post("/ingest", headers={"x-forwarded-for": "192.0.2.66", "x-forwarded-proto": "https"})
    assert [line for line in logs if line["event"] == "web.stranger"] == [
        {"event": "web.stranger", "log_level": "warning", "path": "/ingest", "client": seen}
    ]


def dribbled(caller):
    """The answer to one who keeps sending a little, and gets no more time for it than one who is silent."""
    caller.settimeout(0.05)
    for _ in range(1000):
        with suppress(OSError):  # it may have hung up, having answered
            caller.sendall(b" ")
        with suppress(TimeoutError):
            return caller.recv(100)
    raise AssertionError("no answer")


def test_who_does_not_finish_the_headers_is_cut_off_and_the_others_are_served(soc, monkeypatch):
    monkeypatch.setattr(hosting.Patient, "headers_within", 2)
    with hosted(soc, ServeSettings()) as port, Client(f"http://127.0.0.1:{port}", TOKENS["ingest"]) as client:
        slow = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(20)]
        for one in slow[:10]:
            one.sendall(b"POST /ingest HTTP/1.1\r\nHost: x\r\nX-More:")
        assert client.get("/healthz").ok
        assert dribbled(slow[0]).startswith(b"HTTP/1.1 408 ")
        for one in slow[1:]:
            assert one.recv(100).startswith(b"HTTP/1.1 408 ")
        for one in slow:
            one.close()
        assert client.get("/healthz").ok


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no http at all\r\n\r\n",
        b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    ],
    ids=["header", "path", "TLS", "length", "coding", "hosts"],
)
def test_what_is_no_request_is_refused_at_once(soc, sent):
    with hosted(soc, ServeSettings()) as port, socket.create_connection(("127.0.0.1", port), timeout=60) as caller:
        caller.sendall(sent)
        assert re.match(rb"HTTP/1\.1 (400|501) ", caller.recv(1000))
