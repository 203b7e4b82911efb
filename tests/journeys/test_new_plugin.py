"""What `soc new-plugin` writes and what it refuses; `test_plugin_templates.py` installs it and puts it to work."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from soc_core.cli.new_plugin import _KINDS, distribution
from soc_core.cli.program import soc as program
from soc_core.registry.checks import HOOKS

KINDS = {kind: known.hooks for kind, known in _KINDS.items()}


def ruff(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "ruff", words[0], "--isolated", "--line-length", "120", *words[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution with every hook in it."""
    folder = tmp_path_factory.mktemp("author") / "soc-night-shift"
    hooks = [word for hook in HOOKS for word in ("--hook", hook)]
    result = CliRunner().invoke(program, ["new-plugin", "night-shift", *hooks, "--dir", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone_is_a_whole_distribution(kind: str) -> None:
    files = distribution("night-shift", KINDS[kind])
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


@pytest.mark.parametrize("hooks", [HOOKS, *([hook] for hook in KINDS["notifier"])], ids=" ".join)
def test_what_was_made_is_tidy(hooks: Sequence[str], tmp_path: Path) -> None:
    made = tmp_path / "made"
    words = [word for hook in hooks for word in ("--hook", hook)]
    result = CliRunner().invoke(program, ["new-plugin", "night-shift", *words, "--dir", str(made)])
    assert result.exit_code == 0, result.output
    ruff(made, "check", "--select", "E,F,W,I,UP,B,SIM", ".")
    ruff(made, "check", "--select", "ANN,D1", "--ignore", "D107", "soc_night_shift")
    ruff(made, "format", "--check", ".")


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


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_that_is_asked_for_is_implemented_and_tested(hook: str) -> None:
    files = distribution("night-shift", [hook])
    assert any(f"def {hook}(" in text for path, text in files.items() if path.startswith("soc_night_shift/"))
    [tests] = [text for path, text in files.items() if path.startswith("tests/test_")]
    assert "plugin_contract(" in tests


def test_a_notifier_implements_what_was_asked_for_and_nothing_else() -> None:
    code = distribution("night-shift", ["on_escalation", "on_batch_processed"])["soc_night_shift/notifier.py"]
    assert re.findall(r"def (on_\w+)", code) == ["on_escalation", "on_batch_processed"]


def test_an_unknown_hook_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(program, ["new-plugin", "night-shift", "--hook", "make_coffee"])
    assert result.exit_code == 2
    assert "should_create_ticket" in result.stderr
