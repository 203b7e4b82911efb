"""Whoever knows the secret can prove where the news come from, and tell a repeat from something new."""

import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from soc_webhook import Webhook, signature

from soc_core import Change, NotConfigured, Secret, Update
from soc_core.testing.contract import Outside, plugin_contract

SECRET = "whs-3f81c2-shared-with-the-receiver"


class Receiver(ThreadingHTTPServer):
    """A program that takes the news; what is not signed or was known before changes nothing."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        self.news = {}


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        proven = hmac.compare_digest(self.headers["X-Soc-Signature"], signature(Secret(SECRET), body))
        if proven:
            news = json.loads(body)
            self.server.news.setdefault(news["key"], news)
        self.send_response(204 if proven else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def webhook(url, secret=SECRET):
    return Webhook(Webhook.Settings(url=url, secret=Secret(secret), timeout=timedelta(seconds=2)))


@pytest.fixture
def soc_plugins(receiver):
    return {"webhook": webhook(receiver.url)}


def test_an_incident_is_told_from_its_opening_to_its_end(soc, events, receiver):
    soc.submit([events("door open", label="Security Alert", severity=9)])
    soc.work()
    soc.change("INC-1", Update(change=Change.STATUS, origin="soc", at=soc.clock.now(), new="Resolved", actor="ana"))
    soc.work()
    told = list(receiver.news.values())
    assert [one["what"] for one in told][:2] == ["opened", "ticket"]
    assert {"what": "updated", "change": "status", "new": "Resolved"}.items() <= told[-1].items()
    assert {one["incident"]["id"] for one in told} == {"INC-1"}


def test_a_wrong_secret_is_told_to_the_person_on_call(open_soc, events, receiver):
    soc = open_soc({"webhook": webhook(receiver.url, "wrong")})
    soc.submit([events(label="Security Alert", severity=9)])
    soc.work()
    assert receiver.news == {}
    [limit] = [one for one in soc.reports.destinations() if one.dest == "webhook"]
    assert "is WEBHOOK_SECRET still right?" in limit.reason


def test_without_settings_it_steps_aside():
    with pytest.raises(NotConfigured, match="WEBHOOK_URL"):
        Webhook(Webhook.Settings())


def test_it_keeps_the_contract(receiver):
    outside = Outside(
        url=receiver.url,
        plugin=webhook,
        texts=lambda: [json.dumps(one, ensure_ascii=False) for one in receiver.news.values()],
        secrets=(SECRET,),
    )
    plugin_contract(Webhook, outside)
