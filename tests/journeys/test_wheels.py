"""What a team does that wants a rule of its own: write fifteen lines, build a wheel, install it. Nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RULE = '''
"""Our rule: whatever the lab writes is never a ticket, and whatever the payment systems write always is."""
from soc_core import Decision, Finding, hookimpl


@hookimpl
def should_create_ticket(finding: Finding) -> Decision:
    if finding.event.source == "lab":
        return Decision.ignore("the lab may burn")
    if finding.event.source == "payments":
        return Decision.ticket("payments may not")
    return Decision.alert("somebody should look")
'''
SINK = '''
"""Our sink: a file that the screen on the wall shows."""
from pathlib import Path

from soc_core import Incident, hookimpl


class Wall:
    @hookimpl
    def on_incident_opened(self, incident: Incident) -> None:
        with Path("wall.txt").open("a") as wall:
            wall.write(incident.summary + "\\n")
'''
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-{name}"
version = "1.0"

[project.entry-points."soc_core.plugins"]
{name} = "acme_{name}{attribute}"
"""
ASK = """
import json, time
import attrs
from datetime import UTC, datetime
from soc_core import Course, Delivery, Event, Finding, Incident, Priority
from soc_core.calls import Calls
from soc_core.registry import build

@attrs.frozen
class Choice:
    order = ()
    disable = ("rules",)
    only = dir = None
    on_broken = "skip"

now = datetime.now(UTC)
registry = build(Choice(), lambda name, settings: settings())
calls = Calls(registry, monotonic=time.monotonic)

def decided(source, severity):
    event = Event(source=source, message="it burns", received=now)
    [answer] = calls.decide([Finding(event=event, label="Error", severity=severity)])
    return [answer.decision.course, answer.decision.reason, answer.decision.by]

incident = Incident(
    id="INC-1", marker="soc-1", fingerprint="f", kind=Course.TICKET, label="Error", severity=9,
    priority=Priority.HIGHEST, confidence=0.9, source="payments", message="it burns",
    first_seen=now, last_seen=now, detected_at=now, opened_at=now,
)
for plugin in calls.listeners("on_incident_opened"):
    if plugin == "wall":
        calls.notify(plugin, "on_incident_opened", incident=incident, delivery=Delivery(key="k"))
print(json.dumps({
    "acme": {p.name: [p.distribution, p.version, p.state] for p in registry.plugins if "acme" in p.distribution},
    "decisions": [decided("lab", 10), decided("payments", 1), decided("elsewhere", 9)],
    "deciders": calls.listeners("should_create_ticket"),
}))
"""


def _install(name: str, code: str, attribute: str, *, folder: Path, into: Path) -> None:
    """Build a wheel and install it; neither needs a network."""
    project = folder / name
    project.mkdir()
    (project / f"acme_{name}.py").write_text(code.lstrip())
    (project / "pyproject.toml").write_text(PROJECT.format(name=name, attribute=attribute))
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder / "wheels"),
        str(project),
    ]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = (folder / "wheels").glob(f"acme_{name}-*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(into)]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages with the two wheels in it."""
    folder = tmp_path_factory.mktemp("acme")
    into = folder / "site-packages"
    _install("rule", RULE, "", folder=folder, into=into)
    _install("wall", SINK, ":Wall", folder=folder, into=into)
    return into


@pytest.mark.parametrize("code", [RULE, SINK], ids=["rule", "sink"])
def test_a_plugin_needs_no_more_than_fifteen_lines(code: str) -> None:
    assert len(code.strip().splitlines()) <= 15


def test_two_wheels_of_a_third_party_replace_the_trigger_rule_and_add_a_sink(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )
    seen = json.loads(done.stdout)
    assert seen["acme"] == {
        "rule": ["acme-rule", "1.0", "active"],
        "wall": ["acme-wall", "1.0", "active"],
    }
    assert seen["decisions"] == [
        ["ignore", "the lab may burn", "rule"],
        ["ticket", "payments may not", "rule"],
        ["alert", "somebody should look", "rule"],
    ]
    assert seen["deciders"][0] == "rule"
    assert seen["deciders"][-1] == "triggers"
    assert (tmp_path / "wall.txt").read_text() == "[CRITICAL] Error - payments (Severity 9)\n"


def test_the_program_itself_runs_with_both(installed: Path, tmp_path: Path) -> None:
    line = "useradd[4302]: new user: name=svc2, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/1"
    rows = [{"id": source, "source": source, "message": line} for source in ("lab", "payments", "desk")]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SOC_", "JIRA_", "SLACK_"))}
    done = subprocess.run(
        [Path(sys.executable).parent / "soc", "run", "log.jsonl", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**clean, "PYTHONPATH": str(installed)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["incidents_opened"], summary["alerts"]) == (2, 1)
    assert [ticket["summary"] for ticket in summary["tickets"]] == ["[CRITICAL] Security Alert - payments (Severity 9)"]
    assert len((tmp_path / "wall.txt").read_text().splitlines()) == 2
