"""One request for a batch; a model that is slow, away or talks rubbish costs no event and no other finding."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from soc_model import ModelClassifier, finding

from soc_core import NotConfigured, SettingsError
from soc_core.testing import strategies
from soc_core.testing.asserts import assert_ticket
from soc_core.testing.contract import plugin_contract


def opinion(text):
    return ("Security Alert", 0.95) if "exfiltrated" in text else ("User Action", 0.4)


class FakeModel(ThreadingHTTPServer):
    """A model on loopback; `answer` makes the body of its answer, and waits for nothing unless told to."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/opinions"
        self.batches = []
        self.asked = threading.Semaphore(0)  # once for each batch that has come
        self.answer = lambda texts: {
            "opinions": [dict(zip(("label", "confidence"), opinion(text), strict=True)) for text in texts]
        }
        self.may_speak = threading.Event()
        self.may_speak.set()


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["texts"]
        self.server.batches.append(texts)
        self.server.asked.release()
        self.server.may_speak.wait()
        body = json.dumps(self.server.answer(texts)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:  # the plugin gave up, which is what some tests are about
            self.close_connection = True


@pytest.fixture
def model():
    server = FakeModel()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.may_speak.set()
    server.shutdown()
    server.server_close()


def classifier(url, seconds=10.0):
    return ModelClassifier(ModelClassifier.Settings(url=url, timeout=timedelta(seconds=seconds)))


@pytest.fixture
def soc_plugins(model):
    return {"model": classifier(model.url)}


def test_a_batch_is_one_request(soc, model):
    lines = [("app", f"user {number} logged in") for number in range(500)]
    soc.submit([*lines, ("app", "the customer table was exfiltrated")])
    assert [len(texts) for texts in model.batches] == [501]
    soc.work()
    incident = assert_ticket(soc, rule="model:Security Alert", classifier="model", severity=10)
    assert incident.reason == "The model takes it for Security Alert and is 95% sure."


def test_a_model_that_does_not_answer_is_given_up_and_then_left_alone(open_soc, events, model):
    model.may_speak.clear()
    soc = open_soc({"model": classifier(model.url, seconds=0.05)})
    for number in range(8):
        soc.submit([events(f"disk {number} full", label="Critical Error", severity=8)])
    assert all(model.asked.acquire(timeout=60) for _ in range(5))  # who gave up does not know when it comes
    assert len(model.batches) == 5  # then soc-core has suspended it
    assert len(soc.reports.incidents()) == 8  # by what others found


@pytest.mark.parametrize(
    "answer",
    [
        {"opinions": []},
        {"opinions": [{"label": "Error"}]},
        {"opinions": [{"label": 5, "confidence": 1}]},
        {"opinions": [{"label": "Error", "confidence": 7}]},
        {"opinions": None},
        ["Error"],
    ],
)
def test_an_answer_that_is_none_spoils_nothing(soc, events, model, answer):
    model.answer = lambda _: answer
    soc.submit([events("disk full", label="Critical Error", severity=8)])
    [incident] = soc.reports.incidents()
    assert incident.classifier == "stated"


def test_an_address_is_needed_and_strangers_are_asked_over_tls_only():
    with pytest.raises(NotConfigured, match="MODEL_URL"):
        classifier("")
    with pytest.raises(SettingsError, match="https"):
        classifier("http://model.example/opinions")


@settings(max_examples=50, deadline=None)
@given(strategies.events())
def test_what_the_model_is_unsure_of_is_no_opinion(event):
    assert finding(event, ("Error", 0.69), 0.7) is None
    assert finding(event, ("Error", 0.7), 0.7).severity == 5


class InMemory:
    """The model without the network between: the contract allows questions none."""

    def opinions(self, texts):
        return [opinion(text) for text in texts]


def test_it_keeps_the_contract():
    plugin_contract(ModelClassifier, make=lambda: ModelClassifier(ModelClassifier.Settings(), InMemory()))
