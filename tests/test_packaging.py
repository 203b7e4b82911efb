"""What lies beside the package for those who run it: the unit of systemd and the recipe of a container."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = (ROOT / "packaging" / "soc.service").read_text()
RECIPE = (ROOT / "packaging" / "Containerfile").read_text()


def systemd_analyze(*words):
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    return subprocess.run([found, *words], capture_output=True, text=True, check=False)


@pytest.fixture
def unit(tmp_path):
    """The unit with a program that exists here."""
    path = tmp_path / "soc.service"
    path.write_text(UNIT.replace("/opt/soc-core/bin/soc", str(Path(sys.executable).parent / "soc")))
    return path


def test_systemd_understands_the_unit(unit):
    done = systemd_analyze("verify", "--man=no", "--recursive-errors=no", str(unit))
    assert (done.returncode, [line for line in done.stderr.splitlines() if "soc.service" in line]) == (0, [])


def test_the_unit_is_well_shut_in(unit):
    done = systemd_analyze("security", "--offline=true", "--threshold=20", str(unit))
    assert done.returncode == 0, done.stdout[-400:]


def test_the_unit_starts_and_reloads_what_there_is():
    assert "Type=notify" in UNIT
    assert "LoadCredential=" in UNIT
    assert re.search(r"^ExecStart=\S+/soc --config \S+ serve$", UNIT, re.MULTILINE)
    assert "ExecReload=/bin/kill -HUP $MAINPID" in UNIT


def test_the_container_runs_as_nobody_in_particular_and_copies_what_there_is():
    """It is not built here: this looks at the words."""
    lines = re.sub(r"\\\n", "", RECIPE).splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {first for first, *_ in words} <= known
    assert [rest for first, *rest in words if first == "USER"] == [["10001:10001"]]
    for name in re.findall(r"\./(plugins/\w+)", RECIPE):
        assert (ROOT / name / "pyproject.toml").exists()
