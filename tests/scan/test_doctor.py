"""`soc doctor` says whether quiet lines are passed over, and names the plugin for which they cannot be."""

import json

import pytest
from click.testing import CliRunner

from soc_core.cli.program import soc

DECLARES = """
from soc_core import Pattern, hookimpl

@hookimpl
def register_patterns():
    return [Pattern(name="door", text="door")]

@hookimpl
def classify_event(event):
    return None
"""
UNDECLARED = "from soc_core import hookimpl\n\n@hookimpl\ndef {hook}:\n    return None\n"


@pytest.fixture
def scan_line(tmp_path, monkeypatch):
    """What the line says with a plugin of this source."""
    monkeypatch.chdir(tmp_path)
    for name in ("SOC_STORE", "SOC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("SOC_PLUGINS_DIR", str(folder))

    def said(source):
        file = folder / "acme.py"
        file.write_text(source)
        file.chmod(0o644)
        done = CliRunner().invoke(soc, ["doctor", "--offline", "--json"])
        [line] = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "Scan"]
        return line

    return said


def test_where_all_declare_their_patterns_other_lines_are_passed_over(scan_line):
    line = scan_line(DECLARES)
    assert line["result"] == "PASS"
    assert "patterns looked for by" in line["text"]


@pytest.mark.parametrize("hook", ["classify_event(event)", "classify_events(events)"])
def test_a_plugin_that_declares_nothing_is_named_with_what_it_costs(scan_line, hook):
    line = scan_line(UNDECLARED.format(hook=hook))
    assert line["result"] == "WARN"
    assert "acme: declares no patterns" in line["text"]
    assert "every line is made an event" in line["text"]
    assert "register_patterns" in line["cure"]
