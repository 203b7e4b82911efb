"""A pretended GitHub on loopback: issues of one repository, made, listed by label, closed."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "ghp_fakeTokenThatNobodyMaySee1234567890"
ISSUES = "/repos/acme/soc/issues"


class FakeGitHub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.issues = []
        self.loses = 0  # so many answers to creates are lost, after the deed

    @property
    def open_issues(self):
        return [issue for issue in self.issues if issue["state"] == "open"]

    def make(self, given):
        number = len(self.issues) + 1
        html_url = f"https://github.example/acme/soc/issues/{number}"
        labels = [{"name": name} for name in given["labels"]]
        self.issues.append({**given, "number": number, "state": "open", "html_url": html_url, "labels": labels})
        return self.issues[-1]


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        if self.refused():
            return
        issue = self.server.make(self.body())
        if self.server.loses:
            self.server.loses -= 1
            self.close_connection = True
            return
        self.answer(201, issue)

    def do_GET(self):
        if self.refused():
            return
        asked = parse_qs(urlsplit(self.path).query)
        [wanted] = asked["labels"]
        self.answer(200, [one for one in self.server.open_issues if {"name": wanted} in one["labels"]])

    def do_PATCH(self):
        number = int(self.path.rpartition("/")[2])
        self.server.issues[number - 1].update(self.body())
        self.answer(200, self.server.issues[number - 1])

    def refused(self):
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        right = urlsplit(self.path).path == ISSUES
        if not known or not right:
            self.body()
            self.answer(404 if known else 401, {"message": "Not Found" if known else "Bad credentials"})
        return not known or not right

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")

    def answer(self, status, found):
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def github():
    server = FakeGitHub()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
