"""What lies beside the metrics speaks of metrics that exist: the page of the manual, the dashboard, the alert rules."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from soc_metrics.catalogue import METRICS

PAGE = Path(__file__).parents[3] / "docs" / "plugins" / "metrics.md"
DASHBOARD = json.loads((files("soc_metrics") / "grafana.json").read_text())
ALERTS = (files("soc_metrics") / "alerts.yml").read_text()
PROCESS = set(re.findall(r"`(process_\w+)`", PAGE.read_text()))
KNOWN = {metric.name: set(metric.labels) for metric in METRICS}
USED = re.compile(r"\b((?:soc|process)_\w+)(?:\{([^}]*)\})?")
EXPRESSIONS = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
    *re.findall(r"^\s*expr: (.+)$", ALERTS, re.MULTILINE),
]


def promtool():
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


def test_the_manual_lists_every_metric_with_its_labels_and_no_other():
    rows = re.findall(r"^\| `(soc_\w+)` \| (.*?) ?\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert [(name, labels, text) for name, labels, text in rows] == [
        (metric.name, ", ".join(metric.labels), metric.text) for metric in METRICS
    ]


def test_the_manual_lists_every_alert():
    assert set(re.findall(r"alert: (\w+)", ALERTS)) == set(re.findall(r"\bSoc[A-Z]\w+", PAGE.read_text()))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_uses_metrics_and_labels_that_exist(expression):
    used = USED.findall(expression)
    for name, selector in used:
        assert name in KNOWN or name in PROCESS
        assert set(re.findall(r"(\w+)\s*[=!]", selector)) <= KNOWN.get(name, set())
    assert used or "up{" in expression


def test_the_dashboard_and_the_alerts_leave_no_metric_out():
    used = {name for expression in EXPRESSIONS for name, _ in USED.findall(expression)}
    assert set(KNOWN) - used == set()


def test_panels_do_not_lie_on_one_another():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_prometheus_understands_the_alert_rules(tmp_path):
    rules = tmp_path / "alerts.yml"
    rules.write_text(ALERTS)
    done = subprocess.run([promtool(), "check", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prometheus_understands_the_expressions_of_the_dashboard(tmp_path):
    rules = [{"record": "x", "expr": target["expr"]} for panel in DASHBOARD["panels"] for target in panel["targets"]]
    document = {"groups": [{"name": f"g{n}", "rules": [rule]} for n, rule in enumerate(rules)]}
    path = tmp_path / "dashboard.yml"
    path.write_text(json.dumps(document))  # JSON is YAML
    done = subprocess.run(
        [promtool(), "check", "rules", "--lint=none", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_prometheus_finds_nothing_to_improve_in_the_page():
    from soc_metrics.client import page  # noqa: PLC0415 - the one test that needs it
    from soc_metrics.samples import Sample  # noqa: PLC0415 - the same

    stamp = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
    text = page(Sample(metric, tuple("x" for _ in metric.labels), stamp) for metric in METRICS)
    own = b"\n".join(line for line in text.splitlines() if b"process_" not in line) + b"\n"
    done = subprocess.run([promtool(), "check", "metrics"], input=own, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
