"""Every public name has a type that all type checkers agree on, so that authors and embedders get completion."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    """What pyright says about the types of `soc_core`."""
    pytest.importorskip("pyright", reason="pyright is not installed")
    # pyright looks where the first `python` looks.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    there = [sys.executable, "-m", "pyright", "--version"]
    if subprocess.run(there, env=environment, capture_output=True, check=False).returncode:
        pytest.skip("pyright needs node, and cannot get it here")
    ask = [sys.executable, "-m", "pyright", "--verifytypes", "soc_core", "--ignoreexternal", "--outputjson"]
    done = subprocess.run(ask, env=environment, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["typeCompleteness"]


@pytest.mark.timeout(600)
def test_every_public_name_has_a_known_type(report: dict[str, object]) -> None:
    modules = {one["name"] for one in report["modules"]}
    assert {"soc_core", "soc_core.app", "soc_core.testing"} <= modules
    wanting = {
        one["name"]: [found["message"] for found in one["diagnostics"]]
        for one in report["symbols"]
        if one["isExported"] and (not one["isTypeKnown"] or one["isTypeAmbiguous"])
    }
    assert wanting == {}
    assert report["completenessScore"] == 1
