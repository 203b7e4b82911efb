"""A help desk on loopback with a tracker and a notifier that keep the contract; tests break one clause at a time."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import attrs

from soc_core import (
    Delivery,
    Incident,
    PermanentError,
    Secret,
    TemporaryError,
    Ticket,
    UncertainError,
    hookimpl,
    printable,
    setting,
)
from soc_core.testing.clauses import Outside

TOKEN = "d3sk-t0ken-in-plain-sight"
MENTION = "@everyone"


class FakeDesk:
    """Keeps what is posted, by path, and finds it by its mark."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        desk = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                row = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                desk.rows.append({"number": str(len(desk.rows) + 1), **row})
                self.answer(desk.rows[-1])

            def do_GET(self) -> None:
                mark = parse_qs(urlsplit(self.path).query)["mark"][0]
                self.answer([row for row in desk.rows if row["mark"] == mark])

            def answer(self, found: object) -> None:
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/desk"

    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]

    def outside(self, plugin: type, patience: float = 10) -> Outside:
        return Outside(
            url=self.url,
            plugin=lambda url: plugin(Settings(url=url, token=Secret(TOKEN))),
            texts=self.texts,
            secrets=(TOKEN,),
            alive=(MENTION,),
            patience=timedelta(seconds=patience),
        )


@contextmanager
def desk_on_loopback() -> Iterator[FakeDesk]:
    desk = FakeDesk()
    threading.Thread(target=desk.server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield desk
    finally:
        desk.server.shutdown()
        desk.server.server_close()


@attrs.frozen(kw_only=True)
class Settings:
    url: str = attrs.field(default="", metadata=setting("Where the desk is"))
    token: Secret = attrs.field(default=Secret(""), metadata=setting("Opens it"))


class Plain:
    """What both plugins are made of."""

    Settings = Settings
    timeout: float | None = 2.0

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def ask(self, method: str, path: str, body: object = None) -> object:
        parts = urlsplit(self.settings.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=self.timeout)
        try:
            connection.connect()
        except OSError as error:
            raise TemporaryError("the desk cannot be reached") from error
        try:
            headers = {"Authorization": f"Bearer {self.settings.token.reveal()}"}
            connection.request(method, parts.path + path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(error) from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise self.refused(answer.status, answer.headers.get("Retry-After"))
        try:
            return json.loads(text)
        except ValueError as error:
            raise self.lost(error) from error

    def lost(self, error: Exception) -> Exception:
        return UncertainError(f"the desk's answer was lost: {error}")

    def refused(self, status: int, wait: str | None) -> Exception:
        if status == 429:
            return TemporaryError("the desk asks us to wait", retry_after=timedelta(seconds=int(wait or "60")))
        if status >= 500:
            return UncertainError(f"the desk answered {status}")
        return PermanentError(f"the desk refused: {status}")

    def text(self, incident: Incident) -> str:
        return printable(f"{incident.summary}: {incident.message}").replace("@", "(at)")


class GoodTracker(Plain):
    @hookimpl
    def create_ticket(self, incident: Incident) -> Ticket:
        return self.ticket(self.ask("POST", "/tickets", {"mark": incident.marker, "text": self.text(incident)}))

    @hookimpl
    def find_ticket(self, incident: Incident) -> Ticket | None:
        rows = self.ask("GET", f"/tickets?mark={incident.marker}")
        return self.ticket(rows[0]) if rows else None

    def ticket(self, row: object) -> Ticket:
        return Ticket(tracker="desk", key=f"T-{row['number']}")


class GoodNotifier(Plain):
    @hookimpl
    def on_incident_opened(self, incident: Incident, delivery: Delivery) -> None:
        if delivery.attempt > 1 and self.ask("GET", f"/messages?mark={delivery.key}"):
            return
        self.ask("POST", "/messages", {"mark": delivery.key, "text": self.text(incident)})
