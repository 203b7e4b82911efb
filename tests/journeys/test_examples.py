"""The examples of the documentation are real: they are built, installed, listed, typed, and pass their own tests."""

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLES = sorted(path.parent.name for path in HOME.glob("*/pyproject.toml"))
SCREEN = 40


def ran(command: Sequence[str | Path], cwd: Path, target: Path) -> str:
    ours = ("SOC_", "JIRA_", "SLACK_", "GITHUB_", "WEBHOOK_", "MODEL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env = {**clean, "PYTHONPATH": str(target)}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples as an author has them, outside the repository."""
    folder = tmp_path_factory.mktemp("examples")
    for name in EXAMPLES:
        shutil.copytree(HOME / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def target(copied: Path) -> Path:
    """Where all of them are installed."""
    into = copied / "site-packages"
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    ran([sys.executable, *install, str(into), *(str(copied / name) for name in EXAMPLES)], copied, into)
    return into


def test_their_own_tests_pass(copied: Path, target: Path) -> None:
    pytest_alone = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    out = ran([*pytest_alone, "-W", "error", *(f"{name}/tests" for name in EXAMPLES)], copied, target)
    assert "skipped" not in out
    assert int(out.splitlines()[-1].split()[0]) > 25


def test_the_types_of_the_examples_are_strict(copied: Path, target: Path) -> None:
    modules = [str(path) for name in EXAMPLES for path in (copied / name).glob("*.py")]
    out = ran([sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(copied / "mypy"), *modules], copied, copied)
    assert "Success" in out


def test_the_program_lists_them(copied: Path, target: Path) -> None:
    listed = json.loads(ran([Path(sys.executable).parent / "soc", "plugins", "--json"], copied, target))["plugins"]
    states = {one["name"]: one["state"] for one in listed}
    for name in ("payments-first", "maintenance", "customer-sla"):
        assert states[name] == "active"
    for name in ("webhook", "github", "model"):
        assert states[name] == "not configured"


def test_github_gets_its_issue_by_the_program_itself(copied: Path, target: Path, tmp_path: Path) -> None:
    brought: dict[str, Any] = {}
    exec((HOME / "github-issues" / "tests" / "conftest.py").read_text(), brought)
    (tmp_path / "soc.toml").write_text("[plugins.github]\nrepository = 'acme/soc'\ntoken = { env = 'OURS' }\n")
    line = "useradd[4302]: new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash"
    (tmp_path / "auth.log").write_text(f"Mar  2 12:00:00 web1 {line}\n")
    with brought["FakeGitHub"]() as github:
        threading.Thread(target=github.serve_forever, args=(0.02,), daemon=True).start()
        with (tmp_path / "soc.toml").open("a") as settings:
            settings.write(f"api = '{github.url}'\n")
        soc = ["env", f"OURS={brought['TOKEN']}", Path(sys.executable).parent / "soc"]
        summary = json.loads(ran([*soc, "run", "auth.log", "--json"], tmp_path, target))
        github.shutdown()
    assert [ticket["key"] for ticket in summary["tickets"]] == ["#1"]
    assert [(issue["number"], "svc2" in issue["body"]) for issue in github.issues] == [(1, True)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_of_an_example_fits_on_a_screen(name: str) -> None:
    lines = (HOME / name / "README.md").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert len(lines) <= SCREEN


@pytest.mark.parametrize("path", sorted(HOME.glob("*/*.py")), ids=lambda path: path.name)
def test_an_example_stands_on_the_desk_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("soc_core."))


def test_the_trigger_rule_is_swapped_in_fifteen_lines() -> None:
    assert len((HOME / "trigger-rule" / "payments_first.py").read_text().splitlines()) <= 15
