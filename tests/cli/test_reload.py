"""`soc serve` while it lives: SIGHUP has it read its settings anew, and systemd is told how it stands."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import pytest
import requests

GOOD = '[plugins]\ndisable = ["jira", "slack"]\n\n[serve]\ningest_token = { file = "token" }\n'


@pytest.fixture
def systemd(tmp_path_factory, monkeypatch):
    """What a service manager hears, line by line."""
    place = str(tmp_path_factory.mktemp("s") / "notify")  # the address of a socket may have 107 characters
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(place)
        ear.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", place)

        def hear(wanted):
            while wanted not in (heard := ear.recv(4096).decode().splitlines()):
                assert heard == ["WATCHDOG=1"] or heard[0] in ("READY=1", "STOPPING=1", "RELOADING=1")
            return heard

        yield hear


class Service:
    """A process of `soc serve` with its address and its log."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self.news = threading.Condition()
        first = process.stderr.readline()
        found = re.search(rb"https?://127\.0\.0\.1:\d+", first)
        assert found is not None, first
        self.address = found[0].decode()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stderr:
            with self.news:
                self.lines.append(line.decode())
                self.news.notify_all()

    def heard(self, text):
        with self.news:
            assert self.news.wait_for(lambda: any(text in line for line in self.lines), timeout=60), self.lines
            return next(line for line in self.lines if text in line)

    def send(self, token):
        with requests.Session() as session:
            session.trust_env = False
            headers = {"authorization": f"Bearer {token}"}
            return session.post(f"{self.address}/ingest", data="all is well", headers=headers, timeout=60).status_code

    def metrics(self):
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.address}/metrics", timeout=60).text


def test_a_reload_takes_new_settings_and_keeps_the_old_ones_when_they_are_wrong(start, place, systemd):
    (place / "token").write_text("first-token")
    (place / "soc.toml").write_text(GOOD)
    service = Service(start("serve", "--port", "0"))
    assert systemd("READY=1")
    assert (service.send("first-token"), service.send("second-token")) == (200, 401)

    (place / "soc.toml").write_text(GOOD + "ingest_tokn = 5\n")
    (place / "token").write_text("second-token")
    service.process.send_signal(signal.SIGHUP)
    told = service.heard("settings.refused")
    assert "ingest_token" in told
    assert "soc.toml:" in told
    assert "RELOADING=1" in systemd("RELOADING=1")
    assert systemd("READY=1")
    assert (service.send("first-token"), service.send("second-token")) == (200, 401)
    assert 'soc_occurrences{what="core.reload_refused"} 1.0' in service.metrics()

    (place / "soc.toml").write_text(GOOD)
    service.process.send_signal(signal.SIGHUP)
    service.heard("settings.reloaded")
    assert (service.send("first-token"), service.send("second-token")) == (401, 200)
    assert 'soc_occurrences{what="core.reload_refused"} 0.0' in service.metrics()

    service.process.send_signal(signal.SIGTERM)
    assert systemd("STOPPING=1")
    assert service.process.wait(60) == 0
    assert not any("-token" in line for line in service.lines)


def test_nothing_that_was_acknowledged_is_lost_and_nobody_is_turned_away_while_settings_are_read_anew(
    start, soc, place
):
    (place / "token").write_text("a-token")
    (place / "soc.toml").write_text(GOOD)
    service = Service(start("serve", "--port", "0"))
    acknowledged, stop = [], threading.Event()

    def send(number):
        with requests.Session() as session:
            session.trust_env = False
            for n in range(100_000):
                name = f"{number}-{n}"
                row = {
                    "id": name,
                    "source": "sshd",
                    "message": "Accepted password for root from 203.0.113.9 port 22 ssh2",
                }
                headers = {"authorization": "Bearer a-token", "connection": "close"}
                answer = session.post(f"{service.address}/ingest", json=row, headers=headers, timeout=60)
                assert answer.status_code == 200
                acknowledged.append(name)
                if stop.is_set():
                    return

    senders = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for sender in senders:
        sender.start()
    for times in range(1, 4):
        service.process.send_signal(signal.SIGHUP)
        with service.news:
            greeted = lambda: sum("settings.reloaded" in line for line in service.lines)  # noqa: E731
            assert service.news.wait_for(lambda: greeted() >= times, timeout=60), service.lines  # noqa: B023
    stop.set()
    for sender in senders:
        sender.join()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(60) == 0
    [incident] = soc("incidents").document["incidents"]
    assert incident["count"] == len(set(acknowledged)) > 3


def test_a_reload_shows_a_renewed_certificate(start, place):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")

    def renew():
        words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=soc -out cert.pem -keyout key.pem"
        subprocess.run(words.split(), check=True, capture_output=True, cwd=place)
        return (place / "cert.pem").read_text().split()

    first = renew()
    (place / "soc.toml").write_text(
        GOOD.partition("\n\n")[0] + '\n[serve]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
    )
    service = Service(start("serve", "--port", "0"))
    assert service.address.startswith("https://")
    where = ("127.0.0.1", int(service.address.rpartition(":")[2]))
    assert ssl.get_server_certificate(where).split() == first
    second = renew()
    service.process.send_signal(signal.SIGHUP)
    service.heard("settings.reloaded")
    assert ssl.get_server_certificate(where).split() == second != first
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(60) == 0
