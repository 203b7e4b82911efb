"""What tests of the command line share: a place of one's own, and the program here, elsewhere, and on a terminal."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

from soc_core.cli.program import soc as program

RULES = """
[[rule]]
id = "break-in"
title = "Somebody broke in"
label = "Security Alert"
severity = 9
confidence = 0.9
words = ["broke in"]
actions = ["Look at the door."]
example = [{ line = "somebody broke in", source = "door", label = "Security Alert", severity = 9 }]

[[rule]]
id = "smoke"
title = "There is smoke"
label = "Error"
severity = 6.5
confidence = 0.8
words = ["smoke"]
example = [{ line = "smoke in room 4", source = "hall" }]

[[rule]]
id = "knock"
title = "Somebody knocked"
label = "Security Alert"
severity = 2
confidence = 0.9
words = ["knocked"]
threshold = { count = 3, within = "5m", by = ["source"], severity = 9, confidence = 0.9 }
example = [{ line = "somebody knocked", source = "door" }]
"""
SETTINGS = """
[plugins]
disable = ["jira", "slack"]

[plugins.rules]
pack = false
paths = ["rules"]
"""
LOG = (
    '{"id": "1", "source": "door", "message": "somebody broke in"}\n'
    '{"id": "2", "source": "hall", "message": "smoke in room 4"}\n'
    '{"id": "3", "source": "hall", "message": "all is well"}\n'
)


@attrs.frozen(kw_only=True)
class Ran:
    """How a call of the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The one JSON document of the output."""
        assert self.out.count("\n") == 1, (self.out, self.err)
        found = json.loads(self.out)
        assert found["schema"] == 1
        return found

    @property
    def rows(self) -> list[dict[str, object]]:
        """The JSON rows of the output."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with settings, three rules and a log; nothing of the outer environment counts."""
    for name in list(os.environ):
        if name.startswith(("SOC_", "JIRA_", "SLACK_", "NO_COLOR", "FORCE_COLOR")) and name != "SOC_TEST_POSTGRES":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOC_USER", "ana")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(tmp_path)
    Path("rules").mkdir()
    Path("rules/test.toml").write_text(RULES)
    Path("soc.toml").write_text(SETTINGS)
    Path("house.log").write_text(LOG)
    return tmp_path


@pytest.fixture
def soc(place: Path) -> Run:
    """The program in this process: `soc("run", "house.log")`; standard output is no terminal."""

    def run(*words: str, stdin: str | bytes = "") -> Ran:
        result = CliRunner().invoke(program, words, input=stdin, catch_exceptions=False, prog_name="soc")
        return Ran(code=result.exit_code, out=result.stdout, err=result.stderr)

    return run


@pytest.fixture(scope="module")
def read_store() -> dict[str, bytes]:
    """The files of the store just after the log was read: filled by the first test of a file that asks for it."""
    return {}


@pytest.fixture
def filled(soc: Run, place: Path, read_store: dict[str, bytes]) -> Run:
    """The program in a place where the log was read: INC-1 has a ticket, INC-2 is an alert."""
    if not read_store:
        assert soc("run", "house.log").code == 0
        read_store.update({path.name: path.read_bytes() for path in place.glob("soc.db*")})
    for name, content in read_store.items():
        (place / name).write_bytes(content)
    return soc


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """The program in a process of its own, ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*words: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "soc_core", *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def terminal(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The program in this process with a pseudo-terminal as standard output; answers what came out of it."""
    return lambda *words, codes=(0, 1): on_terminal(monkeypatch, words, codes).decode()


def on_terminal(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], codes: tuple[int, ...]) -> bytes:
    """Everything that the program writes to a terminal, byte for byte but for its line ends."""
    controller, line = os.openpty()
    written = bytearray()

    def drain() -> None:
        while True:
            try:
                data = os.read(controller, 65536)
            except OSError:  # the other end is closed: the program has ended
                return
            if not data:
                return
            written.extend(data)

    reader = threading.Thread(target=drain)
    reader.start()
    with os.fdopen(line, "w", encoding="utf-8") as stream, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        patched.setattr(sys, "stderr", stream)
        with pytest.raises(SystemExit) as end:
            program(list(words), prog_name="soc")
    reader.join()
    os.close(controller)
    assert end.value.code in codes, written.decode()
    return bytes(written).replace(b"\r\n", b"\n")
