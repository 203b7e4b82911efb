"""`soc run` tells listeners at its end what came of the whole log, lines that nobody wanted to see included."""

import json
from pathlib import Path

import pytest

LISTENER = """
import json
from pathlib import Path
from soc_core import hookimpl

@hookimpl
def on_batch_processed(batch, delivery):
    found = {"processed": batch.processed, "alerts": batch.alerts, "incidents": len(batch.incidents)}
    with Path("told.jsonl").open("a") as told:
        told.write(json.dumps(found) + "\\n")
"""


@pytest.fixture
def told(soc, place):
    """Reads a log and answers what a listener was told of it."""
    Path("listeners").mkdir(mode=0o755)
    Path("listeners/ear.py").write_text(LISTENER)
    Path("listeners/ear.py").chmod(0o644)

    def run(log, *words):
        Path("house.log").write_text(log)
        found = soc("--plugins-dir", "listeners", "run", "house.log", *words).document
        heard = Path("told.jsonl")
        return found, [json.loads(line) for line in heard.read_text().splitlines()] if heard.exists() else []

    return run


def test_lines_that_no_rule_wants_to_see_are_counted_in_the_summary_of_the_batch(told):
    found, heard = told("all is well\nsomebody broke in\n" + "all is well\n" * 40)
    assert found["processed"] == 42
    assert heard == [{"processed": 42, "alerts": 0, "incidents": 1}]


def test_lines_that_cannot_be_read_are_not_counted_in_the_summary_of_the_batch(told):
    good, bad = '{"source": "door", "message": "%s"}\n', "no JSON\n"
    found, heard = told(good % "somebody broke in" + bad + good % "all is well", "--format", "json")
    assert (found["read"], found["quarantined"]) == (3, 1)
    assert heard == [{"processed": 2, "alerts": 0, "incidents": 1}]


def test_a_hundred_lines_are_worth_telling_and_fewer_harmless_ones_are_not(told):
    assert told("all is well\n" * 99)[1] == []
    assert told("all is well\n" * 199)[1] == [{"processed": 100, "alerts": 0, "incidents": 0}]
