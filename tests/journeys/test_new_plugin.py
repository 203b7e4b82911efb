"""What an author does first: `soc new-plugin`, install it, run its tests and its types, and see it listed."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from soc_core.cli.new_plugin import _HOOKS, distribution
from soc_core.cli.program import soc as program
from soc_core.registry.checks import HOOKS

KINDS = {
    "rule": "should_create_ticket",
    "classifier": "classify_event",
    "tracker": "create_ticket",
    "notifier": "on_incident_opened",
    "sla": "compute_sla",
    "escalation": "plan_escalation",
    "source": "register_services",
}


def ran(command: Sequence[str | Path], cwd: Path, target: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    env = {**clean, "PYTHONPATH": str(target)}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution with every kind of plugin in it."""
    folder = tmp_path_factory.mktemp("author") / "soc-night-shift"
    hooks = [word for hook in KINDS.values() for word in ("--hook", hook)]
    result = CliRunner().invoke(program, ["new-plugin", "night-shift", *hooks, "--dir", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def target(made: Path) -> Path:
    """Where it was installed."""
    into = made.parent / "site-packages"
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    ran([sys.executable, *install, str(into), str(made)], made, into)
    return into


def test_its_own_tests_pass_the_contract_among_them(made: Path, target: Path) -> None:
    out = ran([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], made, target)
    assert "failed" not in out
    assert int(out.splitlines()[-1].split()[0]) > 20


def test_its_types_are_strict(made: Path, target: Path) -> None:
    cache = str(made.parent / "mypy")
    assert "Success" in ran([sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache], made, target)


def test_the_program_lists_its_plugins(made: Path, target: Path) -> None:
    out = ran([Path(sys.executable).parent / "soc", "plugins", "--json"], made.parent, target)
    ours = [one for one in json.loads(out)["plugins"] if one["distribution"] == "soc-night-shift"]
    idle = {"night-shift-tracker", "night-shift-notifier"}  # without credentials they step aside
    assert {one["name"] for one in ours} == {f"night-shift-{kind}" for kind in KINDS}
    assert {one["name"] for one in ours if one["state"] == "not configured"} == idle
    assert all(one["state"] == "active" for one in ours if one["name"] not in idle)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone_is_a_whole_distribution(kind: str) -> None:
    files = distribution("night-shift", [KINDS[kind]])
    project = tomllib.loads(files["pyproject.toml"])
    entry_points = project["project"]["entry-points"]["soc_core.plugins"]
    assert entry_points == {"night-shift": f"soc_night_shift.{kind}:NightShift{kind.title()}"}
    assert ("soc_night_shift/client.py" in files) == (kind in ("tracker", "notifier"))
    assert {f"soc_night_shift/{kind}.py", f"tests/test_{kind}.py", "README.md"} <= set(files)
    for path, text in files.items():
        assert "$" not in text, path
        assert path.endswith((".md", ".toml", ".typed")) or ast.parse(text)


def test_plugins_import_from_the_desk_only(made: Path) -> None:
    for file in (made / "soc_night_shift").glob("*.py"):
        assert "soc_core." not in file.read_text().replace("soc_core.plugins", ""), file.name


def test_what_was_made_is_tidy(made: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    plain = [*ruff, "check", "--isolated", "--line-length", "120", "--select"]
    ran([*plain, "E,F,W,I,UP,B,SIM", "."], made, made)
    ran([*plain, "ANN,D1", "--ignore", "D107", "soc_night_shift"], made, made)
    ran([*ruff, "format", "--isolated", "--line-length", "120", "--check", "."], made, made)


@pytest.mark.parametrize("name", ["Night", "night_shift", "9to5", "-x", "a b", "../evil", "night-", ""])
def test_a_name_that_cannot_be_one_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program, ["new-plugin", "--", name])
    assert result.exit_code == 2
    assert "is no name for a plugin" in result.stderr
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = CliRunner().invoke(program, ["new-plugin", "night-shift"])
    assert json.loads(first.stdout)["directory"] == "soc-night-shift"
    Path("soc-night-shift/README.md").write_text("mine")
    assert CliRunner().invoke(program, ["new-plugin", "night-shift"]).exit_code == 3
    assert Path("soc-night-shift/README.md").read_text() == "mine"


def test_every_hook_belongs_to_a_kind_but_those_that_are_added_to_one() -> None:
    added = {"choose_assignee", "register_endpoints", "register_checks", "register_commands"}
    assert set(_HOOKS) | added == set(HOOKS)
    assert not set(_HOOKS) & added


def test_an_unknown_hook_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(program, ["new-plugin", "night-shift", "--hook", "make_coffee"])
    assert result.exit_code == 2
    assert "should_create_ticket" in result.stderr
