"""Each kind of plugin that `soc new-plugin` writes: installed where nothing else is, tested, typed, listed, at work."""

import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.request
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import pytest

from soc_core.registry.checks import HOOKS

HOME = Path(__file__).parents[2]
KINDS = {
    "rule": ("should_create_ticket",),
    "classifier": ("classify_event", "register_patterns"),
    "model": ("classify_events",),
    "tracker": ("create_ticket", "find_ticket"),
    "notifier": (
        "on_incident_opened",
        "on_ticket_created",
        "on_incident_updated",
        "on_escalation",
        "on_batch_processed",
    ),
    "sla": ("compute_sla",),
    "escalation": ("plan_escalation",),
    "source": ("register_services",),
    "assignment": ("choose_assignee",),
    "endpoint": ("register_endpoints",),
    "check": ("register_checks",),
    "command": ("register_commands",),
}
BREAK_IN = ("bastion", "useradd[4302]: new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash")
DEADLINE = 60.0
SECRET = "shared-with-the-other-side"


@attrs.frozen(kw_only=True)
class Place:
    """A new environment with soc-core and one distribution for each kind, and a folder for one test."""

    bin: Path
    dists: Path
    folder: Path

    def ran(self, *command: str | Path, cwd: Path | None = None) -> str:
        """What a command wrote that ended well."""
        where = cwd or self.folder
        done = subprocess.run(command, cwd=where, env=_clean(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def soc(self, *words: str) -> Any:
        """The one JSON document of a command."""
        return json.loads(self.ran(self.bin / "soc", *words, "--json"))

    def alone(self, kind: str, settings: str = "") -> None:
        """Only this kind's plugin is at work beside those that are part of every environment."""
        others = [f"my-{other}" for other in KINDS if other != kind]
        (self.folder / "soc.toml").write_text(f"[plugins]\ndisable = {others}\n\n[plugins.my-{kind}]\n{settings}\n")

    def read(self, source: str, message: str, **more: object) -> Any:
        """`soc run` on a log of one event."""
        (self.folder / "log.jsonl").write_text(json.dumps({"source": source, "message": message, **more}) + "\n")
        return self.soc("run", "log.jsonl")

    def incident(self) -> Any:
        """The first one."""
        return self.soc("incident", "show", "INC-1")["incident"]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """`soc serve`, and where it listens."""
        command = [self.bin / "soc", "serve", "--port", "0"]
        process = subprocess.Popen(command, cwd=self.folder, env=_clean(), stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            said = (re.search(r"Listening on (http://127\.0\.0\.1:\d+)", line) for line in process.stderr)
            yield next(found[1] for found in said if found)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=DEADLINE)


def _clean() -> Mapping[str, str]:
    ours = ("SOC_", "JIRA_", "SLACK_", "PYTHON", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "SHARED": SECRET}


def until(true: Callable[[], bool]) -> None:
    """Ask again until it is so."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline, "it did not happen"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """soc-core as a wheel in a new environment; its own `soc new-plugin` writes the distributions installed beside."""
    folder = tmp_path_factory.mktemp("authors")
    venv.create(folder / "env", symlinks=True)
    place = Place(bin=folder / "env" / "bin", dists=folder / "dists", folder=folder)
    [packages] = folder.glob("env/lib/*/site-packages")
    # What soc-core needs is taken from the environment of this test, as there may be no network.
    libraries = sysconfig.get_path("purelib")
    (packages / "libraries.pth").write_text(f"import site; site.addsitedir({libraries!r})\n")
    pip = [sys.executable, "-m", "pip", "--python", place.bin / "python", "--disable-pip-version-check", "install"]
    install = [*pip, "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    place.ran(*install, HOME)
    for kind, hooks in KINDS.items():
        asked = [word for hook in hooks for word in ("--hook", hook)]
        place.soc("new-plugin", f"my-{kind}", *asked, "--dir", str(place.dists / kind))
    place.ran(*install, *(place.dists / kind for kind in KINDS))
    return place


@pytest.fixture
def place(environment: Place, tmp_path: Path) -> Place:
    return attrs.evolve(environment, folder=tmp_path)


def test_every_hook_is_served_by_a_kind(environment: Place) -> None:
    written = "".join(path.read_text() for path in environment.dists.glob("*/soc_my_*/*.py"))
    assert {hook for hook in HOOKS if f"def {hook}(" in written} == set(HOOKS)


@pytest.fixture(scope="module")
def outcomes(environment: Place) -> Sequence[tuple[str, str]]:
    """What became of the tests that came with the distributions, as (test, outcome)."""
    report = environment.folder / "report.xml"
    alone = [environment.bin / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    tests = [environment.dists / kind / "tests" for kind in KINDS]
    told = subprocess.run(
        [*alone, "-W", "error", "--junit-xml", report, *tests],
        cwd=environment.dists,
        env=_clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), told.stdout + told.stderr
    return [
        (f"{case.get('classname')}.{case.get('name')}", next((part.tag for part in case), "passed"))
        for case in ElementTree.parse(report).iter("testcase")
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_its_own_tests_pass_the_contract_among_them(kind: str, outcomes: Sequence[tuple[str, str]]) -> None:
    own = {name.rpartition(".")[2]: outcome for name, outcome in outcomes if f"test_{kind}." in name}
    assert "test_it_keeps_the_contract" in own
    assert set(own.values()) == {"passed"}, own


def test_their_types_are_strict(environment: Place) -> None:
    packages = [word for kind in KINDS for word in ("-p", f"soc_my_{kind}")]
    mypy = [environment.bin / "python", "-m", "mypy", "--strict", "--cache-dir", environment.folder / "mypy"]
    assert "Success" in environment.ran(*mypy, *packages)


def test_the_program_lists_them(environment: Place) -> None:
    listed = {one["name"]: one for one in environment.soc("plugins")["plugins"]}
    needs_settings = {"tracker", "notifier", "endpoint"}
    for kind, hooks in KINDS.items():
        one = listed[f"my-{kind}"]
        assert (one["distribution"], one["version"]) == (f"soc-my-{kind}", "0.1.0")
        assert one["state"] == ("not configured" if kind in needs_settings else "active")
        assert set(one["hooks"]) == set(hooks) or kind in needs_settings


# -- an event flows through it -----------------------------------------------------------------------------------------


def test_the_rule_makes_a_ticket_where_the_built_in_one_would_not(place: Place) -> None:
    place.alone("rule")
    ran = place.read("payments", "card refused", severity=8)
    assert len(ran["tickets"]) == 1
    incident = place.incident()
    assert (incident["decided_by"], incident["why"]) == ("my-rule", "payments from severity 5 on is our business")


def test_the_classifier_finds_what_nobody_else_knows(place: Place) -> None:
    place.alone("classifier")
    place.read("vault", "the vault is sealed by mallory")
    incident = place.incident()
    assert (incident["classifier"], incident["rule"]) == ("my-classifier", "vault-sealed")
    assert incident["ticket"]["key"] == "LOCAL-1"


def test_the_model_is_asked_what_nobody_else_knows(place: Place) -> None:
    place.alone("model")
    place.read("hall", "the alarm went off")
    incident = place.incident()
    assert (incident["classifier"], incident["rule"]) == ("my-model", "alarming")
    assert incident["ticket"]["key"] == "LOCAL-1"


def test_the_tracker_makes_the_ticket(place: Place, rows_at: "RowsAt") -> None:
    url, rows = rows_at
    place.alone("tracker", f'url = "{url}"\ntoken = {{ env = "SHARED" }}')
    [ticket] = place.read(*BREAK_IN)["tickets"]
    assert (ticket["key"], place.incident()["ticket"]["tracker"]) == ("T-1", "my-tracker")
    assert "svc2" in rows[0]["text"]


def test_the_notifier_tells(place: Place, rows_at: "RowsAt") -> None:
    url, rows = rows_at
    place.alone("notifier", f'url = "{url}"\ntoken = {{ env = "SHARED" }}')
    place.read(*BREAK_IN)
    for words in ("svc2", "ticket LOCAL-1", "1 events"):
        assert len([row for row in rows if words in row["text"]]) == 1, words


def test_the_sla_is_what_it_promises(place: Place) -> None:
    place.alone("sla", 'response = "20m"')
    place.read("payments", BREAK_IN[1])
    clocks = place.soc("sla", "INC-1")["sla"]
    assert {name: clock["target_seconds"] for name, clock in clocks.items()} == {"response": 1200, "resolution": 7200}


def test_a_rung_of_the_ladder_fires(place: Place) -> None:
    place.alone("escalation", 'late_by = "1s"\n[plugins.sla.targets]\nHighest = "1s"')
    place.read(*BREAK_IN)

    def fired() -> list[object]:
        place.soc("run", "log.jsonl")
        timeline = place.incident()["timeline"]
        return [one["details"]["rung"] for one in timeline if one["what"] == "escalation.fired"]

    until(lambda: "my-escalation-late" in fired())


def test_the_source_takes_in_what_is_dropped(place: Place) -> None:
    place.alone("source", 'every = "50ms"')
    (place.folder / "drop").mkdir()
    (place.folder / "drop" / "one.log").write_text(BREAK_IN[1] + "\n")
    with place.serving():
        until(lambda: bool(place.soc("incidents")["incidents"]))
    assert place.incident()["source"] == "my-source"


def test_the_assignment_names_somebody_of_the_team(place: Place) -> None:
    people = '[people.ann]\nroles = ["lead"]\n[people.bob]\nroles = ["analyst"]\nteams = ["payments"]\n'
    place.alone("assignment", people)
    place.read("payments", BREAK_IN[1])
    assert place.incident()["assignee"] == "bob"


def test_the_endpoint_takes_in_what_is_signed(place: Place) -> None:
    place.alone("endpoint", 'secret = { env = "SHARED" }')
    body = BREAK_IN[1].encode()
    headers = {"X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    with place.serving() as url:
        request = urllib.request.Request(f"{url}/my-endpoint", body, headers)
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 202
    assert place.incident()["source"] == "my-endpoint"


def test_the_check_is_a_line_of_the_doctor(place: Place) -> None:
    place.alone("check", "megabytes = 0")
    [line] = [one for one in place.soc("doctor", "--offline")["checks"] if one["text"].endswith("MB are left at .")]
    assert line["result"] == "PASS"


def test_the_command_is_one_of_the_program(place: Place) -> None:
    place.alone("command")
    assert place.ran(place.bin / "soc", "my-command", "Security Alert") == "9\n"


RowsAt = tuple[str, Sequence[Mapping[str, str]]]


@pytest.fixture
def rows_at(environment: Place) -> Iterator[RowsAt]:
    """The pretended server that the templates of tracker and notifier bring along for their tests."""
    brought: dict[str, object] = {}
    exec((environment.dists / "tracker" / "tests" / "conftest.py").read_text(), brought)
    server = brought["Server"]()
    assert isinstance(server, ThreadingHTTPServer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.url, server.rows
    server.shutdown()
    server.server_close()
