"""Runs every block of code in the README and the pages under docs; a language that nobody can run is a failure.

A `console` block is run as it stands, on a terminal; a `python` block too. An `sh` block is what a person does
elsewhere, with accounts or for ever: it must be valid, and know our commands and options. Settings, rules and
environment files are read as soc-core reads them. The pages of hooks and those of JIRA and Slack have tests of their
own, beside what they describe.
"""

import json
import logging
import os
import pty
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import structlog
import yaml
from hypothesis import settings
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser

from soc_core.logs import CHANNEL
from soc_core.settings import environment_names

# A machine may be slow or busy: how long one example takes says nothing about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md", "docs/*/*.md", "plugins/*/README.md")
ELSEWHERE: Mapping[str, str] = {
    "docs/examples/*.md": "tests/docs/test_example_pages.py",
    "docs/hooks/[a-z]*.md": "tests/test_hook_docs.py",
    "docs/plugins/jira.md": "plugins/jira/tests/test_docs.py",
    "docs/plugins/slack.md": "plugins/slack/tests/test_docs.py",
}
"""Pages whose blocks other tests run, and these tests."""

_OURS = ("SOC_", "JIRA_", "SLACK_")
_SET_UP = {
    "JIRA_SERVER_URL": "https://example.atlassian.net",
    "JIRA_USERNAME": "soc@example.org",
    "JIRA_API_TOKEN": "your-api-token",
    "JIRA_PROJECT_KEY": "SEC",
    "SLACK_BOT_TOKEN": "xoxb-your-bot-token",
    "SLACK_SECURITY_CHANNEL": "C0123456789",
}
_FENCE = re.compile(r"^```(\S*)(.*)$", re.MULTILINE)
_FILE = re.compile(r"^```(\w+) ([\w./-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SECRET = re.compile(r'env = "(\w+)"')
_TOLD = "…"  # in an expected line: anything


def _console(example: Example) -> str | None:
    """Run each `$ command` in the page's own directory; the lines below it must be part of what it writes, in order."""
    for block in example.parsed.strip().split("\n$ "):
        command, *expected = block.removeprefix("$ ").splitlines()
        code, written = _on_a_terminal(command)
        if code:
            return f"{command}\nended with {code}:\n{written}"
        place = 0
        for line in filter(str.strip, expected):
            found = re.compile(".*".join(re.escape(" ".join(part.split())) for part in line.split(_TOLD))).search(
                written, place
            )
            if found is None:
                return f"{command}\ndid not write {line!r} where it should, but:\n{written}"
            place = found.end()
    return None


def _on_a_terminal(command: str, **more: str) -> tuple[int, str]:
    """The exit code of a shell command, and what a person sees, each run of spaces as one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100", "LINES": "50", **more}
    ours, theirs = pty.openpty()
    limited = ["/usr/bin/env", "timeout", "250", "bash", "-c", command]
    # The commands are our own pages', and a page shows what a person types into a shell.
    running = subprocess.Popen(  # noqa: S603
        limited, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:  # nobody writes any more
        pass
    os.close(ours)
    lines = _ESCAPE.sub("", written.decode(errors="replace")).splitlines()
    return running.wait(), "\n".join(" ".join(line.split()) for line in lines)


def _shell(example: Example) -> str | None:
    """The shell can read it, and each command of ours in it exists with these options."""
    read = subprocess.run(
        ["/usr/bin/env", "bash", "-n"], input=example.parsed, capture_output=True, text=True, check=False
    )
    if read.returncode:
        return read.stderr
    for line in example.parsed.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["soc"]:
            code, written = _on_a_terminal(shlex.join([*words, "--help"]), **_SET_UP)
            if code:
                return f"{line}\n{written}"
    return None


def _toml(example: Example) -> str | None:
    """Rules pass their examples, settings are valid; what belongs to other programs is TOML."""
    table = tomllib.loads(example.parsed)
    if "project" in table or "build-system" in table:
        return None
    if "rule" in table:
        Path("page").mkdir(exist_ok=True)
        Path("page/page.toml").write_text(example.parsed)
        settings = '[plugins.rules]\npack = false\npaths = ["page"]\n'
        command = "soc --config page.toml rules test"
    else:
        settings = example.parsed
        known = " ".join(f"{name}=from-the-environment" for name in _SECRET.findall(settings))
        command = f"{known} soc --config page.toml validate"
    Path("page.toml").write_text(settings)
    code, written = _on_a_terminal(command)
    return f"{example.parsed}\n{written}" if code else None


def _dotenv(example: Example) -> str | None:
    """Every name in it is one that soc-core knows."""
    kinds = {one.name: getattr(one.load(), "Settings", None) for one in entry_points(group="soc_core.plugins")}
    known = {row.env for row in environment_names({name: kind for name, kind in kinds.items() if kind is not None})}
    unknown = set(re.findall(r"^#?(\w+)=", example.parsed, re.MULTILINE)) - known
    return f"nothing reads {', '.join(sorted(unknown))}" if unknown else None


def _json(example: Example) -> None:
    for line in example.parsed.strip().splitlines() if "\n{" in example.parsed else [example.parsed]:
        json.loads(line)


def _yaml(example: Example) -> None:
    yaml.safe_load(example.parsed)


def _nginx(example: Example) -> str | None:
    """Its braces match and its statements end; nginx itself would ask for the certificates."""
    lines = [line.partition(" #")[0].strip() for line in example.parsed.splitlines()]
    unended = [line for line in lines if line and not line.startswith("#") and line[-1] not in "{;}"]
    balanced = example.parsed.count("{") == example.parsed.count("}")
    return None if balanced and not unended else f"braces match: {balanced}; without an end: {unended}"


RUNNERS: Mapping[str, Callable[[Example], str | None]] = {
    "console": _console,
    "sh": _shell,
    "toml": _toml,
    "dotenv": _dotenv,
    "json": _json,
    "yaml": _yaml,
    "nginx": _nginx,
    "text": lambda _: None,  # drawings, and what a person reads
}


def _nobody_runs(example: Example) -> str:
    return f"nobody runs blocks of the language {example.parsed!r}; conftest.py has the list"


def files(document: Document) -> Iterator[Region]:
    """The blocks that a person puts into a file, whose name stands behind the language: they are put there."""
    for found in _FILE.finditer(document.text):
        yield Region(found.start(), found.end(), found.groups(), _put)


def _put(example: Example) -> None:
    language, name, text = example.parsed
    file = Path(name)
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o644)
    if language == "python":
        compile(text, name, "exec")


def others(document: Document) -> Iterator[Region]:
    """The blocks whose language has no runner; those in braces are orders to the site, not code."""
    for fence in list(_FENCE.finditer(document.text))[::2]:
        if fence[1] not in {*RUNNERS, "python"} and not fence[1].startswith("{"):
            yield Region(fence.start(), fence.end(), fence[1], _nobody_runs)


@pytest.fixture(autouse=True)
def _logging_is_put_back() -> Iterator[None]:
    """How loud the program was in one test is nothing to the next."""
    root, channel = logging.getLogger(), logging.getLogger(CHANNEL)
    before = root.handlers[:], root.level, channel.level
    yield
    root.handlers[:], level, channel_level = before
    root.setLevel(level)
    channel.setLevel(channel_level)
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def own_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty working directory for each page."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("page"))
    yield
    os.chdir(before)


SYBIL = Sybil(
    parsers=[
        PythonCodeBlockParser(),
        SkipParser(),
        *(CodeBlockParser(name, run) for name, run in RUNNERS.items()),
        files,
        others,
    ],
    patterns=PAGES,
    excludes=list(ELSEWHERE),
    fixtures=["own_directory"],
)
pytest_collect_file = SYBIL.pytest()
