"""The documentation as it is written and as it is built."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def extensions() -> Iterator[None]:
    """The folder that the site takes its own extension from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs" / "_ext")
        yield


@pytest.fixture(scope="session")
def reference(extensions: None) -> ModuleType:
    """What writes the reference pages."""
    spec = importlib.util.spec_from_file_location("soc_docs_reference", ROOT / "docs" / "_ext" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it, somewhere else."""
    pytest.importorskip("sphinx", reason="the extra `docs` is not installed")
    place = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going", "-n", "-d", place / "kept"]
    done = subprocess.run([*build, ROOT / "docs", place / "html"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return place / "html"
