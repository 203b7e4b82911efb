"""Runs the examples of the README and the pages under docs; the pages of hooks and plugins have tests of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

_OURS = ("SOC_", "JIRA_", "SLACK_")


def _run_console(example: Example) -> str | None:
    """Run each `$ command` in the page's own directory; the lines below it must be part of what it writes."""
    for block in example.parsed.strip().split("\n$ "):
        command, *expected = block.removeprefix("$ ").splitlines()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        # The commands are our own pages, and a page shows what a person types into a shell.
        done = subprocess.run(  # noqa: S602
            command, shell=True, env=environment, capture_output=True, text=True, check=False
        )
        written = done.stdout + done.stderr
        if done.returncode:
            return f"{command}\nended with {done.returncode}:\n{written}"
        missing = [line for line in expected if line not in written]
        if missing:
            return f"{command}\ndid not write {missing}, but:\n{written}"
    return None


@pytest.fixture(scope="module")
def own_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty working directory for each page."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("page"))
    yield
    os.chdir(before)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser("console", _run_console)],
    patterns=["README.md", "docs/*.md"],
    excludes=["plugins/*/README.md", "docs/hooks/*.md", "docs/plugins/*.md"],
    fixtures=["own_directory"],
).pytest()
